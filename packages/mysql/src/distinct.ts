import { CellCursor, type Column, type RowBatch, RowPacker } from '@dbsync/core/plugin'

/** Drops every row whose last cell was there before, and that cell from the others: `columns` is what remains. */
export async function* distinctByLastCell(batches: AsyncIterable<RowBatch>, columns: readonly Column[]): AsyncGenerator<RowBatch> {
  const seen = new Set<string>()
  for await (const batch of batches) {
    const packer = new RowPacker(batch.bytes.length)
    const cursor = new CellCursor(batch.bytes)
    for (let row = 0; row < batch.rowCount; row++) {
      const start = cursor.at
      cursor.skip(columns.length)
      const end = cursor.at
      cursor.next()
      const last = Buffer.from(cursor.cell() ?? []).toString('latin1')
      if (seen.has(last)) continue
      seen.add(last)
      packer.packed(batch.bytes, start, end)
      packer.endRow()
    }
    if (packer.rowCount > 0) yield packer.take(columns)
  }
}
