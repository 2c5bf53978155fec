import type { BackupManifest, BackupTable, Column, JsonValue, Satisfies, ServerIdentity, TableRef, TableSchema } from '@dbsync/core/plugin'

/** What the point is of; the first frame. */
export type JournalHeader = {
  readonly version: 1
  /** ISO 8601, UTC. */
  readonly madeAt: string
  readonly run: string | null
  readonly target: string
  readonly server: ServerIdentity
  /** Kept for whoever made the point: the positions that belong to the tables. */
  readonly state: JsonValue
  /** The name of the point that the run before left at this target; `null`: this is the first. Going back further than this point needs that one. */
  readonly previous: string | null
}

/**
 * What a segment holds. `rows`: the rows that a commit changes or deletes, and the keys of those it adds; without a key the hashes of all rows
 * that it touches, and every row with such a hash. `whole`: all rows. `absent`: there was no table.
 */
export type SegmentHead =
  | {
      readonly holds: 'rows'
      readonly table: TableRef
      /** The table as it was, its definition included. */
      readonly schema: TableSchema
      readonly columns: readonly Column[]
      /** Of `keys`. */
      readonly keyColumns: readonly Column[]
    }
  | { readonly holds: 'whole'; readonly table: TableRef; readonly schema: TableSchema; readonly columns: readonly Column[] }
  | { readonly holds: 'absent'; readonly table: TableRef }

/** The rows and keys of a whole segment, counted. */
export type SegmentCounts = { readonly rows: number; readonly keys: number }

/** How many rows, and the sum of their 64-bit hashes. */
export type RowsDigest = { readonly rows: number; readonly sum: string }

export type JournalEnd = {
  /** What it undoes, with the number of rows that are kept for it. */
  readonly tables: readonly BackupTable[]
  /** Of every byte before this frame, in hex. */
  readonly sha256: string
}

/** @public Fails to compile if a journal's frames stop surviving JSON. */
export type WireJournal = Satisfies<JsonValue, JournalHeader | SegmentHead | SegmentCounts | RowsDigest | JournalEnd>

export const sameTable = (a: TableRef, b: TableRef): boolean => a.database === b.database && a.name === b.name

export const tableId = ({ database, name }: TableRef): string => JSON.stringify([database, name])

/** What a journal says about itself, in the words of every backup point. */
export const journalManifest = ({ run, target, server, state }: JournalHeader, { tables, sha256 }: JournalEnd): BackupManifest => ({
  version: 1,
  run,
  target,
  server,
  consistency: { scope: 'table', detail: 'each table as it was right before the run changed it' },
  sha256,
  tables,
  state,
  restoredAt: null,
})
