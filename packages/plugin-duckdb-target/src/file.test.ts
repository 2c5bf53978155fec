import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canDigest, packRows, SyncError, storedColumns, type Target } from '@dbsync/core/plugin'
import { type FixtureTable, plainSchema } from '@dbsync/testkit'
import { expect, it } from 'vitest'
import { testFile } from './test-rig.ts'

const never = new AbortController().signal
const orders: FixtureTable = {
  name: 'orders',
  key: ['id'],
  columns: [
    { name: 'id', type: { kind: 'int', bits: 64 } },
    { name: 'a', type: { kind: 'text' }, nullable: true },
  ],
}

async function write(
  target: Target,
  tenant: string,
  table: FixtureTable,
  rows: readonly (readonly (string | null)[])[],
  disposition: 'replace' | 'merge' = 'replace',
  gone: readonly string[] = [],
) {
  const schema = target.fit(plainSchema({ database: tenant, name: table.name }, table), { database: tenant, name: table.name })
  const [found] = await target.describe(tenant, [table.name])
  // As the plan does: what has conflicts is not written to.
  const existing = found && (target.diff?.(found, schema, { drop: 'nothing' }).conflicts ?? []).length > 0 ? undefined : found
  await using writer = await target.open({ disposition, schema, existing }, never)
  const deletes =
    gone.length === 0
      ? {}
      : {
          deletes: packRows(
            schema.columns.slice(0, 1),
            gone.map((key) => [key]),
          ),
        }
  await writer.write({ table: schema.table, upserts: packRows(storedColumns(schema), rows), ...deletes })
  return await writer.commit()
}

const failure = async (work: Promise<unknown>): Promise<SyncError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!SyncError.is(error)) throw error ?? new Error('it succeeded')
  return error
}

it('is not made by looking for it', async () => {
  await using file = await testFile()
  await using target = await file.open()
  expect([await target.databases(), await target.describe('shop')]).toEqual([[], []])
  await expect(file.query('SELECT 1')).rejects.toThrow(/does not exist/i)
})

it('is for its owner only, with all that lies beside it, whatever the umask', async () => {
  const usual = process.umask(0)
  try {
    await using folder = await testFile(join('new', 'warehouse.duckdb'))
    {
      await using target = await folder.open()
      await write(target, 'shop', orders, [['1', 'x']])
      await write(target, 'shop', orders, [['2', 'y']], 'merge')
      const names = await readdir(folder.directory, { recursive: true })
      expect(names).toContain(join('new', 'warehouse.duckdb.wal'))
      for (const name of names) expect([name, (await stat(join(folder.directory, name))).mode & 0o077]).toEqual([name, 0])
    }
    // Programs that are started afterwards get the umask that the user has set.
    expect(process.umask()).toBe(0)
  } finally {
    process.umask(usual)
  }
})

it('belongs to one program at a time: another one that has it is named', async () => {
  await using file = await testFile()
  {
    await using target = await file.open()
    await write(target, 'shop', orders, [['1', 'x']])
  }
  const code = `const { DuckDBInstance } = await import('@duckdb/node-api'); globalThis.kept = await DuckDBInstance.create(process.argv[1]); console.log('open'); setInterval(() => {}, 1000)`
  const other = spawn(process.execPath, ['--input-type=module', '-e', code, file.path], { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(other.stdout, 'data')
    const error = await failure(file.open())
    expect(error).toMatchObject({ code: 'DUCKDB_IN_USE', kind: 'locked' })
    expect(error.message).toContain(file.path)
    expect(error.message).toContain(`process ${other.pid}`)
  } finally {
    other.kill('SIGKILL')
    await once(other, 'close')
  }
  expect(await file.query('SELECT tenant_id, id, a FROM orders')).toEqual([['shop', '1', 'x']])
})

it('is one file, whatever name leads to it', async () => {
  await using file = await testFile()
  await using target = await file.open()
  await write(target, 'shop', orders, [['1', 'x']])
  const link = join(file.directory, 'link.duckdb')
  await symlink(file.path, link)
  await using linked = await file.open({ path: link })
  expect(await linked.identity()).toEqual(await target.identity())
  await write(linked, 'other', orders, [['2', 'y']])
  const [schema] = await target.describe('other', ['orders'])
  expect(schema && (await target.count(schema, never))).toBe(1)
})

it('that is none is said plainly, and is left alone', async () => {
  await using file = await testFile()
  await writeFile(file.path, 'not a database '.repeat(1_000))
  expect(await failure(file.open())).toMatchObject({ code: 'DUCKDB_UNREADABLE', kind: 'config' })
})

it('with a question mark in its name is refused before anything is made: DuckDB loses its way there', async () => {
  await using file = await testFile('why?/warehouse.duckdb')
  expect(await failure(file.open())).toMatchObject({ code: 'DUCKDB_OPTIONS', message: expect.stringContaining('question mark') })
})

it('takes more rows at once than one group of a Parquet file has', async () => {
  await using file = await testFile()
  await using target = await file.open()
  await write(
    target,
    'shop',
    orders,
    Array.from({ length: 123_000 }, (_, i) => [String(i), 'x']),
  )
  await target[Symbol.asyncDispose]()
  expect(await file.query('SELECT count(*), count(DISTINCT id), max(id) FROM orders')).toEqual([['123000', '123000', '122999']])
})

it('tells no names apart by the case of their letters: the second table is refused, and none gets the rows of the other', async () => {
  await using file = await testFile()
  await using target = await file.open()
  await write(target, 'shop', orders, [['1', 'x']])
  const other = { ...orders, name: 'Orders' }
  expect(await failure(write(target, 'shop', other, [['2', 'y']]))).toMatchObject({ code: 'SCHEMA_CONFLICT' })
  await target[Symbol.asyncDispose]()
  expect(await file.query('SELECT id FROM orders')).toEqual([['1']])
})

it('has tables that belong to others as well: they are left alone', async () => {
  await using file = await testFile()
  {
    const { DuckDBInstance } = await import('@duckdb/node-api')
    const instance = await DuckDBInstance.create(file.path)
    const connection = await instance.connect()
    await connection.run('CREATE TABLE orders (id INT); INSERT INTO orders VALUES (7); CREATE VIEW v AS SELECT 1 AS tenant_id')
    connection.closeSync()
    instance.closeSync()
  }
  {
    await using target = await file.open()
    expect(await failure(write(target, 'shop', orders, [['1', 'x']]))).toMatchObject({ code: 'SCHEMA_CONFLICT' })
    expect(await target.purge?.('shop', never)).toEqual([])
  }
  expect(await file.query('SELECT * FROM orders')).toEqual([[7]])
})

it('keeps deleted rows marked, or as they are, where that is asked for', async () => {
  for (const deletes of ['soft', 'ignore']) {
    await using file = await testFile()
    {
      await using target = await file.open({ deletes })
      await write(target, 'shop', orders, [
        ['1', 'x'],
        ['2', 'y'],
        ['3', 'z'],
      ])
      await write(target, 'other', orders, [['1', 'theirs']])
      const soft = deletes === 'soft'
      expect(
        await write(
          target,
          'shop',
          orders,
          [
            ['3', 'zz'],
            ['4', 'new'],
          ],
          'merge',
          ['1', '9'],
        ),
      ).toEqual({ inserted: 1, updated: 1, deleted: soft ? 1 : 0, unchanged: 0 })
      const [schema] = await target.describe('shop', ['orders'])
      expect(schema && (await target.count(schema, never))).toBe(soft ? 3 : 4)
      if (soft) await write(target, 'shop', orders, [['1', 'back']])
    }
    const rows = await file.query('SELECT tenant_id, id, a, _dbsync_deleted IS TRUE FROM orders ORDER BY 1, 2')
    const kept =
      deletes === 'soft'
        ? [
            ['shop', '1', 'back', false],
            ['shop', '2', 'y', true],
            ['shop', '3', 'zz', true],
            ['shop', '4', 'new', true],
          ]
        : [
            ['shop', '1', 'x', false],
            ['shop', '2', 'y', false],
            ['shop', '3', 'zz', false],
            ['shop', '4', 'new', false],
          ]
    expect(rows).toEqual([['other', '1', 'theirs', false], ...kept])
  }
})

it('widens a column for one tenant, and every value of the others stays', async () => {
  await using file = await testFile()
  {
    await using target = await file.open()
    const table = (unsigned: boolean): FixtureTable => ({
      ...orders,
      columns: [...orders.columns, { name: 'n', type: { kind: 'int', bits: 64, unsigned }, nullable: true }],
    })
    await write(target, 'one', table(false), [['1', 'x', '-9223372036854775808']])
    const wanted = target.fit(plainSchema({ database: 'two', name: 'orders' }, table(true)), { database: 'two', name: 'orders' })
    const [existing] = await target.describe('two', ['orders'])
    const diff = existing && target.diff?.(existing, wanted, { drop: 'nothing' })
    expect(diff).toMatchObject({ conflicts: [], changes: [{ type: 'alter-table', parts: [{ name: 'n', from: 'BIGINT', to: 'HUGEINT' }] }] })
    for (const change of diff?.changes ?? []) await target.run(target.render(change), never)
    await write(target, 'two', table(true), [['1', 'y', '18446744073709551615']])
  }
  expect(await file.query('SELECT tenant_id, n FROM orders ORDER BY 1')).toEqual([
    ['one', '-9223372036854775808'],
    ['two', '18446744073709551615'],
  ])
})

it.each<[readonly string[], object, number]>([
  [['k1', 'h'], { updated: 3, inserted: 0 }, 3],
  [[], { updated: 0, inserted: 3 }, 6],
])('keeps tables whose columns are called as the statements call their parts: by the key %j', async (key, receipt, count) => {
  const names = ['T', 's', 'h', 'k0', 'k1', 'part', 'rows', '_dbsync_t', '_dbsync_s', 'select', 'from', 'rowid']
  await using file = await testFile()
  await using target = await file.open()
  const columns = names.map((name) => ({ name, type: { kind: 'text', maxLength: 10 }, nullable: !key.includes(name) }) as const)
  const table: FixtureTable = { name: 'hostile', key, columns }
  const rows = ['a', 'b', 'c'].map((letter) => names.map((name) => `${letter}${name.length}`))
  await write(target, 'shop', table, rows)
  const changed = rows.map((row) => row.map((cell, i) => (names[i] === 'rowid' ? 'changed' : cell)))
  expect(await write(target, 'shop', table, changed, 'merge')).toMatchObject(receipt)
  const [schema] = await target.describe('shop', ['hostile'])
  if (schema === undefined || !canDigest(target)) throw new Error('no table')
  const ranges = await target.ranges(schema, 1, never)
  const found = await Array.fromAsync(target.fingerprints(schema, ranges, never))
  expect(found.reduce((sum, batch) => sum + batch.rowCount, 0)).toBe(count)
  expect((await target.digest(schema, ranges, never)).reduce((sum, digest) => sum + digest.rows, 0)).toBe(count)
})

it('adds a row without a key once for each time that a batch has it, and tells by what kind of run', async () => {
  await using file = await testFile()
  const log: FixtureTable = { name: 'log', key: [], columns: orders.columns.map((column) => ({ ...column, nullable: true })) }
  {
    await using target = await file.open({ deletes: 'ignore' })
    expect(target.supports.addsOnce).toBe(true)
    const [a, b, nothing] = [
      ['1', 'a'],
      ['2', 'b'],
      [null, null],
    ] as const
    await write(target, 'shop', log, [a, a, b, nothing])
    await write(target, 'other', log, [a])
    for (const inserted of [2, 0])
      expect(await write(target, 'shop', log, [a, a, b, b, nothing, nothing], 'merge')).toMatchObject({ inserted, unchanged: 6 - inserted })
  }
  expect(await file.query('SELECT tenant_id, id, _dbsync_occ, sync_mode FROM log ORDER BY ALL')).toEqual([
    ['other', '1', '1', 'FULL'],
    ['shop', '1', '1', 'FULL'],
    ['shop', '1', '2', 'FULL'],
    ['shop', '2', '1', 'FULL'],
    ['shop', '2', '2', 'INCREMENTAL'],
    ['shop', null, '1', 'FULL'],
    ['shop', null, '2', 'INCREMENTAL'],
  ])
})
