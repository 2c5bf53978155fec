import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Column, packRows } from '@dbsync/core/plugin'
import { Ledger, ParquetEncoder, warehouseType } from '@dbsync/warehouse'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, it } from 'vitest'
import { quoteText } from './dialect.ts'

const column = (name: string, type: Column['type']): Column => ({ name, type, nullable: true })
const table = { database: 'shop', name: 'orders' }

function encoderOf(columns: readonly Column[], how: { readonly hashed?: boolean; readonly sequenced?: boolean; readonly key?: string } = {}) {
  const { hashed = false, sequenced = false, key } = how
  const encoded = columns.map((each) => ({ column: each, name: each.name, type: warehouseType(each), inKey: each.name === key }))
  const ledger = new Ledger(table, false)
  return { ledger, encoder: new ParquetEncoder({ table, columns: encoded, ledger, hashed, sequenced }) }
}

/** What DuckDB reads from the file. */
async function read(pieces: readonly Uint8Array[], sql: string): Promise<readonly (readonly unknown[])[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dbsync-parquet-'))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const path = join(folder, 'rows.parquet')
    await writeFile(path, Buffer.concat(pieces))
    await connection.run(`CREATE VIEW file AS SELECT * FROM read_parquet(${quoteText(path)})`)
    return (await connection.runAndReadAll(sql)).getRowsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true })
  }
}

/** Memory that is used again must not change what was taken. */
const kept = (pieces: readonly Uint8Array[]): readonly Uint8Array[] => pieces.map((piece) => Buffer.from(piece))

it('keeps each kind of value as the text, or the bytes, that it came in', async () => {
  const columns = [
    column('n', { kind: 'int', bits: 64, unsigned: true }),
    column('f', { kind: 'float', bits: 64 }),
    column('t', { kind: 'text' }),
    column('b', { kind: 'bytes' }),
    column('bits', { kind: 'bits', length: 9 }),
    column('bit', { kind: 'bits', length: 1 }),
    column('j', { kind: 'json' }),
    column('at', { kind: 'timestamp', fraction: 6 }),
  ]
  const text = 'a"b\\c\n\0\x1f é😀\u2028'
  const { encoder } = encoderOf(columns)
  const cells = [
    '18446744073709551615',
    '1e21',
    text,
    Uint8Array.of(0, 255, 128),
    Uint8Array.of(1, 1),
    Uint8Array.of(1),
    '{"a":\n1}',
    '2026-01-01 00:00:00.000001',
  ]
  encoder.add(packRows(columns, [cells, cells.map(() => null)]))
  const rows = await read(encoder.end(), 'SELECT n, f, t, hex(b), bits, bit, j, "at", typeof(t), typeof(b) FROM file')
  expect(rows).toEqual([
    ['18446744073709551615', '1e21', text, '00FF80', '257', 'true', '{"a":\n1}', '2026-01-01 00:00:00.000001Z', 'VARCHAR', 'BLOB'],
    [null, null, null, null, null, null, null, null, 'VARCHAR', 'BLOB'],
  ])
})

it('knows which rows have a value, in groups of every size', async () => {
  const columns = [column('i', { kind: 'int', bits: 32 }), column('a', { kind: 'text' }), column('b', { kind: 'text' })]
  const { encoder } = encoderOf(columns)
  const all: (string | null)[][] = []
  const pieces: Uint8Array[] = []
  for (const size of [1, 2, 7, 8, 9, 63, 64, 65, 5_000, 1]) {
    const rows = Array.from({ length: size }, (_, i) => {
      const number = all.length + i
      return [String(number), number % 3 === 0 ? null : 'x'.repeat(number % 130), size === 8 || size === 5_000 ? null : String(size)]
    })
    encoder.add(packRows(columns, rows))
    all.push(...rows)
    pieces.push(...kept(encoder.take()))
  }
  pieces.push(...kept(encoder.end()))
  expect(await read(pieces, 'SELECT i, a, b FROM file ORDER BY CAST(i AS INT)')).toEqual(all)
})

it('has pages, each with its own NULLs', async () => {
  const columns = [column('i', { kind: 'int', bits: 32 }), column('a', { kind: 'text' })]
  const { encoder } = encoderOf(columns)
  const rows = Array.from({ length: 3_000 }, (_, i) => [String(i), i % 5 === 2 || i > 2_500 ? null : `${i} ${'x'.repeat(1_000)}`])
  encoder.add(packRows(columns, rows))
  const first = kept(encoder.take())
  // More than one page of each: a header, the levels and the values.
  expect(first.length).toBeGreaterThan(4 * 3)
  encoder.add(packRows(columns, rows))
  expect(await read([...first, ...kept(encoder.end())], 'SELECT i, a FROM file ORDER BY CAST(i AS INT)')).toEqual(rows.flatMap((row) => [row, row]))
})

it('holds long values beside short ones, and names of columns as they are', async () => {
  const columns = [column('a "b" 😀', { kind: 'text' }), column('c', { kind: 'bytes' })]
  const { encoder } = encoderOf(columns)
  const long = 'é'.repeat(1_500_000)
  encoder.add(
    packRows(columns, [
      ['', new Uint8Array(0)],
      [long, new Uint8Array(20_000).fill(7)],
      ['short', null],
    ]),
  )
  expect(await read(encoder.end(), 'SELECT md5("a ""b"" 😀"), octet_length(c) FROM file')).toEqual([
    [hash('md5', ''), '0'],
    [hash('md5', long), '20000'],
    [hash('md5', 'short'), null],
  ])
})

it('is a whole file without rows, too', async () => {
  const { encoder } = encoderOf([column('a', { kind: 'text' })], { hashed: true })
  expect(await read(encoder.end(), 'SELECT count(*), max(_dbsync_row_hash) FROM file')).toEqual([['0', null]])
})

it('says of each row in which order it came, and of keys that they go', async () => {
  const columns = [column('id', { kind: 'int', bits: 64 }), column('name', { kind: 'text' })]
  const { encoder } = encoderOf(columns, { sequenced: true, key: 'id' })
  encoder.addDeletes(packRows(columns.slice(0, 1), [['5']]))
  encoder.add(packRows(columns, [['5', 'x']]))
  expect(await read(encoder.end(), 'SELECT id, name, _dbsync_seq, _dbsync_op FROM file')).toEqual([
    ['5', null, '0', 'D'],
    ['5', 'x', '1', null],
  ])
})

it('leaves out a value that has no place, and counts it', async () => {
  const columns = [column('id', { kind: 'int', bits: 32 }), column('d', { kind: 'date' })]
  const { encoder, ledger } = encoderOf(columns)
  encoder.add(
    packRows(columns, [
      ['1', '0000-00-00'],
      ['2', '2026-02-28'],
      ['3', '2026-02-30'],
    ]),
  )
  expect(await read(encoder.end(), 'SELECT id, d FROM file')).toEqual([
    ['1', null],
    ['2', '2026-02-28'],
    ['3', null],
  ])
  expect(ledger.lines()).toEqual(['shop.orders: 2 values of column d became NULL: a zero or impossible date'])
})
