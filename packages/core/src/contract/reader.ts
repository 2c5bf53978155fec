import type { SyncError } from '../errors/sync-error.ts'
import type { RowBatch } from '../model/rows.ts'
import type { Column, TableRef, TableSchema } from '../model/schema.ts'

/** Both ends of a sync: verification and comparison need nothing else from either side. */
export interface TableReader {
  /**
   * The tables of `database` with these names, or all of them. A table that cannot be seen is simply not in the answer; one that can be
   * seen and may not be read as a whole (privileges on some of its columns) is not in it either, and `unreadable` is told why. Left out: it throws.
   */
  describe(database: string, names?: readonly string[], unreadable?: Unreadable): Promise<readonly TableSchema[]>
  /** The exact number of rows, now (a snapshot: then). */
  count(schema: TableSchema, signal: AbortSignal): Promise<number>
  /**
   * Per column of `atMost` the greatest value that is not beyond its bound, as canonical text; `null` where there is none.
   * The columns are dates, datetimes or timestamps.
   */
  newest(schema: TableSchema, atMost: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Readonly<Record<string, string | null>>>
  /**
   * Rows as batches of every stored column in ordinal order, bounded by `batchRows` and `batchBytes`.
   * Pulled, never pushed: a slow consumer slows the read. Never ends cleanly before the last row:
   * a lost connection throws a transient error.
   */
  read(request: ReadRequest): AsyncIterable<RowBatch>
  /**
   * Splits the table into adjacent ranges of about `rowsPerRange` rows, which together cover every possible row;
   * `within` splits one range further. Bounds are exact for any key shape.
   * A table without a key is split by row hash instead.
   */
  ranges?(schema: TableSchema, rowsPerRange: number, signal: AbortSignal, within?: RowRange): Promise<readonly RowRange[]>
  /** Ranges as `ranges` gives them, of at most `rowsPerRange` rows each and found without reading rows. `undefined`: the table's key does not give any. */
  evenRanges?(schema: TableSchema, rowsPerRange: number, signal: AbortSignal): Promise<readonly RowRange[] | undefined>
  /** One digest per range, computed inside the engine over text that both ends agree on; in the order of `ranges`. */
  digest?(schema: TableSchema, ranges: readonly RowRange[], signal: AbortSignal): Promise<readonly Digest[]>
  /**
   * One sum over the whole table, at a fraction of what digests cost. Tables of equal rows and equal definitions have equal ones; those of different
   * rows do, too, once in billions by chance, and more often where two rows exchange a value. `undefined`: this table has none.
   */
  checksum?(schema: TableSchema, signal: AbortSignal): Promise<TableChecksum | undefined>
  /**
   * The rows of these ranges as fingerprints, in any order: the key's cells in key order, then `FINGERPRINT_COLUMNS`.
   * The caller is done with a batch when it asks for the next one: its memory may be used again.
   */
  fingerprints?(schema: TableSchema, ranges: readonly RowRange[], signal: AbortSignal): AsyncIterable<RowBatch>
  /** Rows of the other end as they would read back from this one: it has no place for some values. Left out: as they are. Pure. */
  kept?(schema: TableSchema, rows: RowBatch): RowBatch
  /** Seconds that the server is behind the one that it replicates; `undefined`: it replicates none; `unknown`: it does, or may, and does not say. */
  lag?(signal: AbortSignal): Promise<number | 'unknown' | undefined>
  /** Bytes that went over the wire so far, both ways. */
  traffic?(): { readonly received: number; readonly sent: number }
}

/** Is told of a table that may not be read as a whole. The error is of kind `privilege` and names the missing right. */
export type Unreadable = (table: TableRef, error: SyncError) => void

export type ReadRequest = {
  readonly schema: TableSchema
  /** Only rows in which one of these columns is at or after its bound (canonical text; the zero date is before every value), or NULL. */
  readonly since?: Readonly<Record<string, string>>
  /** Only the rows with these keys; for a table without a key: one row for each of these row hashes, in any order. At most a few thousand. */
  readonly keys?: RowBatch
  /** Only the rows of this range. Asked of readers with `ranges` only. */
  readonly range?: RowRange
  /** At most this many rows. */
  readonly limit?: number
  readonly batchRows: number
  /** The caller is done with a batch when it asks for the next one: its memory may be used again. */
  readonly transient?: true
  /** A batch ends with the row that reaches this size. */
  readonly batchBytes: number
  readonly signal: AbortSignal
}

/**
 * A part of a table. `key`: keys from `from` (included) up to `to` (not included), cells as canonical text in hex, in key order;
 * a missing bound is open. `hash`: rows whose unsigned 64-bit hash lies from `from` (included) up to `to` (not included; 2^64 at most).
 */
export type RowRange =
  | { readonly by: 'key'; readonly from?: readonly string[]; readonly to?: readonly string[]; readonly rows?: number }
  | { readonly by: 'hash'; readonly from: string; readonly to: string }

/** `sum` adds the 64-bit row hashes, so equal rows do not cancel out. `exact` is false when a row could not be hashed: compare the rows themselves then. */
export type Digest = { readonly rows: number; readonly sum: string; readonly exact: boolean }

export type TableChecksum = { readonly rows: number; readonly sum: string }

/** The row's 64-bit hash as decimal text, and how many rows have it (always 1 where the table has a key). */
export const FINGERPRINT_COLUMNS: readonly Column[] = [
  { name: 'row_hash', type: { kind: 'int', bits: 64, unsigned: true }, nullable: false },
  { name: 'row_count', type: { kind: 'int', bits: 64, unsigned: true }, nullable: false },
]

/** A reader with the optional members that comparing by digest needs. */
export type DigestReader = TableReader & Required<Pick<TableReader, 'ranges' | 'digest' | 'fingerprints'>>

/** Reads what `other` would keep of each row. */
export const keptBy = <Reader extends TableReader>(other: TableReader, reader: Reader): Reader => {
  if (other.kept === undefined) return reader
  return {
    ...reader,
    async *read(request: ReadRequest) {
      for await (const rows of reader.read(request)) yield other.kept?.(request.schema, rows) ?? rows
    },
  }
}

export const canDigest = (reader: TableReader): reader is DigestReader =>
  reader.ranges !== undefined && reader.digest !== undefined && reader.fingerprints !== undefined
