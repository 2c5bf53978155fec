import { type Column, packRows } from '@dbsync/core/plugin'
import { describe, expect, it } from 'vitest'
import { Ledger } from './ledger.ts'
import { columnName } from './names.ts'
import { NdjsonEncoder } from './ndjson.ts'
import { warehouseType } from './types.ts'

const table = { database: 'shop', name: 'orders' }
const column = (name: string, type: Column['type']): Column => ({ name, type, nullable: true })

function encoder(columns: readonly Column[], { strict = false, key = [] as readonly string[], hashed = false, sequenced = false } = {}) {
  const ledger = new Ledger(table, strict)
  const encoded = columns.map((each) => ({ column: each, name: columnName(each.name), type: warehouseType(each), inKey: key.includes(each.name) }))
  return { ledger, encoder: new NdjsonEncoder({ table, columns: encoded, ledger, hashed, sequenced }) }
}

const linesOf = (encoded: NdjsonEncoder): unknown[] =>
  encoded
    .take()
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)

describe('NdjsonEncoder', () => {
  it('knows the least and the greatest number of a column, of rows and of deletes', () => {
    const columns = [column('n', { kind: 'int', bits: 64, unsigned: true })]
    const encoded = [{ column: columns[0] as Column, name: 'n', type: 'NUMERIC' as const, inKey: true }]
    const lines = new NdjsonEncoder({ table, columns: encoded, ledger: new Ledger(table, false), hashed: false, sequenced: true, bounded: 'n' })
    expect(lines.bounds).toBeUndefined()
    lines.add(packRows(columns, [['7'], ['18446744073709551615'], ['9']]))
    lines.take()
    lines.addDeletes(packRows(columns, [['6'], ['8']]))
    expect(lines.bounds).toEqual({ least: 6n, greatest: 18446744073709551615n })
  })

  it('writes each type so that nothing of it is lost', () => {
    const columns = [
      column('n', { kind: 'int', bits: 64, unsigned: true }),
      column('f', { kind: 'float', bits: 64 }),
      column('t', { kind: 'text' }),
      column('b', { kind: 'bytes' }),
      column('bits', { kind: 'bits', length: 9 }),
      column('bit', { kind: 'bits', length: 1 }),
      column('at', { kind: 'timestamp', fraction: 6 }),
    ]
    const { encoder: lines, ledger } = encoder(columns)
    const text = 'a"b\\c\n\0\x1f é😀\u2028'
    lines.add(
      packRows(columns, [
        ['18446744073709551615', '1e21', text, Uint8Array.of(0, 255), Uint8Array.of(1, 1), Uint8Array.of(1), '2026-01-01 00:00:00.000001'],
        [null, null, null, null, null, null, null],
      ]),
    )
    expect(linesOf(lines)).toEqual([{ n: '18446744073709551615', f: 1e21, t: text, b: 'AP8=', bits: '257', bit: true, at: '2026-01-01 00:00:00.000001Z' }, {}])
    expect(ledger.lines()).toEqual([])
  })

  it('keeps an unsigned number in a signed column up to its limit, and counts what is beyond', () => {
    const columns = [column('n', { kind: 'int', bits: 64, unsigned: true })]
    const ledger = new Ledger(table, false)
    const encoded = [{ column: columns[0] as Column, name: 'n', type: 'INT64' as const, inKey: false }]
    const lines = new NdjsonEncoder({ table, columns: encoded, ledger, hashed: false, sequenced: false })
    lines.add(packRows(columns, [['0'], ['9223372036854775807'], ['9223372036854775808'], ['18446744073709551615']]))
    expect(linesOf(lines)).toEqual([{ n: '0' }, { n: '9223372036854775807' }, {}, {}])
    expect(ledger.lines()).toEqual(['shop.orders: 2 values of column n became NULL: beyond INT64'])
  })

  it('makes NULL of dates that do not exist, counts them, and fails for them when it is strict', () => {
    const columns = [column('id', { kind: 'int', bits: 32 }), column('d', { kind: 'date' })]
    const dates = ['0000-00-00', '2026-02-00', '2026-02-29', '2024-02-29', '1900-02-29', '2000-02-29', '0001-01-01', '0000-01-01', '9999-12-31']
    const rows = packRows(
      columns,
      dates.map((date, i) => [String(i), date]),
    )
    const { encoder: lines, ledger } = encoder(columns)
    lines.add(rows)
    expect(linesOf(lines)).toEqual(
      dates.map((d, i) => (['2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'].includes(d) ? { id: String(i), d } : { id: String(i) })),
    )
    expect(ledger.lines()).toEqual(['shop.orders: 5 values of column d became NULL: a zero or impossible date'])
    expect(() => encoder(columns, { strict: true }).encoder.add(rows)).toThrow(/column d holds "0000-00-00"/)
    expect(() => encoder(columns, { key: ['d'] }).encoder.add(rows)).toThrow(/key column d/)
  })

  it('gives equal rows one hash, and different ones others', () => {
    const columns = [column('a', { kind: 'text' }), column('b', { kind: 'text' })]
    const { encoder: lines } = encoder(columns, { hashed: true })
    lines.add(
      packRows(columns, [
        ['x', 'y'],
        ['x', 'y'],
        ['xy', ''],
        ['', 'xy'],
        [null, 'xy'],
        ['xy', null],
      ]),
    )
    const hashes = (linesOf(lines) as { _dbsync_row_hash: string }[]).map((row) => row._dbsync_row_hash)
    expect(hashes[1]).toBe(hashes[0])
    expect(new Set(hashes).size).toBe(5)
  })

  it('writes the keys of rows that go', () => {
    const columns = [column('id', { kind: 'int', bits: 64 }), column('select me', { kind: 'text' })]
    const { encoder: lines } = encoder(columns, { key: ['id'], sequenced: true })
    lines.addDeletes(packRows(columns.slice(0, 1), [['5']]))
    lines.add(packRows(columns, [['5', 'x']]))
    const name = columnName('select me')
    expect(linesOf(lines)).toEqual([
      { _dbsync_op: 'D', id: '5', _dbsync_seq: 0 },
      { id: '5', [name]: 'x', _dbsync_seq: 1 },
    ])
  })
})
