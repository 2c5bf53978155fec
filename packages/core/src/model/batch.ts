import type { JsonValue } from './json.ts'
import type { RowBatch } from './rows.ts'
import type { TableRef, TableSchema } from './schema.ts'

/**
 * Facts about one table: these rows exist, these do not. Applying a batch twice leaves the same table,
 * so retry and resume need nothing more. Within one commit the deletes come first, then the upserts.
 */
export type Batch = {
  readonly table: TableRef
  /** Whole rows: every stored column, in ordinal order. Where the table has no key each one is added. */
  readonly upserts?: RowBatch
  /** Keys (`key` columns in key order). Where the table has no key: row hashes, and every row with that hash goes. */
  readonly deletes?: RowBatch
}

/** Where a source can resume. Opaque to core, which stores it and hands it back. */
export type Position = JsonValue

/** What a strategy yields. A chunk without a position is inside a transaction: it may be written, not committed. */
export type Chunk =
  | { readonly type: 'rows'; readonly batches: readonly Batch[]; readonly position?: Position }
  | { readonly type: 'schema'; readonly schema: TableSchema; readonly position: Position }
