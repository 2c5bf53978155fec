import { expect, it } from 'vitest'
import { keptBy, type TableReader } from '../contract/reader.ts'
import { isLong, isSplitByHash } from './portable.ts'
import { packRows, rowBatch } from './rows.ts'
import type { Column, TableSchema } from './schema.ts'

const column = (name: string, type: Column['type'], portable?: 'value'): Column => ({ name, type, nullable: false, ...(portable && { portable }) })
const table = (columns: readonly Column[], key: readonly string[]): TableSchema => ({
  table: { database: 'd', name: 't' },
  columns,
  key,
  uniqueKeys: [],
  foreignKeys: [],
  referencedBy: [],
  triggers: [],
  transactional: true,
})

it('splits by hash where there is no key, or where engines order the key differently', () => {
  const [number, word] = [{ kind: 'int', bits: 32 }, { kind: 'text' }] as const
  expect(isSplitByHash(table([column('a', number, 'value')], []))).toBe(true)
  expect(isSplitByHash(table([column('a', number, 'value'), column('w', word, 'value')], ['a']))).toBe(false)
  expect(isSplitByHash(table([column('a', number, 'value'), column('w', word, 'value')], ['a', 'w']))).toBe(true)
  // Between servers of one kind the order is the same.
  expect(isSplitByHash(table([column('w', word)], ['w']))).toBe(false)
})

it('hashes long values, and all whose length nobody knows', () => {
  const lengths = [undefined, 1, 1_000, 1_001]
  expect(lengths.map((maxLength) => isLong({ kind: 'text', ...(maxLength === undefined ? {} : { maxLength }) }))).toEqual([true, false, false, true])
})

it('reads what the other end would keep', async () => {
  const schema = table([column('w', { kind: 'text' })], [])
  const reader: TableReader = {
    describe: async () => [],
    count: async () => 0,
    newest: async () => ({}),
    async *read() {
      yield packRows(schema.columns, [['lost'], ['kept']])
    },
  }
  const other: TableReader = { ...reader, kept: (_, rows) => rowBatch(rows.columns, rows.bytes.subarray(5), 1) }
  const request = { schema, batchRows: 1, batchBytes: 1, signal: AbortSignal.timeout(1_000) }
  const [batch] = await Array.fromAsync(keptBy(other, reader).read(request))
  expect(batch?.rowCount).toBe(1)
  expect(Buffer.from(batch?.cell(0, 0) ?? []).toString()).toBe('kept')
  expect(keptBy(reader, reader)).toBe(reader)
})
