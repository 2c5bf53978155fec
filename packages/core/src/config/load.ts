import type { Config, Job, TargetConfig } from './config.ts'
import type { FlagOverrides } from './narrow.ts'
import type { Problem } from './problems.ts'
import type { DeclaredSecrets } from './secrets.ts'
import type { SettingKey } from './settings.ts'

export type ConfigInput = {
  /** Where the usual files are looked for and where relative paths of flags and variables start. Absolute. */
  readonly cwd: string
  /** `--params` and `--config`; without them the usual places. */
  readonly paramsPath?: string | undefined
  readonly configPath?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: FlagOverrides
  /** Texts that take the place of files: what they would mean before they are written. */
  readonly unwritten?: UnwrittenFiles
}

export type UnwrittenFiles = { readonly params?: string; readonly config?: string; readonly env?: string }

export type ResolveOptions = {
  readonly signal: AbortSignal
  readonly declared?: DeclaredSecrets
  /** Fetches no more than the secrets of this, which was taken out of the whole. */
  readonly part?: Config
}

export type LoadedConfig = {
  /** Everything merged and checked. Secrets are still references: hand `resolve()`'s answer to the plugins. */
  readonly config: Config
  /** Where each value came from, by its place in `config`: `source.options.host`, `targets.copy.options.port`, `mode`. */
  readonly sources: Readonly<Record<string, string>>
  /** The files that were read, by the names that messages use. */
  readonly files: readonly string[]
  /** One sentence each; the same as `config.warnings`. */
  readonly warnings: readonly string[]
  /** Those of the warnings that are about keys and variables that nothing reads: `config validate` counts them as faults. */
  readonly unknownKeys: readonly string[]
  /** The configuration as it may be shown. */
  masked(declared?: DeclaredSecrets): Config
  /** The variables that secrets refer to and that are not set. */
  unsetVariables(declared?: DeclaredSecrets): readonly string[]
  /** The configuration with its secrets fetched: reads variables and files, runs commands. Throws `CONFIG_SECRET`. */
  resolve(options: ResolveOptions): Promise<Config>
}

/** Reads files and environment and puts the configuration together. Throws one `config` error that lists everything wrong. */
export async function loadConfig(input: ConfigInput): Promise<LoadedConfig> {
  // The schemas cost start-up time, and most commands that only print help never come here.
  const { assemble } = await import('./assemble.ts')
  return assemble(input)
}

/** What files and environment say so far, complete or not. Secrets are references, or plain. */
export type Peeked = {
  /** The value of a setting and where it stands (`.env DB_HOST`, `params.json line 4`); `undefined` where nothing but the default says it. */
  setting(key: SettingKey): { readonly value: unknown; readonly source: string } | undefined
  readonly targets: readonly TargetConfig[]
  /** Where each target stands, as `source` of a setting. */
  targetSource(name: string): string | undefined
  readonly schedules: readonly Job[]
  /** A variable of the environment or of `.env`, as `env:NAME` finds it. */
  variable(name: string): string | undefined
  readonly problems: readonly Problem[]
}

/** Reads what there is, for whoever is about to complete it. Throws where a file cannot be read at all. */
export async function peekConfig(input: ConfigInput): Promise<Peeked> {
  const { peek } = await import('./peek.ts')
  return peek(input)
}
