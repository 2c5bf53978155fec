import type { SyncError } from '../errors/sync-error.ts'
import type { Batch } from '../model/batch.ts'
import type { TableRef, TableSchema } from '../model/schema.ts'
import type { DiffOptions, Misfit, SchemaChange, SchemaDiff } from '../model/schema-diff.ts'
import type { Backups, Journal } from './backups.ts'
import type { Examination, ExamineRequest } from './examine.ts'
import type { ObjectDefinition, TargetObjects } from './objects.ts'
import type { TableReader } from './reader.ts'
import type { ServerIdentity } from './source.ts'

/** Something that can be made equal to a source. */
export interface Target extends TableReader, AsyncDisposable {
  readonly supports: TargetSupports
  identity(): Promise<ServerIdentity>
  databases(): Promise<readonly string[]>
  /** What is wrong, or could be better, with the set-up at this end: for `dbsync doctor`. */
  examine?(request: ExamineRequest): Promise<Examination>
  /** The table as it would read back from here, under the name `as`. Pure. The plan reports what narrows. */
  fit(schema: TableSchema, as: TableRef): TableSchema
  /** The table as the source is asked for it, with columns marked `portable`, or with a row hash that both ends know. Left out: as it is. Pure. */
  ask?(schema: TableSchema): TableSchema
  /** What is lost between a table of the source and its copy, whatever its rows, one sentence each: the plan warns of it. Pure. */
  narrows?(schema: TableSchema): readonly string[]
  /** What it takes to make `actual` into `wanted` (an answer of `fit`). Pure. Left out: `diffTable`, which only adds columns. */
  diff?(actual: TableSchema, wanted: TableSchema, options: DiffOptions): SchemaDiff
  /**
   * The one table that the tables of several databases (answers of `fit`) become, over what is there of it: what does not fit is left out, and refused by
   * `diff` then. Present where tables are shared, and handed to `diff` as `shared`. Pure.
   */
  share?(existing: TableSchema | undefined, wanted: readonly TableSchema[]): TableSchema
  /** The narrowing parts of a difference that the rows of `actual` do not fit. Reads, and writes nothing. */
  misfits?(actual: TableSchema, wanted: TableSchema, diff: SchemaDiff, signal: AbortSignal): Promise<readonly Misfit[]>
  /** A full copy of this table brings its whole definition along: nothing has to be altered first. Pure. */
  makesAnew?(work: WriteWork): boolean
  /** The number that the table's counter gives next, and the smallest one to which it could be set. */
  counter?(schema: TableSchema, signal: AbortSignal): Promise<{ readonly next: string; readonly least: string } | undefined>
  /** The statements of one change. Pure: what a dry run prints is what `run` executes. */
  render(change: SchemaChange): readonly string[]
  run(statements: readonly string[], signal: AbortSignal): Promise<void>
  /** What a killed run left behind in this database, as the statements that remove it or put it right. */
  leftovers(database: string): Promise<readonly string[]>
  /** True for names that the target keeps for its own staging tables: such a table is never synced. */
  reserved?(name: string): boolean
  /** Why this work must not be done, found before anything is written (triggers that would fire). Pure. */
  guard?(work: WriteWork): SyncError | undefined
  /** The statements that `open` and the writer will execute for this work, in order. Pure. */
  preview(work: WriteWork, effects: WriteEffects): readonly string[]
  /** What this work would take, where jobs and bytes are counted or paid. `bytes`: packed rows to send; `statements`: others of this table. Asks for no rows. */
  costs?(work: WriteWork, sent: { readonly bytes: number; readonly statements: number }, signal: AbortSignal): Promise<WorkCosts>
  /** With a journal every commit first puts on disk what it takes to undo it. */
  open(work: WriteWork, signal: AbortSignal, journal?: Journal): Promise<TableWriter>
  /** Held until disposed: no other run of any machine writes to this database. Throws `RUN_LOCKED`. May be asked for again where it was lost. */
  lock(database: string, signal: AbortSignal): Promise<TargetLock>
  /** Whether a run, of whatever machine, holds the lock on this database. */
  locked?(database: string, signal: AbortSignal): Promise<boolean>
  /** Where it can take views, triggers, routines and events. */
  readonly objects?: TargetObjects
  /**
   * Everything that a database has in the shared tables, table by table, with the statements that remove it for good; tables without a row of it are left
   * out. Present where tables are shared. Reads, and writes nothing. Asked again after the statements were run, it finds none.
   */
  purge?(database: string, signal: AbortSignal): Promise<readonly TablePurge[]>
  /** Its backup points, in the folder `directory`. */
  backups?(directory: string): Backups
  /** Child rows whose parent is missing, per foreign key of this table. */
  orphans?(schema: TableSchema, signal: AbortSignal): Promise<readonly { readonly foreignKey: string; readonly rows: number }[]>
}

export interface TargetLock extends AsyncDisposable {
  /** False for good once it may have been lost (with its connection, for example). A writer that was opened before never commits then: `RUN_LOCK_LOST`. */
  held(): boolean
}

/** Facts, not wishes: planner, executor and conformance suite read the same record. */
export type TargetSupports = {
  /** Rows can be deleted by key. */
  readonly deletes: boolean
  /** Tables without a key can be made equal, by row hash. */
  readonly keylessDeletes: boolean
  /** Tables that can be written at the same time. */
  readonly concurrentTables: number
  /** Rows of a table without a key that are merged again are not there twice: as often as one batch has them, and no more. Such a table can go by time. */
  readonly addsOnce?: true
  /**
   * The tables of all databases are the same ones, and a database is its rows in them: a tenant. It is there as soon as any is, its tables have the columns
   * of all, and dropping one takes away its rows.
   */
  readonly sharedTables?: true
  /** Names of databases and tables that differ only by case are one name. */
  readonly foldsNames?: true
  /**
   * Whoever looks at a table pays for it: one whose source is as it was when both were equal is left alone. `form` names all that decides in what form rows are
   * kept and `fit` and `ask` do not show, so that another setting has every table looked at.
   */
  readonly billed?: { readonly form: string }
}

/** Whether rows of this table that are gone at the source can go. */
export const deletesRows = ({ supports }: Target, schema: TableSchema): boolean => (schema.key.length > 0 ? supports.deletes : supports.keylessDeletes)

/**
 * `replace`: the rows become the whole table at the one commit; until then readers see the old table (or none, where there was none).
 * `merge`: deletes, then upserts, in one transaction per commit.
 */
export type WriteWork = {
  readonly disposition: 'replace' | 'merge'
  /** The table as it is to be, under its name at the target: the answer of `fit`. */
  readonly schema: TableSchema
  /** The table as it is at the target, after the plan's changes; `undefined` where it does not exist yet. */
  readonly existing: TableSchema | undefined
  /** Triggers of the table that belong there, in their order: they are taken away for the moment of writing, so that they do not fire, and put back. */
  readonly triggers?: readonly ObjectDefinition[]
}

/** What one shared table has of one database. */
export type TablePurge = {
  /** As the target names it, for people. */
  readonly table: string
  /** All of them, also those that are only marked as deleted. */
  readonly rows: number
  readonly statements: readonly string[]
}

/** Bytes to send are an estimate, bytes to read what it can be at most. */
export type WorkCosts = { readonly jobs: number; readonly bytesSent: number; readonly bytesRead: number }

export type WriteEffects = { readonly upserts: boolean; readonly deletes: boolean }

export interface TableWriter extends AsyncDisposable {
  /** May buffer; resolves when it can take more, which is the whole of back-pressure. */
  write(batch: Batch): Promise<void>
  /**
   * Another way in for rows of a `replace`, to be used at the same time as `write`, up to the commit. What fails there has failed here, too. `undefined`, or left
   * out: there is no other one.
   */
  beside?(): Promise<TableWriter['write'] | undefined>
  /**
   * Makes everything written durable and visible. The position is saved only afterwards.
   * Disposing without a commit discards whatever is not yet visible.
   */
  commit(): Promise<CommitReceipt>
}

export type CommitReceipt = {
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  /** Rows that were sent and were there already, byte for byte. */
  readonly unchanged: number
}
