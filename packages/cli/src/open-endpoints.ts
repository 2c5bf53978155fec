import { type Config, type EndpointConfig, type Endpoints, type PluginContext, type StateStore, SyncError, type Target, type TargetConfig } from '@dbsync/core'
import { printable } from './printable.ts'
import { isProblem, providerFor, type Role } from './provider-for.ts'
import type { Registered, Registry } from './registry.ts'

export type OpenOptions = {
  readonly signal: AbortSignal
  readonly warn: (message: string) => void
  /** Somebody only looks: nothing is tidied up either. */
  readonly readOnly?: true
}

/** Opens both ends beside a state that stays the caller's; disposing closes them again, last opened first. What fails to open closes what was open. */
export async function openEndpoints(config: Config, registry: Registry, state: StateStore, options: OpenOptions): Promise<Endpoints & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const source = stack.use(await openEnd(registry.sources, 'source', 'source', config.source, config, options))
  const targets = await openAll(stack, config, registry, options)
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
  const opened = stack.use(await openEnd(registry.targets, 'target', `target ${printable(target.name)}`, target, config, options))
  const all = stack.move()
  return { target: opened, state, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** All targets and the state, for commands that need no source. */
export async function openTargets(
  config: Config,
  registry: Registry,
  options: OpenOptions,
): Promise<{ readonly targets: ReadonlyMap<string, Target>; readonly state: StateStore } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const state = stack.use(await openState(config, registry, { ...options, signal: new AbortController().signal }))
  const targets = await openAll(stack, config, registry, options)
  const all = stack.move()
  return { targets, state, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

async function openAll(stack: AsyncDisposableStack, config: Config, registry: Registry, options: OpenOptions): Promise<ReadonlyMap<string, Target>> {
  const targets = new Map<string, Target>()
  for (const target of config.targets) {
    targets.set(target.name, stack.use(await openEnd(registry.targets, 'target', `target ${printable(target.name)}`, target, config, options)))
  }
  return targets
}

/** The state alone: enough for commands that only look. */
export const openState = (config: Config, registry: Registry, options: OpenOptions): Promise<StateStore> =>
  openEnd(registry.stateStores, 'state store', 'state store', config.state, config, options)

/** Of the configuration, what holds for every end. */
export type Limits = Pick<Config, 'connections' | 'batchRows' | 'compress' | 'strict'>

/** One end alone. The configuration was checked against what is installed. */
export async function openEnd<T>(
  installed: ReadonlyMap<string, Registered<T>>,
  role: Role,
  name: string,
  endpoint: EndpointConfig,
  config: Limits,
  { signal, warn, readOnly }: OpenOptions,
): Promise<T> {
  signal.throwIfAborted()
  const registered = providerFor(installed, role, endpoint.type, name)
  if (isProblem(registered)) throw new Error(`${registered.message}: the configuration was not checked first`)
  const context: PluginContext = {
    directory: endpoint.directory,
    signal,
    limits: { connections: config.connections, batchRows: config.batchRows, compress: config.compress },
    warn,
    ...(readOnly === undefined ? {} : { readOnly }),
  }
  try {
    const strict = config.strict && registered.provider.options.some((option) => option.name === 'strict') ? { strict: true } : {}
    return await registered.provider.open({ ...endpoint.options, ...strict }, context)
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
