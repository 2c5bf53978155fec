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
  /**
   * Makes the tables of the point what they were: definitions, rows, triggers. The point was checked. All of them change at once, or
   * what cannot is named in the receipt. After a kill the same call finishes it or starts again.
   */
  restore(point: BackupPoint, options: RestoreOptions): Promise<RestoreReceipt>
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
  /** Completes the point. Disposing without it keeps what is there: the commits that it undoes may have happened. */
  finish(): Promise<BackupPoint>
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

export type RestoreOptions = {
  /** Only these tables of the point; left out: all. */
  readonly tables?: readonly TableRef[]
  readonly signal: AbortSignal
  /** Called right before the first change that others can see, and again after a kill. */
  readonly swapping: () => Promise<void>
  readonly progress?: (done: { readonly table: TableRef; readonly rows: number }) => void
}

export type RestoreReceipt = {
  readonly tables: readonly (TableRef & { readonly rows: number; readonly outcome: 'restored' | 'removed' })[]
  /** What did not change in the same moment as the rest, one sentence each. */
  readonly apart: readonly string[]
}

/** @public Fails to compile if a point stops surviving JSON. */
export type WireBackupPoint = Satisfies<JsonValue, BackupPoint>
