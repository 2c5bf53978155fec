import type { RunMode } from '../config/config.ts'
import type { ObjectDefinition } from '../contract/objects.ts'
import type { OtherObjects } from '../contract/source.ts'
import type { ErrorJson } from '../errors/sync-error.ts'
import type { Position } from '../model/batch.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'
import type { TableRef, TableSchema } from '../model/schema.ts'
import type { DiffOptions, SchemaChange } from '../model/schema-diff.ts'
import type { SourcePrint } from '../state/source-print.ts'
import type { ObjectsPlan } from './objects.ts'
import type { Unplanned } from './unplanned.ts'

/** What a run will do, decided before anything is written. Renderers need it and the event stream, nothing else. */
export type Plan = {
  readonly version: 1
  readonly run: string
  readonly mode: RunMode
  /** Nothing is written: the plan says only what there is to compare. */
  readonly purpose?: 'verify'
  readonly source: { readonly id: string; readonly label: string; readonly consistency: string }
  readonly targets: readonly TargetPlan[]
  /** Databases that are left out, because nothing could be planned for them; left out: none. */
  readonly unplanned?: readonly Unplanned[]
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
  /** Gone at the source, and allowed to go here too. */
  readonly drops?: readonly TableDrop[]
  /** What is there besides tables. Of these a run copies the kinds of `objectPlan`. */
  readonly objects: OtherObjects
  readonly objectPlan?: ObjectsPlan
}

export type TableDrop = { readonly table: TableRef; readonly statements: readonly string[] }

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
  /** Present where looking at the copy costs money. */
  readonly watch?: SourceWatch
  readonly changes: readonly SchemaChange[]
  /** What differs in the definition, one sentence each. */
  readonly differences?: readonly string[]
  /** The changes as the target's statements, before rows are written; empty where a full copy brings the definition along. */
  readonly statements: readonly string[]
  /** Before any table is altered: foreign keys that would stand in the way. */
  readonly before?: readonly string[]
  /** When the rows of all tables are in: foreign keys, and what the rows that were there did not fit. */
  readonly after?: readonly LateChange[]
  /** The table once the changes before its rows are made. */
  readonly altered?: TableSchema
  /** How the definition was compared, to do it again after a fault. */
  readonly diff?: DiffOptions & { readonly lossy?: true }
  readonly warnings: readonly string[]
  /** Triggers of the target that do not fire while rows are written: taken away, and put back. */
  readonly triggers?: readonly ObjectDefinition[]
  /** Rows may be there that no sync of ours has brought. */
  readonly firstContact?: true
  /** Set when the table must not be written: it counts as failed and nothing happens to it. */
  readonly refused?: ErrorJson
}

/** What tells whether the source has changed, so that a copy of which that is not so is left alone. */
export type SourceWatch = {
  /** What the next run will look at: all rows, or those that are new by time. */
  readonly by: 'digest' | 'time'
  readonly lookbackMinutes: number
  readonly form: string
  /** While the source is still this the copy is left alone; left out: it is looked at. */
  readonly print?: SourcePrint
  /** The plan's guarantee where the copy is looked at. */
  readonly looked: Guarantee
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

/** `always`: it was taken away before the tables, and comes back whatever became of this one. */
export type LateChange = { readonly statements: readonly string[]; readonly always: boolean }

/** Fails to compile if a plan stops surviving JSON. */
export type WirePlan = Satisfies<JsonValue, Plan>
