import { type Column, packRows, type RowBatch } from '@dbsync/core/plugin'

/** 20 columns of all kinds, as a table of orders has them: keys, numbers, texts, JSON, dates. About 340 bytes a row. */
export const WIDE: readonly Column[] = [
  column('id', { kind: 'int', bits: 64, unsigned: true }),
  column('customer_id', { kind: 'int', bits: 32 }),
  column('status', { kind: 'int', bits: 8 }),
  column('qty', { kind: 'int', bits: 16, unsigned: true }),
  column('score', { kind: 'int', bits: 32 }),
  column('price', { kind: 'decimal', precision: 12, scale: 2 }),
  column('tax', { kind: 'decimal', precision: 18, scale: 6 }),
  column('ratio', { kind: 'float', bits: 64 }),
  column('sku', { kind: 'text' }),
  column('name', { kind: 'text' }),
  column('email', { kind: 'text' }),
  column('country', { kind: 'text' }),
  column('notes', { kind: 'text' }),
  column('attrs', { kind: 'json' }),
  column('flag', { kind: 'bits', length: 1 }),
  column('kind', { kind: 'enum' }),
  column('born', { kind: 'date' }),
  column('created_at', { kind: 'datetime', fraction: 6 }),
  column('updated_at', { kind: 'timestamp', fraction: 6 }),
  column('hash', { kind: 'bytes' }),
]

function column(name: string, type: Column['type']): Column {
  return { name, type, nullable: name !== 'id' }
}

const two = (value: number): string => String(value).padStart(2, '0')

/** One row; every value follows from its number. Every seventh note is NULL. */
function cells(i: number): readonly (string | Uint8Array | null)[] {
  const day = `2026-${two((i % 12) + 1)}-${two((i % 28) + 1)}`
  const time = `${two(i % 24)}:${two(i % 60)}:${two((i * 7) % 60)}.${String((i * 977) % 1_000_000).padStart(6, '0')}`
  return [
    String(i + 1),
    String((i * 7919) % 1_000_003),
    String(i % 7),
    String(i % 500),
    String(((i * 31) % 20_000) - 10_000),
    `${(i * 37) % 100_000}.${two(i % 100)}`,
    `${(i * 13) % 1_000}.${String((i * 101) % 1_000_000).padStart(6, '0')}`,
    String(((i * 17) % 1_000) / 7),
    `SKU-${String(i * 40_503).padStart(12, '0')}`,
    `Zoë Müller-${i % 10_000}`,
    `user${i}@example.com`,
    ['DE', 'FR', 'US', 'CH', 'JP'][i % 5] ?? '',
    i % 7 === 0 ? null : `Left at the door, "as agreed" with no. ${i % 90}; call back before noon.\nThank you.`,
    `{"color": "red", "size": ${i % 50}, "tags": ["a", "b"], "gift": ${i % 2 === 0}}`,
    Uint8Array.of(i % 2),
    ['retail', 'wholesale', 'internal'][i % 3] ?? '',
    day,
    `${day} ${time}`,
    `${day} ${time}`,
    Uint8Array.from({ length: 16 }, (_, at) => (i * 131 + at * 17) & 0xff),
  ]
}

/** `rows` rows as a source hands them over, `batchRows` at a time. */
export function wideBatches(rows: number, batchRows: number): readonly RowBatch[] {
  const count = Math.ceil(rows / batchRows)
  return Array.from({ length: count }, (_, batch) => {
    const first = batch * batchRows
    const size = Math.min(batchRows, rows - first)
    return packRows(
      WIDE,
      Array.from({ length: size }, (_row, i) => cells(first + i)),
    )
  })
}
