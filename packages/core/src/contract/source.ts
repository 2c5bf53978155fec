import type { Examination, ExamineRequest } from './examine.ts'
import type { ObjectDefinitions, ObjectKind } from './objects.ts'
import type { TableReader } from './reader.ts'

/** Something that can be read. It needs SELECT and nothing else, and never writes. */
export interface Source extends AsyncDisposable {
  identity(): Promise<ServerIdentity>
  /** The databases that can be seen, the engine's own ones left out. */
  databases(): Promise<readonly string[]>
  /** What a database holds besides tables, as far as it can be seen. */
  objects(database: string): Promise<OtherObjects>
  /** The same with their texts, as far as they can be seen. */
  definitions?(database: string, kinds: readonly ObjectKind[]): Promise<ObjectDefinitions>
  /**
   * Whether every table of the database is certain to be seen. `partial`: privileges are granted table by table or column by
   * column, so that a table's absence proves nothing.
   */
  visibility(database: string): Promise<Visibility>
  /** What is wrong, or could be better, with the set-up at this end: for `dbsync doctor`. */
  examine?(request: ExamineRequest): Promise<Examination>
  /** Opens up to `readers` connections on one moment of the data. Its clock is read before that moment. */
  open(options: { readonly readers: number; readonly signal: AbortSignal }): Promise<Snapshot>
}

/** One moment of a source. */
export interface Snapshot extends TableReader, AsyncDisposable {
  readonly consistency: Consistency
  readonly clock: SourceClock
  /** Tables that can be read at the same time. */
  readonly readers: number
}

/** How far one moment holds. `all`: every table is of one moment; `table`: each table is of a moment of its own. */
export type Consistency = { readonly scope: 'all' | 'table'; readonly detail: string }

/** The source's clock as canonical datetime text with 6 digits, read before the snapshot was opened. */
export type SourceClock = {
  readonly utc: string
  /** In the server's own time zone: the domain of a DATETIME that the server fills. */
  readonly local: string
  /**
   * No transaction that is still open has written anything with an earlier time: positions go no further. Left out where the source does not show
   * its open transactions; then only the lookback covers them.
   */
  readonly settled?: { readonly utc: string; readonly local: string }
}

export type ServerIdentity = {
  /** Equal exactly when two connections reach the same server. */
  readonly id: string
  /** For people: `MariaDB 10.11.19 at 127.0.0.1:3307`. */
  readonly label: string
}

export type OtherObjects = {
  readonly views: readonly string[]
  /** `undefined`: not visible with these rights, which is not the same as none. */
  readonly triggers: readonly string[] | undefined
  readonly routines: readonly string[] | undefined
  readonly events: readonly string[] | undefined
  readonly sequences: readonly string[]
}

export type Visibility = { readonly scope: 'complete' } | { readonly scope: 'partial'; readonly user: string }
