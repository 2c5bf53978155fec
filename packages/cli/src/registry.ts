import { API_VERSION, type Contribution, type Provider, type Source, type StateStore, SyncError, type Target } from '@dbsync/core/plugin'
import type { CliCode } from './codes.ts'
import { contributionFault } from './contribution.ts'

export type Registered<T> = {
  readonly provider: Provider<T>
  /** The plugin that brought it, and its version. */
  readonly plugin: string
  readonly version: string
}

/** Everything that the configuration can name, by its `type`. */
export type Registry = {
  readonly sources: ReadonlyMap<string, Registered<Source>>
  readonly targets: ReadonlyMap<string, Registered<Target>>
  readonly stateStores: ReadonlyMap<string, Registered<StateStore>>
}

type PluginFacts = {
  readonly name: string
  readonly version: string
  /** `core`: it comes with dbsync; `user` and `link`: somebody installed it. */
  readonly type: string
  readonly hooks: Readonly<Record<string, unknown>>
}

type HookResult = {
  readonly successes: readonly { readonly plugin: PluginFacts; readonly result: unknown }[]
  readonly failures: readonly { readonly plugin: PluginFacts; readonly error: unknown }[]
}

/** As much of oclif's configuration as registration needs. */
export interface PluginHost {
  getPluginsList(): readonly PluginFacts[]
  runHook(event: 'dbsync:register', options: Record<string, unknown>, timeout: number, captureErrors: boolean): Promise<HookResult>
}

const HOOK = 'dbsync:register'
const TIMEOUT_MS = 10_000

/**
 * Asks every plugin for its contribution. oclif runs the hooks at the same time and in no order, and swallows what they throw
 * unless it is asked to capture it: so a broken plugin is an error here, and two of one type are an error and not a race.
 */
export async function loadRegistry(host: PluginHost): Promise<Registry> {
  const answers = await host.runHook(HOOK, { apiVersion: API_VERSION }, TIMEOUT_MS, true)
  const broken = brokenPlugins(host, answers)
  if (broken.length > 0) {
    const lines = broken.map(({ plugin, fault }) => `The plugin ${plugin.name} ${plugin.version} could not register: ${fault}`)
    throw new SyncError('PLUGIN_FAILED' satisfies CliCode, lines.join('\n'), {
      kind: 'config',
      hint: wayOut(broken.map(({ plugin }) => plugin)),
      cause: answers.failures[0]?.error,
    })
  }

  const contributions = answers.successes.toSorted(byName).map(({ plugin, result }) => ({ plugin, contribution: result as Contribution }))
  const foreign = contributions.filter(({ contribution }) => contribution.apiVersion !== API_VERSION)
  if (foreign.length > 0) {
    const lines = foreign.map(
      ({ plugin, contribution }) =>
        `The plugin ${plugin.name} ${plugin.version} speaks version ${contribution.apiVersion} of the plugin interface; this dbsync speaks ${API_VERSION}.`,
    )
    throw new SyncError('PLUGIN_API_VERSION' satisfies CliCode, lines.join('\n'), {
      kind: 'config',
      hint: `Update dbsync and the plugin (dbsync plugins update), or: ${wayOut(foreign.map(({ plugin }) => plugin))}`,
    })
  }

  return {
    sources: byType(contributions, 'source', (contribution) => contribution.sources),
    targets: byType(contributions, 'target', (contribution) => contribution.targets),
    stateStores: byType(contributions, 'state store', (contribution) => contribution.stateStores),
  }
}

/** Plugins that declare the hook and brought nothing usable, with what is wrong: thrown, silent, or malformed. */
function brokenPlugins(host: PluginHost, { successes, failures }: HookResult): readonly { readonly plugin: PluginFacts; readonly fault: string }[] {
  const answered = new Set([...successes, ...failures].map(({ plugin }) => plugin.name))
  const silent = host.getPluginsList().filter(({ name, hooks }) => hooks[HOOK] !== undefined && !answered.has(name))
  const malformed = successes.flatMap(({ plugin, result }) => {
    const fault = contributionFault(result)
    return fault === undefined ? [] : [{ plugin, fault }]
  })
  const thrown = failures.map(({ plugin, error }) => ({ plugin, fault: error instanceof Error ? error.message : String(error) }))
  return [...thrown, ...silent.map((plugin) => ({ plugin, fault: 'it has no hook to call' })), ...malformed].sort(byName)
}

const byName = (a: { readonly plugin: PluginFacts }, b: { readonly plugin: PluginFacts }): number => (a.plugin.name < b.plugin.name ? -1 : 1)

function byType<T>(
  contributions: readonly { readonly plugin: PluginFacts; readonly contribution: Contribution }[],
  role: string,
  pick: (contribution: Contribution) => readonly Provider<T>[] | undefined,
): ReadonlyMap<string, Registered<T>> {
  const found = new Map<string, Registered<T>>()
  const owners = new Map<string, PluginFacts>()
  for (const { plugin, contribution } of contributions) {
    for (const provider of pick(contribution) ?? []) {
      const owner = owners.get(provider.type)
      if (owner !== undefined) {
        throw new SyncError(
          'PLUGIN_DUPLICATE_TYPE' satisfies CliCode,
          `Two plugins bring a ${role} of the type "${provider.type}": ${owner.name} and ${plugin.name}.`,
          {
            kind: 'config',
            hint: wayOut([owner, plugin]),
          },
        )
      }
      owners.set(provider.type, plugin)
      found.set(provider.type, { provider, plugin: plugin.name, version: plugin.version })
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function wayOut(plugins: readonly PluginFacts[]): string {
  const removable = [...new Set(plugins.filter(({ type }) => type === 'user' || type === 'link').map(({ name }) => name))]
  return removable.length === 0
    ? 'This plugin comes with dbsync: install dbsync again.'
    : removable.map((name) => `dbsync plugins uninstall ${name}`).join(' or ')
}
