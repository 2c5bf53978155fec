import type { ErrorJson } from '../errors/sync-error.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'
import type { TableRef } from '../model/schema.ts'
import type { Consistency, ServerIdentity } from './source.ts'

/**
 * The backup points of one target. A point that is listed is complete: it was written under another name and got its own when it
 * was on disk.
 */
export interface Backups {
  /** A point of these tables as they are now. Throws, and leaves nothing behind, where one of them cannot be read. */
  create(request: BackupRequest, signal: AbortSignal): Promise<BackupPoint>
  /** Opens a point that takes down only what the run changes, table by table, before each commit. */
  journal(request: BackupRequest, signal: AbortSignal): Promise<Journal>
  /** The newest first. Files of other tools that can be restored are in the list, without a manifest. */
  list(): Promise<readonly BackupPoint[]>
  /**
   * Reads the whole point and proves what can be proved: its checksums, and with `restore` its rows too, by restoring them into a
   * scratch database that goes again. Never throws for what is wrong with the point: that is the answer.
   */
  check(point: BackupPoint, options: { readonly restore: boolean; readonly signal: AbortSignal }): Promise<BackupCheck>
  /** What `restore` would do, as far as it shows without building anything. Writes nothing. */
  preview(point: BackupPoint, tables: readonly RestoreTable[], signal: AbortSignal): Promise<RestorePreview>
  /**
   * Makes the tables of the point what they were: definitions, rows, triggers. The point was checked. All of them change at once, or
   * what cannot is named in the receipt. Killed before the change it leaves nothing that counts; killed in it, `resume` finishes it.
   */
  restore(point: BackupPoint, options: RestoreOptions): Promise<RestoreReceipt>
  /** A restore that has begun to change tables of one of these databases, and was stopped. */
  unfinished(databases: readonly string[], signal: AbortSignal): Promise<UnfinishedRestore | undefined>
  /** Finishes it. Needs nothing of the point. */
  resume(databases: readonly string[], options: Pick<RestoreOptions, 'signal' | 'swapped'>): Promise<RestoreReceipt>
  drop(point: BackupPoint): Promise<void>
}

export type BackupRequest = {
  /** `backup_point_20261121_020000`, unless the name is taken. */
  readonly at: Date
  /** The run that it is made for; `null`: made by hand. */
  readonly run: string | null
  /** The target's name in the configuration. */
  readonly target: string
  /** Tables as the target names them; one that is not there is noted as absent, and a rollback removes it. */
  readonly tables: readonly TableRef[]
  /** Kept in the manifest and given back as it is: the positions that belong to the tables. */
  readonly state: JsonValue
  /** Bytes written, for progress. */
  readonly progress?: (written: { readonly table: TableRef; readonly rows: number }) => void
}

/** A run's before-images and inserted keys. Handed to `Target.open`, whose writers put them on disk before each commit. */
export interface Journal extends AsyncDisposable {
  readonly name: string
  /** Puts on disk the whole table as it is now, or that there is none: before it is altered, created or dropped. */
  keep(table: TableRef, signal: AbortSignal): Promise<void>
  /**
   * Completes the point; `undefined` where nothing was changed, so that there is nothing to keep. Disposing without it keeps what is
   * there, as a point that is marked unfinished: the commits that it undoes may have happened.
   */
  finish(): Promise<BackupPoint | undefined>
}

export type BackupPoint = {
  /** `backup_point_20261121_020000.sql.gz`: what a user types. Unique within its target. */
  readonly name: string
  /** Where it lies, for people. */
  readonly path: string
  readonly kind: 'dump' | 'journal'
  readonly bytes: number
  /** ISO 8601, UTC. */
  readonly madeAt: string
  /** A journal of a run that was killed, or that is still at work: it undoes what that run has done so far. */
  readonly unfinished?: true
  /** `undefined`: a file of another tool, without a manifest, which nothing proves. */
  readonly manifest?: BackupManifest
}

export type BackupManifest = {
  readonly version: 1
  readonly run: string | null
  readonly target: string
  readonly server: ServerIdentity
  readonly consistency: Consistency
  /** Of the whole file, in hex. */
  readonly sha256: string
  readonly tables: readonly BackupTable[]
  readonly state: JsonValue
  /** When `check --restore` last proved it, ISO 8601. */
  readonly restoredAt: string | null
}

export type BackupTable = TableRef & {
  /** The table was not there when the point was made: a rollback removes it. */
  readonly absent?: true
  readonly rows: number
  /** Sum of the 64-bit row hashes, as `Digest.sum`; `null`: could not be computed. */
  readonly digest: string | null
}

export type BackupCheck = {
  /** `proved`: restored and compared. `intact`: every checksum fits. `unproved`: readable, but there is nothing to compare it with. */
  readonly verdict: 'proved' | 'intact' | 'unproved' | 'damaged'
  /** What is wrong, or what could not be proved, one sentence each. */
  readonly findings: readonly string[]
  readonly tables: readonly (TableRef & { readonly rows: number })[]
}

/** `absent`: it was not there at the time of the point, and is removed. */
export type RestoreTable = TableRef & { readonly absent?: true; readonly rows?: number }

export type RestoreOptions = {
  /** The databases of the point. */
  readonly databases: readonly string[]
  /** Its tables; a point whose manifest names them has no others. */
  readonly tables: readonly RestoreTable[]
  /** Tables that keep the earlier versions of their rows may lose these. */
  readonly loseHistory: boolean
  /** Kept in the target from before the first change until the end, and handed back by `unfinished`. */
  readonly note: JsonValue
  readonly signal: AbortSignal
  /** Called right before the first change that others can see. */
  readonly swapping: () => Promise<void>
  /** Called when all is as it was, while `unfinished` still tells of it: what must go along with the tables is written here. May come again after a kill. */
  readonly swapped: (receipt: RestoreReceipt) => Promise<void>
  readonly progress?: (done: { readonly table: TableRef; readonly rows: number }) => void
}

export type RestoreReceipt = {
  readonly tables: readonly (TableRef & { readonly rows: number; readonly outcome: 'restored' | 'removed' })[]
  /** What did not change in the same moment as the rest, one sentence each. */
  readonly apart: readonly string[]
  /** What could not be made again, one sentence each with its statement: for somebody to put right by hand. */
  readonly missing: readonly string[]
}

export type RestorePreview = {
  /** `rowsNow`: counted; `null`: the table is not there. `rowsThen`: as the point says, `null` where it does not. */
  readonly tables: readonly (TableRef & {
    readonly change: 'replace' | 'create' | 'remove' | 'none'
    readonly rowsNow: number | null
    readonly rowsThen: number | null
  })[]
  /** What is executed for the change, in order. */
  readonly statements: readonly string[]
  readonly apart: readonly string[]
  /** Why it would be refused. */
  readonly refused?: ErrorJson
}

export type UnfinishedRestore = {
  /** The point's name. */
  readonly point: string
  readonly databases: readonly string[]
  readonly note: JsonValue
}

/** @public Fails to compile if a point stops surviving JSON. */
export type WireBackupPoint = Satisfies<JsonValue, BackupPoint>
