import { CellCursor, type RowBatch } from '@dbsync/core/plugin'

const VALUE = 0
const NOTHING = 1

export type BulkRows = {
  /** Ends of the parts in `bytes`: each is whole rows. */
  readonly parts: readonly number[]
  readonly bytes: Buffer
}

/**
 * A batch as MariaDB's bulk statements take it, in parts of at most `room` bytes, written over `into` where that is large enough: cells keep the form in which
 * they came, each behind a byte that says whether there is a value. `undefined` where one row alone is larger than that.
 */
export function bulkRows(batch: RowBatch, room: number, into?: Buffer): BulkRows | undefined {
  const { bytes: from } = batch
  const cells = batch.columns.length
  const needed = from.length + batch.rowCount * cells
  const to = into !== undefined && into.length >= needed ? into : Buffer.allocUnsafeSlow(needed + (needed >> 3))
  const cursor = new CellCursor(from)
  const parts: number[] = []
  let at = 0
  let part = 0
  for (let row = 0; row < batch.rowCount; row++) {
    const start = at
    for (let cell = 0; cell < cells; cell++) {
      const first = cursor.at
      cursor.next()
      if (cursor.isNull) {
        to[at++] = NOTHING
        continue
      }
      to[at++] = VALUE
      const { end } = cursor
      // Copying natively has a price of its own, which short cells do not earn back.
      if (end - first > 200) {
        to.set(from.subarray(first, end), at)
        at += end - first
      } else {
        for (let i = first; i < end; i++) to[at++] = from[i] as number
      }
    }
    if (at - start > room) return undefined
    if (at - part > room) {
      parts.push(start)
      part = start
    }
  }
  if (at > part) parts.push(at)
  return { parts, bytes: to }
}
