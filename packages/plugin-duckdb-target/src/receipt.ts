import type { CommitReceipt, WriteWork } from '@dbsync/core/plugin'
import type { Deletes } from '@dbsync/warehouse'

export type Counted = {
  /** Rows that each statement changed. */
  readonly changed: readonly number[]
  /** By so many rows the table has grown. */
  readonly grown: number
  /** Keys that were to go, and were there. */
  readonly going: number
  /** Rows that were sent. */
  readonly upserts: number
}

/** What a MERGE did, of which DuckDB says only how many rows it changed. */
export function receiptOf({ schema, disposition }: WriteWork, deletes: Deletes, { changed, grown, going, upserts }: Counted): CommitReceipt {
  const [first = 0, second = 0] = changed
  if (changed.length > 1) {
    // Deleted and inserted: a row that went and one that came count as one that was updated.
    const both = Math.min(first, second)
    return { inserted: second - both, updated: both, deleted: first - both, unchanged: 0 }
  }
  if (schema.key.length > 0) {
    const inserted = grown + (deletes === 'hard' ? going : 0)
    const updated = first - inserted - going
    return { inserted, updated, deleted: going, unchanged: Math.max(0, upserts - inserted - updated) }
  }
  // Without a key no row is ever changed.
  const inserted = disposition === 'replace' || deletes !== 'hard' ? grown : upserts
  return { inserted, updated: 0, deleted: first - inserted, unchanged: upserts - inserted }
}
