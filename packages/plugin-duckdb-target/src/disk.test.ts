import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { packRows, SyncError, storedColumns, type Target } from '@dbsync/core/plugin'
import { type FixtureTable, plainSchema } from '@dbsync/testkit'
import { expect, it } from 'vitest'
import { testFile } from './test-rig.ts'

const never = new AbortController().signal
const table: FixtureTable = {
  name: 'orders',
  key: ['id'],
  columns: [
    { name: 'id', type: { kind: 'int', bits: 64 } },
    { name: 'a', type: { kind: 'text' } },
  ],
}

/** Rows that no compression makes small. */
async function write(target: Target, disposition: 'replace' | 'merge', rows: number): Promise<void> {
  const schema = target.fit(plainSchema({ database: 'shop', name: 'orders' }, table), { database: 'shop', name: 'orders' })
  const [existing] = await target.describe('shop', ['orders'])
  await using writer = await target.open({ disposition, schema, existing }, never)
  for (let start = 0; start < rows; start += 1_000) {
    const batch = Array.from({ length: Math.min(1_000, rows - start) }, (_, i) => [String(start + i), randomBytes(300).toString('base64')])
    await writer.write({ table: schema.table, upserts: packRows(storedColumns(schema), batch) })
  }
  await writer.commit()
}

it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)('a full disk is named, and the rows are as they were before', async () => {
  await using file = await testFile('small/warehouse.duckdb')
  const folder = dirname(file.path)
  await mkdir(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=700', 'tmpfs', folder])
  try {
    for (const disposition of ['replace', 'merge'] as const) {
      await using target = await file.open()
      await write(target, 'replace', 1_000)
      const error: unknown = await write(target, disposition, 30_000).catch((reason: unknown) => reason)
      expect(SyncError.is(error) && error.code, String(error)).toBe('DUCKDB_DISK')
      expect(String(error)).toContain(folder)
      await target[Symbol.asyncDispose]()
      expect(await file.query('SELECT count(*), max(id) FROM orders')).toEqual([['1000', '999']])
    }
    execFileSync('mount', ['-o', 'remount,size=200m', folder])
    await using target = await file.open()
    await write(target, 'merge', 30_000)
    await target[Symbol.asyncDispose]()
    expect(await file.query('SELECT count(*) FROM orders')).toEqual([['30000']])
  } finally {
    execFileSync('umount', [folder])
  }
})
