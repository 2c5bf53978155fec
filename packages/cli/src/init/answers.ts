/** What a wizard knows at its end, and what it writes down. */
export type Answers = {
  /** Host, or the path of a Unix socket, which begins with a slash. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Secret
  readonly tls: TlsMode
  /** Patterns, as `db_list` has them. */
  readonly databases: readonly string[]
  /** Patterns; none: all tables. */
  readonly tables: readonly string[]
  readonly exclude: readonly string[]
  /** Those that are new or changed. What the files have besides stays. */
  readonly targets: readonly TargetAnswer[]
  readonly lookback: number
  /** Such as `7d`; `never`. */
  readonly reconcile: string
  readonly backup: boolean
  readonly verify: boolean
  /** Names of presets, or five fields of cron; those that the files have besides stay. */
  readonly schedules: readonly string[]
}

export const TLS_MODES = ['disabled', 'required', 'verify-ca', 'verify-identity'] as const
export type TlsMode = (typeof TLS_MODES)[number]

export type TargetAnswer = {
  readonly name: string
  readonly type: string
  /** Template of the database's name there. */
  readonly database: string
  readonly options: Readonly<Record<string, unknown>>
  /** By option. */
  readonly secrets: ReadonlyMap<string, Secret>
}

/** How dbsync is to get a secret. */
export type Secret =
  | { readonly kind: 'none' }
  /** `env:`, `file:` or `cmd:`; or what stands in the files already, whatever it is. */
  | { readonly kind: 'reference'; readonly reference: string }
  /** Goes into `.env`. The variable gets its name when everything is written. */
  | { readonly kind: 'env-file'; readonly value: string }
  /** Goes into params.json as it is. */
  | { readonly kind: 'plain'; readonly value: string }

export const NO_SECRET: Secret = { kind: 'none' }

/** Something that was said before the wizard stopped at a question. */
export type Known = { readonly [Id in keyof Answers]?: Answers[Id] | undefined }
