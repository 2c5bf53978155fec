import type { RunMode } from '../config/config.ts'
import type { OtherObjects } from '../contract/source.ts'
import type { ErrorJson } from '../errors/sync-error.ts'
import type { Position } from '../model/batch.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'
import type { TableSchema } from '../model/schema.ts'
import type { SchemaChange } from '../model/schema-diff.ts'

/** What a run will do, decided before anything is written. Renderers need it and the event stream, nothing else. */
export type Plan = {
  readonly version: 1
  readonly run: string
  readonly mode: RunMode
  readonly source: { readonly id: string; readonly label: string; readonly consistency: string }
  readonly targets: readonly TargetPlan[]
  readonly warnings: readonly string[]
}

export type TargetPlan = {
  readonly name: string
  readonly type: string
  readonly label: string
  readonly databases: readonly DatabasePlan[]
}

/** One source database into one database of the target. */
export type DatabasePlan = {
  readonly source: string
  readonly target: string
  /** Executed first: what a killed run left behind, a database that is missing. */
  readonly statements: readonly string[]
  readonly tables: readonly TablePlan[]
  /** Only the target has these: kept. */
  readonly targetOnly: readonly string[]
  /** Not copied by a run. */
  readonly objects: OtherObjects
}

export type TablePlan = {
  /** `target/database.table` with the source's names: unique in the plan; events carry it. */
  readonly id: string
  /** At the source. */
  readonly schema: TableSchema
  /** As it is to be at the target. */
  readonly wanted: TableSchema
  /** As it is at the target now. */
  readonly existing?: TableSchema
  readonly strategy: Strategy
  /** Why this strategy, in a few words. */
  readonly reason: string
  readonly guarantee: Guarantee
  readonly changes: readonly SchemaChange[]
  /** The changes as the target's statements. */
  readonly statements: readonly string[]
  readonly warnings: readonly string[]
  /** Set when the table must not be written: it counts as failed and nothing happens to it. */
  readonly refused?: ErrorJson
}

export type Strategy =
  | { readonly kind: 'full' }
  /** Rows in which one of `columns` is at or after `since` (canonical text, lookback already taken off) or NULL. */
  | { readonly kind: 'time'; readonly columns: readonly string[]; readonly since: Readonly<Record<string, string>>; readonly position: Position }
  /** Compare key-range digests of both ends and move the rows that differ. A table without a key is compared as a multiset of row hashes. */
  | { readonly kind: 'digest' }

/** What the table will be after the run; the report repeats it for every table that got there. */
export type Guarantee =
  | { readonly level: 'exact' }
  /** `except` completes "exact, except for …"; `since` is the last comparison of the whole table. */
  | { readonly level: 'exact-except'; readonly except: string; readonly since: string | null }

/** Fails to compile if a plan stops surviving JSON. */
export type WirePlan = Satisfies<JsonValue, Plan>
