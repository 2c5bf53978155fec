import type { VerifyConfig } from '../config/config.ts'
import type { ErrorJson } from '../errors/sync-error.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'
import type { Unplanned } from '../plan/unplanned.ts'

export type VerifyLevel = VerifyConfig['level']

/** What a verification found. Nothing was written for it. */
export type VerifyReport = {
  readonly run: string
  /** `different`: at least one table differs; `incomplete`: none is known to, and some could not be compared. */
  readonly status: 'equal' | 'different' | 'incomplete' | 'cancelled'
  readonly level: VerifyLevel
  readonly startedAt: string
  readonly finishedAt: string
  readonly ms: number
  readonly tables: readonly TableVerification[]
  /** Databases that could not be looked at; left out: none. */
  readonly unplanned?: readonly Unplanned[]
  readonly totals: Totals
  readonly warnings: readonly string[]
}

export type TableVerification = Totals & {
  /** As in a plan: `target/database.table`. */
  readonly id: string
  readonly outcome: 'equal' | 'different' | 'failed' | 'cancelled'
  /** What was done: a table that cannot be digested is read row by row. */
  readonly level: VerifyLevel
  /** How the definition differs, one line each. */
  readonly schema: readonly string[]
  /** The first of the rows that differ; all are counted. */
  readonly differences: readonly RowDifference[]
  readonly ms: number
  readonly warnings: readonly string[]
  readonly error?: ErrorJson
}

/** Rows. Of a table without a key every copy of a row counts. */
export type Totals = {
  readonly rowsCompared: number
  readonly missing: number
  readonly extra: number
  readonly changed: number
  /** Rows that the source got after the last sync, by their timestamp: the next run brings them, and they do not count as different. */
  readonly notSynced: number
  /** Rows that looked different and turned out to be on their way. */
  readonly settled: number
}

export type RowDifference = {
  /** `missing`: only at the source. `extra`: only at the target. */
  readonly kind: 'missing' | 'extra' | 'changed'
  /** The cells of the key; of a table without one, all cells. */
  readonly key: readonly ShownCell[]
  /** The columns that differ. */
  readonly columns: readonly ChangedCell[]
  /** Of a table without a key: how often each end has the row. */
  readonly copies?: { readonly source: number; readonly target: number }
  /** Among the rows that the next run brings. */
  readonly notSynced?: true
}

/** Printable text, cut where it is long; `null` is NULL. */
export type ShownCell = { readonly name: string; readonly value: string | null }
export type ChangedCell = { readonly name: string; readonly source: string | null; readonly target: string | null }

/** @public Fails to compile if a report stops surviving JSON. */
export type WireVerifyReport = Satisfies<JsonValue, VerifyReport>
