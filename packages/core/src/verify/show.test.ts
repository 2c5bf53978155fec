import { describe, expect, it } from 'vitest'
import { packRows } from '../model/rows.ts'
import type { Column } from '../model/schema.ts'
import type { LogicalType } from '../model/types.ts'
import { schemaOf } from '../run/testing.ts'
import { cellAt, changedCells, shownCells } from './show.ts'

const column = (type: LogicalType, more: Partial<Column> = {}): Column => ({ name: 'c', type, nullable: true, ...more })
const shown = (of: Column, cell: Uint8Array | string | null) => shownCells([of], [typeof cell === 'string' ? Buffer.from(cell) : cell])[0]?.value

it('shows text that another type has left in a number, as it is', () => {
  const bigint = column({ kind: 'int', bits: 64, unsigned: false })
  for (const text of ['2.0', '', 'abc', '9223372036854775807', '2024-01-01 00:00:00', 'ü']) expect(shown(bigint, text)).toBe(text)
  expect(shown(bigint, Uint8Array.of(0xff))).toBe('0xff')
  expect(shown(bigint, null)).toBeNull()
})

it('shows as hex what is no text', () => {
  expect(shown(column({ kind: 'bytes' }), 'ab')).toBe('0x6162')
  expect(shown(column({ kind: 'text' }, { charset: 'latin1' }), 'ab')).toBe('0x6162')
  expect(shown(column({ kind: 'text' }, { charset: 'utf8mb4' }), 'äb')).toBe('äb')
  expect(shown(column({ kind: 'text' }, { charset: 'utf8mb4' }), Uint8Array.of(0x61, 0xe4))).toBe('0x61e4')
})

describe('two values that differ', () => {
  const text = schemaOf('t', [column({ kind: 'text' }, { name: 'v' })])
  const row = (value: string | Uint8Array | null) => packRows(text.columns, [[value]]).bytes
  const both = (one: string | null, other: string | null) => changedCells(text, row(one), row(other)).map(({ source, target }) => [source, target])

  it('are shown whole where neither is long', () => {
    const [a, b] = ['a'.repeat(60), `${'a'.repeat(59)}b`]
    expect(both(a, b)).toEqual([[a, b]])
    expect(both('x', null)).toEqual([['x', null]])
    expect(both(null, '')).toEqual([[null, '']])
    expect([both(null, null), both('x', 'x')]).toEqual([[], []])
  })

  it('are shown around the place where they part, if one of them is long', () => {
    const same = 'abcdefghij'.repeat(5)
    const long = `${same}${'z'.repeat(30)}`
    expect(both(same, long)).toEqual([['…efghijabcdefghij', `…efghijabcdefghij${'z'.repeat(30)}`]])
    expect(both(long, same)).toEqual([[`…efghijabcdefghij${'z'.repeat(30)}`, '…efghijabcdefghij']])
    expect(both(long, null)).toEqual([[`${long.slice(0, 60)}… (80 in all)`, null]])
    const far = 'y'.repeat(100)
    expect(both(`a${far}`, `b${far}`)).toEqual([[`a${'y'.repeat(59)}… (101 in all)`, `b${'y'.repeat(59)}… (101 in all)`]])
  })

  it('are never shown alike, wherever in a long text they part', () => {
    const long = Array.from({ length: 200 }, (_, i) => String.fromCharCode(97 + (i % 7)))
    for (let at = 0; at <= 200; at += 5) {
      const [one, other] = [long.join(''), [...long.slice(0, at), 'X', ...long.slice(at)].join('')]
      const [[source, target] = []] = both(one, other)
      expect(source).not.toBe(target)
    }
  })
})

it('reads one cell of a row', () => {
  const bytes = packRows([column({ kind: 'text' }), column({ kind: 'text' }), column({ kind: 'text' })], [['one', null, 'three']]).bytes
  expect([0, 1, 2].map((place) => cellAt(bytes, place)).map((cell) => cell && Buffer.from(cell).toString())).toEqual(['one', null, 'three'])
})
