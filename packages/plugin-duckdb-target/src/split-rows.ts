import { CellCursor, type RowBatch, rowBatch } from '@dbsync/core/plugin'

/** The first rows of a batch, at most so many, and those that are left, if any. Both are views of its bytes. */
export function splitRows(batch: RowBatch, rows: number): readonly [first: RowBatch, rest: RowBatch | undefined] {
  if (batch.rowCount <= rows) return [batch, undefined]
  const { columns, bytes, rowCount } = batch
  const cursor = new CellCursor(bytes)
  cursor.skip(rows * columns.length)
  return [rowBatch(columns, bytes.subarray(0, cursor.at), rows), rowBatch(columns, bytes.subarray(cursor.at), rowCount - rows)]
}
