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
  readonly mode: 'full' | 'incremental'
  readonly lookbackMinutes: number
  readonly backupBeforeSync: boolean
  readonly verifyAfterSync: boolean
  readonly maxRetries: number
  readonly retryDelayMs: number
  readonly connections: number
  readonly parallelTables: number
  readonly batchRows: number
  readonly compress: boolean
  /** Relative paths that no file named start here: where the log goes. */
  readonly directory: string
  /** One sentence each: plain secrets, two keys for one thing, settings that do nothing yet. */
  readonly warnings: readonly string[]
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
}
