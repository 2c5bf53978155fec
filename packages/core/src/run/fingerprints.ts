import { CellCursor, type RowBatch, RowPacker } from '../model/rows.ts'
import { type Column, keyColumns, type TableSchema } from '../model/schema.ts'

/** Keys, or row hashes, that one request names. */
const KEYS_PER_READ = 1_000

export type Fingerprint = { readonly hash: string | null; readonly count: number }

/** The rows of fingerprint batches, by `keyText` of their packed key; by hash where the table has none. */
export async function collect(batches: AsyncIterable<RowBatch>, schema: TableSchema): Promise<Map<string, Fingerprint>> {
  const found = new Map<string, Fingerprint>()
  const keyed = schema.key.length > 0
  for await (const batch of batches) {
    const { bytes } = batch
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const cursor = new CellCursor(bytes)
    for (let row = 0; row < batch.rowCount; row++) {
      const start = cursor.at
      cursor.skip(schema.key.length)
      const key = keyed ? text.toString('latin1', start, cursor.at) : ''
      cursor.next()
      const hash = cursor.isNull ? null : text.toString('latin1', cursor.start, cursor.end)
      cursor.next()
      found.set(keyed ? key : (hash ?? ''), { hash, count: keyed ? 1 : Number(text.toString('latin1', cursor.start, cursor.end)) })
    }
  }
  return found
}

/** A packed key as something that a Map can hold. */
export const keyText = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')

/** The other way round. */
export const keyBytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

/** The packed rows of a batch, copied. */
export function* packedRowsOf(batch: RowBatch): Iterable<Uint8Array> {
  const cursor = new CellCursor(batch.bytes)
  for (let row = 0; row < batch.rowCount; row++) {
    const start = cursor.at
    cursor.skip(batch.columns.length)
    yield Uint8Array.from(batch.bytes.subarray(start, cursor.at))
  }
}

/** Packed keys as batches that a read takes. */
export function packKeys(schema: TableSchema, keys: readonly Uint8Array[]): RowBatch[] {
  const columns = keyColumns(schema)
  return groupsOf(keys, KEYS_PER_READ).map((group) => {
    const packer = new RowPacker()
    for (const key of group) {
      packer.packed(key)
      packer.endRow()
    }
    return packer.take(columns)
  })
}

const HASH: Column = { name: 'row_hash', type: { kind: 'int', bits: 64, unsigned: true }, nullable: false }

/** Row hashes as batches that a read takes. */
export function packHashes(hashes: readonly string[]): RowBatch[] {
  return groupsOf(hashes, KEYS_PER_READ).map((group) => {
    const packer = new RowPacker()
    for (const hash of group) {
      packer.cell(hash)
      packer.endRow()
    }
    return packer.take([HASH])
  })
}

export function groupsOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / Math.max(1, size)) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
