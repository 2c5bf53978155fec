import type { Source } from './source.ts'
import type { StateStore } from './state-store.ts'
import type { Target } from './target.ts'

export const API_VERSION = 1

/** One setting of a plugin. The wizard asks it, validation checks it, the docs print it, logs redact it. */
export type OptionSpec = {
  readonly name: string
  readonly kind: 'string' | 'number' | 'boolean' | 'secret' | 'object'
  readonly description: string
  readonly required?: boolean
  readonly default?: string | number | boolean
  readonly choices?: readonly string[]
}

export interface Provider<T> {
  /** As written in the configuration: `"type": "mysql"`. */
  readonly type: string
  readonly summary: string
  readonly options: readonly OptionSpec[]
  /** `options` holds the named settings, secrets resolved, checked against `options`. Import drivers here, not at module level: every command loads every provider. */
  open(options: Readonly<Record<string, unknown>>, context: PluginContext): Promise<T>
}

export type PluginContext = {
  /** Relative paths in options start here. */
  readonly directory: string
  readonly signal: AbortSignal
  /** Limits that the user set for every connection. */
  readonly limits: { readonly connections: number; readonly batchRows: number; readonly compress: boolean }
  warn(message: string): void
  /** Somebody only looks: opening must not even tidy up. */
  readonly readOnly?: true
}

export type Contribution = {
  readonly apiVersion: number
  readonly sources?: readonly Provider<Source>[]
  readonly targets?: readonly Provider<Target>[]
  readonly stateStores?: readonly Provider<StateStore>[]
}

/** Makes the default export of a plugin's `dbsync:register` hook. Structural: a plugin imports nothing from oclif. */
export const contribute =
  (contribution: Omit<Contribution, 'apiVersion'>): (() => Promise<Contribution>) =>
  async () => ({ apiVersion: API_VERSION, ...contribution })
