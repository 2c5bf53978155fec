import type { ObjectKind } from '../contract/objects.ts'
import type { Allowance } from './allowances.ts'

/**
 * The configuration in force: files, environment and flags merged, defaults filled in.
 * Secrets are references (`env:NAME`) until `LoadedConfig.resolve` has fetched them.
 */
export type Config = {
  readonly source: EndpointConfig
  readonly targets: readonly TargetConfig[]
  readonly state: EndpointConfig
  /** Globs over database names at the source. A name without wildcards must exist. */
  readonly databases: readonly string[]
  /** Globs over table names; empty: all. `database.table` restricts to one database. */
  readonly tables: readonly string[]
  readonly excludeTables: readonly string[]
  readonly forceFullTables: readonly string[]
  /** Settings of single tables, by glob over `table` or `database.table`; the last match wins, key by key. */
  readonly tableRules: readonly { readonly match: string; readonly rule: TableRule }[]
  readonly mode: RunMode
  readonly lookbackMinutes: number
  readonly backupBeforeSync: boolean
  readonly verifyAfterSync: boolean
  readonly verify: VerifyConfig
  /** A table that was last compared as a whole longer ago than this is compared in the next run. */
  readonly reconcileEveryMs: number | undefined
  /** A run or repair that would delete more of a table than this is refused. */
  readonly maxDeletePercent: number
  /** What may be done although it can lose data. */
  readonly allow: readonly Allowance[]
  /** What is copied besides tables. */
  readonly objects: readonly ObjectKind[]
  readonly backup: BackupConfig
  readonly log: LogConfig
  /** By name, presets filled in. */
  readonly schedules: readonly Job[]
  readonly alerts: AlertConfig
  readonly maxRetries: number
  readonly retryDelayMs: number
  readonly connections: number
  readonly parallelTables: number
  /** A value that a target has no place for fails its table, whatever the target's own `strict` says. */
  readonly strict?: true
  readonly batchRows: number
  readonly compress: boolean
  /** Relative paths that no file named start here. */
  readonly directory: string
  /** One sentence each: plain secrets, two keys for one thing, settings that do nothing yet. */
  readonly warnings: readonly string[]
}

/** `incremental`: move what changed. `full`: copy every table. `reconcile`: compare every table as a whole, and move what differs. */
export type RunMode = 'full' | 'incremental' | 'reconcile'

export type VerifyConfig = {
  readonly level: 'count' | 'checksum' | 'digest' | 'rows'
  readonly maxRowsPerSecond: number | undefined
  /** Wait while a server that is a replica lags behind more than this. */
  readonly maxLagSeconds: number | undefined
}

export type BackupConfig = {
  readonly mode: 'dump' | 'journal'
  /** Absolute. */
  readonly directory: string
  readonly scope: 'touched' | 'all'
  readonly keepLast: number
  readonly keepDaily: number
  readonly keepWeekly: number
  readonly maxAgeMs: number | undefined
}

export type LogConfig = {
  /** Absolute. */
  readonly file: string
  readonly format: 'json' | 'text'
  readonly level: 'debug' | 'info' | 'warn' | 'error'
}

/** One job of `dbsync schedule`. */
export type Job = {
  readonly name: string
  /** Five fields: minute hour day month weekday. */
  readonly cron: string
  readonly command: 'run' | 'verify'
  readonly mode: RunMode | undefined
  readonly databases: readonly string[]
  readonly tables: readonly string[]
  readonly targets: readonly string[]
  readonly enabled: boolean
}

/**
 * Who is told when a scheduled job fails. Secrets stay references, also after `LoadedConfig.resolve`: they are fetched one by one when
 * an alert is sent (see `loadAlerts`), so that one that is missing stops neither the run nor the other alerts.
 */
export type AlertConfig = {
  readonly webhooks: readonly { readonly url: string; readonly format: 'json' | 'slack'; readonly secret: string | undefined }[]
  readonly command: string | undefined
  /** Absolute: where `command` and the `cmd:` references run. */
  readonly directory: string
}

/** A plugin's type and its settings; `directory` is where its relative paths start. */
export type EndpointConfig = {
  readonly type: string
  readonly options: Readonly<Record<string, unknown>>
  readonly directory: string
}

export type TargetConfig = EndpointConfig & {
  readonly name: string
  /** Template of the database's name at the target: `{database}` stands for the source's. */
  readonly database: string
}

export type TableRule = {
  readonly mode?: 'full' | 'time' | 'digest'
  /** The columns that move whenever the row does, instead of the names that are looked for. */
  readonly timestampColumns?: readonly string[]
  readonly lookbackMinutes?: number
  /** `freeze`: a table whose definition differs is refused. */
  readonly schemaPolicy?: 'evolve' | 'freeze'
}
