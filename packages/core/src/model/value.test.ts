import { describe, expect, it } from 'vitest'
import { packRows } from './rows.ts'
import type { LogicalType } from './types.ts'
import { decodeCell } from './value.ts'

const decode = (type: LogicalType, cell: string | Uint8Array | null, charset?: string) =>
  decodeCell({ name: 'c', type, nullable: true, ...(charset === undefined ? {} : { charset }) }, cell === null ? null : Buffer.from(cell))

describe('decodeCell', () => {
  it.each<[LogicalType, string, unknown]>([
    [{ kind: 'bool' }, '1', true],
    [{ kind: 'bool' }, '0', false],
    [{ kind: 'int', bits: 32 }, '-2147483648', -2_147_483_648],
    [{ kind: 'int', bits: 32, unsigned: true }, '4294967295', 4_294_967_295],
    [{ kind: 'int', bits: 64 }, '-9223372036854775808', -(2n ** 63n)],
    [{ kind: 'int', bits: 64, unsigned: true }, '18446744073709551615', 2n ** 64n - 1n],
    [{ kind: 'float', bits: 64 }, '5e-324', 5e-324],
    [{ kind: 'float', bits: 32 }, '16777217', 16_777_217],
    [
      { kind: 'decimal', precision: 65, scale: 30 },
      '12345678901234567890.123456789012345678901234567890',
      '12345678901234567890.123456789012345678901234567890',
    ],
    [{ kind: 'date' }, '0000-00-00', '0000-00-00'],
    [{ kind: 'time', fraction: 6 }, '-838:59:59.000001', '-838:59:59.000001'],
    [{ kind: 'datetime', fraction: 6 }, '2026-11-01 01:30:00.123456', '2026-11-01 01:30:00.123456'],
    [{ kind: 'json' }, '{"a":12345678901234567890,"a":1.10}', '{"a":12345678901234567890,"a":1.10}'],
    [{ kind: 'text' }, 'é😀', 'é😀'],
    [{ kind: 'enum' }, '', ''],
  ])('decodes %o from %s without loss', (type, text, value) => {
    expect(decode(type, text)).toEqual(value)
    expect(decode(type, null)).toBeNull()
  })

  it.each<LogicalType>([{ kind: 'bytes' }, { kind: 'bits', length: 64 }, { kind: 'geometry' }])('leaves %o as bytes', (type) => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    expect(decode(type, all)).toEqual(Buffer.from(all))
  })

  it('decodes text only where its charset is UTF-8 or ASCII', () => {
    for (const charset of ['utf8mb4', 'utf8mb3', 'utf8', 'ascii']) expect(decode({ kind: 'text' }, 'abc', charset)).toBe('abc')
    for (const charset of ['latin1', 'gbk', 'ucs2']) expect(decode({ kind: 'text' }, 'abc', charset)).toEqual(Buffer.from('abc'))
  })

  it('reads a number from a view into a larger buffer', () => {
    const batch = packRows([{ name: 'n', type: { kind: 'int', bits: 64 }, nullable: false }], [['1'], ['23'], ['456']])
    expect([...batch.rows()]).toEqual([[1n], [23n], [456n]])
  })
})
