import type { RestoreReceipt } from '../contract/backups.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'

export type RollbackReport = {
  readonly target: string
  /** The point's name. */
  readonly point: string
  /** `finished`: it was begun by a command that was stopped. */
  readonly outcome: 'restored' | 'finished'
  /** False for a file without a manifest: nothing says that it is what it was. */
  readonly proved: boolean
  readonly tables: RestoreReceipt['tables']
  readonly apart: readonly string[]
  readonly missing: readonly string[]
  /** The point of the state before, for `dbsync rollback`. */
  readonly before: string
  /** What the next run of the tables goes on from. */
  readonly positions: 'restored' | 'forgotten'
  readonly startedAt: string
  readonly ms: number
}

/** @public Fails to compile if a report stops surviving JSON. */
export type WireRollbackReport = Satisfies<JsonValue, RollbackReport>
