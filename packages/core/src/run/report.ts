import type { RunMode } from '../config/config.ts'
import type { ErrorJson, ErrorKind } from '../errors/sync-error.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'
import type { Guarantee, Strategy } from '../plan/plan.ts'
import type { Unplanned } from '../plan/unplanned.ts'
import type { RowDifference, VerifyLevel } from '../verify/report.ts'
import type { ObjectReport } from './objects.ts'

export type TableOutcome =
  /** Rows were written. */
  | 'synced'
  /** Proved equal, or left alone because its source has not changed (`lookedAt`); nothing was written. */
  | 'unchanged'
  | 'failed'
  /** A guard held it back; nothing was written to it. */
  | 'refused'
  | 'cancelled'

export type TableReport = {
  readonly id: string
  readonly outcome: TableOutcome
  /** What was done: a run by time whose row counts disagree goes on by digest. */
  readonly strategy: Strategy['kind']
  readonly rowsRead: number
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  /** Rows that were read and needed no write. */
  readonly skipped: number
  /** Packed bytes of the rows that were read from the source. */
  readonly bytes: number
  readonly ms: number
  readonly retries: number
  /** What was changed in the definition, one sentence each; left out: nothing. */
  readonly definition?: readonly string[]
  /** Present where the table got there. */
  readonly guarantee?: Guarantee
  /** When the whole table was last compared or copied (ISO 8601, UTC). */
  readonly comparedAt: string | null
  /** The copy was not looked at, as its source has not changed since it last was, then (ISO 8601, UTC). */
  readonly lookedAt?: string
  readonly warnings: readonly string[]
  /** What was looked at again after the last commit; left out: nothing. */
  readonly verified?: Verified
  readonly error?: ErrorJson
}

export type Verified = {
  readonly level: VerifyLevel
  /** The whole table, or the rows that this run has sent. */
  readonly scope: 'table' | 'written'
  readonly rows: number
  readonly equal: boolean
  /** The first rows that are not equal. */
  readonly differences?: readonly RowDifference[]
}

/** What was kept of a target before it was written to. */
export type RunBackup = {
  readonly target: string
  readonly name: string
  readonly path: string
  readonly kind: 'dump' | 'journal'
  readonly bytes: number
  readonly tables: number
  readonly rows: number
  /** For people: how far it is of one moment. */
  readonly consistency: string
}

export type RunReport = {
  readonly run: string
  /** `partial`: some tables or databases failed or were refused, the others reached their guarantee. */
  readonly status: 'ok' | 'partial' | 'cancelled'
  readonly mode: RunMode
  readonly startedAt: string
  readonly finishedAt: string
  readonly ms: number
  readonly tables: readonly TableReport[]
  /** Databases that were left out, because nothing could be planned for them; left out: none. */
  readonly unplanned?: readonly Unplanned[]
  /** Views, triggers, routines and events, where any are copied. */
  readonly objects?: { readonly unchanged: number; readonly changes: readonly ObjectReport[] }
  readonly totals: {
    readonly outcomes: Readonly<Record<TableOutcome, number>>
    readonly rowsRead: number
    readonly inserted: number
    readonly updated: number
    readonly deleted: number
    readonly skipped: number
    readonly bytes: number
    readonly rowsPerSecond: number
    readonly retries: number
    readonly errors: Readonly<Partial<Record<ErrorKind, number>>>
    /** Bytes over the wire, both ways, where the plugins can tell. */
    readonly wire?: { readonly source: number; readonly targets: number }
  }
  /** The backup points that were made for it. */
  readonly backups: readonly RunBackup[]
  readonly warnings: readonly string[]
}

export type WireReport = Satisfies<JsonValue, RunReport>
