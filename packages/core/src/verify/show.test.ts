import { expect, it } from 'vitest'
import type { Column } from '../model/schema.ts'
import type { LogicalType } from '../model/types.ts'
import { shownCells } from './show.ts'

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
