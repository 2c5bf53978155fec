import { hash } from 'node:crypto'
import type { TableReader } from '../contract/reader.ts'
import { CellCursor, type RowBatch, RowPacker } from '../model/rows.ts'
import { keyColumns, type TableSchema } from '../model/schema.ts'

/** A set of whole rows, by hash: 20 bytes of SHA-1, so that two different rows are never taken for one. */
export class RowSet {
  readonly #hashes = new Set<string>()

  get size(): number {
    return this.#hashes.size
  }

  add(batch: RowBatch): void {
    for (const [start, end] of rowBounds(batch)) this.#hashes.add(fingerprint(batch, start, end))
  }

  /** Takes the rows of a batch out again. */
  remove(batch: RowBatch): void {
    for (const [start, end] of rowBounds(batch)) this.#hashes.delete(fingerprint(batch, start, end))
  }

  /** The rows that are not in the set. */
  without(batch: RowBatch): RowBatch {
    if (this.#hashes.size === 0) return batch
    const packer = new RowPacker(batch.bytes.length)
    for (const [start, end] of rowBounds(batch)) {
      if (this.#hashes.has(fingerprint(batch, start, end))) continue
      packer.packed(batch.bytes, start, end)
      packer.endRow()
    }
    return packer.rowCount === batch.rowCount ? batch : packer.take(batch.columns)
  }
}

/** Of each row, in their order. */
export const rowHashes = (batch: RowBatch): readonly string[] => [...rowBounds(batch)].map(([start, end]) => fingerprint(batch, start, end))

const fingerprint = (batch: RowBatch, start: number, end: number) => hash('sha1', batch.bytes.subarray(start, end), 'binary')

function* rowBounds(batch: RowBatch): Iterable<readonly [start: number, end: number]> {
  const cursor = new CellCursor(batch.bytes)
  for (let row = 0; row < batch.rowCount; row++) {
    const start = cursor.at
    cursor.skip(batch.columns.length)
    yield [start, cursor.at]
  }
}

/** The keys of some rows, packed in key order. */
function keysOf(batch: RowBatch, schema: TableSchema): RowBatch {
  const places = schema.key.map((name) => batch.columns.findIndex((column) => column.name === name))
  const packer = new RowPacker()
  for (let row = 0; row < batch.rowCount; row++) {
    for (const place of places) packer.cell(batch.cell(row, place))
    packer.endRow()
  }
  return packer.take(places.map((place) => batch.columns[place] as RowBatch['columns'][number]))
}

/** How many of these rows the reader has, by key. */
export async function countPresent(reader: TableReader, schema: TableSchema, rows: RowBatch, signal: AbortSignal): Promise<number> {
  let present = 0
  // The key's columns alone: nothing else is asked for.
  const keyed = { ...schema, columns: keyColumns(schema) }
  const request = { schema: keyed, keys: keysOf(rows, schema), batchRows: 10_000, batchBytes: 1 << 20, signal }
  for await (const batch of reader.read(request)) present += batch.rowCount
  return present
}
