import { type Config, type EndpointConfig, type Endpoints, type PluginContext, type StateStore, SyncError, type Target, type TargetConfig } from '@dbsync/core'
import { printable } from './printable.ts'
import { isProblem, providerFor, type Role } from './provider-for.ts'
import type { Registered, Registry } from './registry.ts'

export type OpenOptions = {
  readonly signal: AbortSignal
  readonly warn: (message: string) => void
}

/** Opens everything that a run needs; disposing closes it all again, last opened first. What fails to open closes what was open. */
export async function openEndpoints(config: Config, registry: Registry, options: OpenOptions): Promise<Endpoints & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  // A stopped run still saves how far it came, so its memory outlives the stop.
  const state = stack.use(await openState(config, registry, { ...options, signal: new AbortController().signal }))
  const source = stack.use(await open(registry.sources, 'source', 'source', config.source, config, options))
  const targets = new Map<string, Target>()
  for (const target of config.targets) {
    targets.set(target.name, stack.use(await open(registry.targets, 'target', `target ${printable(target.name)}`, target, config, options)))
  }
  const opened = stack.move()
  return { source, targets, state, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** One target and the state, for commands that need no source. */
export async function openTarget(
  config: Config,
  target: TargetConfig,
  registry: Registry,
  options: OpenOptions,
): Promise<{ readonly target: Target; readonly state: StateStore } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const state = stack.use(await openState(config, registry, { ...options, signal: new AbortController().signal }))
  const opened = stack.use(await open(registry.targets, 'target', `target ${printable(target.name)}`, target, config, options))
  const all = stack.move()
  return { target: opened, state, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** The state alone: enough for commands that only look. */
export const openState = (config: Config, registry: Registry, options: OpenOptions): Promise<StateStore> =>
  open(registry.stateStores, 'state store', 'state store', config.state, config, options)

async function open<T>(
  installed: ReadonlyMap<string, Registered<T>>,
  role: Role,
  name: string,
  endpoint: EndpointConfig,
  config: Config,
  { signal, warn }: OpenOptions,
): Promise<T> {
  signal.throwIfAborted()
  const registered = providerFor(installed, role, endpoint.type, name)
  if (isProblem(registered)) throw new Error(`${registered.message}: the configuration was not checked first`)
  const context: PluginContext = {
    directory: endpoint.directory,
    signal,
    limits: { connections: config.connections, batchRows: config.batchRows, compress: config.compress },
    warn,
  }
  try {
    return await registered.provider.open(endpoint.options, context)
  } catch (error) {
    throw named(name, error)
  }
}

/** A plugin that serves both ends cannot know which one it is at. */
function named(name: string, error: unknown): unknown {
  if (!SyncError.is(error) || error.kind === 'cancelled') return error
  const { code, message, kind, hint } = error
  return new SyncError(code, `The ${name} cannot be opened. ${message}`, { kind, cause: error, ...(hint === undefined ? {} : { hint }) })
}
