import {
  type Config,
  checkOptions,
  type DeclaredSecrets,
  type EndpointConfig,
  type FlagOverrides,
  type LoadedConfig,
  loadConfig,
  type Problem,
  problemsError,
} from '@dbsync/core'
import { isProblem, providerFor, type Role } from './provider-for.ts'
import { loadRegistry, type PluginHost, type Registered, type Registry } from './registry.ts'
import { secretsIn } from './secrets-in.ts'
import type { Session } from './session.ts'

export type ProjectFlags = {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly paramsPath: string | undefined
  readonly configPath: string | undefined
  /** Flags that win over environment and files. */
  readonly overrides: FlagOverrides
}

/** The configuration in force together with the plugins that it can name. */
export type Project = {
  readonly registry: Registry
  readonly loaded: LoadedConfig
  readonly problems: readonly Problem[]
}

/** Loads both and checks each against the other. Opens nothing and fetches no secret. */
export async function loadProject(host: PluginHost, flags: ProjectFlags): Promise<Project> {
  const [registry, loaded] = await Promise.all([
    loadRegistry(host),
    loadConfig({ cwd: flags.cwd, env: flags.env, flags: flags.overrides, paramsPath: flags.paramsPath, configPath: flags.configPath }),
  ])
  const endpoints = endpointsOf(loaded.config, registry)
  const problems = endpoints.flatMap(({ found, config, where }) => (isProblem(found) ? [found] : checkOptions(found.provider, config.options, where)))
  return { registry, loaded, problems }
}

/** For commands that go on: the configuration with its secrets fetched, which `session` then keeps out of everything that is shown. */
export async function resolveProject({ registry, loaded, problems }: Project, session: Session): Promise<Config> {
  const error = problemsError(problems)
  if (error !== undefined) throw error
  const declared = declaredSecrets(registry)
  const config = await loaded.resolve({ signal: session.interrupt.signal, declared })
  for (const secret of secretsIn(config, loaded.masked(declared))) session.secrets.add(secret)
  return config
}

/** The same with the secrets of one end only, one of `loaded.config`: what is wrong with another stops nobody who does not open it. */
export async function resolveEnd({ registry, loaded }: Project, end: EndpointConfig, session: Session): Promise<Config> {
  const declared = declaredSecrets(registry)
  const without = <T extends EndpointConfig>(other: T): T => (other === end ? other : { ...other, options: {} })
  const { config } = loaded
  const part = { ...config, source: without(config.source), state: without(config.state), targets: config.targets.filter((target) => target === end) }
  const resolved = await loaded.resolve({ signal: session.interrupt.signal, declared, part })
  const masked = loaded.masked(declared)
  // Targets are told apart by name: the part has one of them at most.
  const shown = { ...masked, targets: masked.targets.filter(({ name }) => part.targets.some((target) => target.name === name)) }
  for (const secret of secretsIn(resolved, shown)) session.secrets.add(secret)
  return resolved
}

/** For commands that only look at what is remembered: neither end has to be installed, nor its secrets to be there. */
export async function resolveState(project: Project, session: Session): Promise<Config> {
  const { state } = project.loaded.config
  const found = providerFor(project.registry.stateStores, 'state store', state.type, 'state')
  const error = problemsError(isProblem(found) ? [found] : checkOptions(found.provider, state.options, 'state'))
  if (error !== undefined) throw error
  return await resolveEnd(project, state, session)
}

export function declaredSecrets({ sources, targets, stateStores }: Registry): DeclaredSecrets {
  const installed = { source: sources, target: targets, state: stateStores }
  return (role, type) => (installed[role].get(type)?.provider.options ?? []).filter(({ kind }) => kind === 'secret').map(({ name }) => name)
}

type Endpoint = { readonly where: string; readonly config: EndpointConfig; readonly found: Registered<unknown> | Problem }

function endpointsOf(config: Config, registry: Registry): readonly Endpoint[] {
  const endpoint = (installed: ReadonlyMap<string, Registered<unknown>>, role: Role, where: string, of: EndpointConfig): Endpoint => ({
    where,
    config: of,
    found: providerFor(installed, role, of.type, where),
  })
  return [
    endpoint(registry.sources, 'source', 'source', config.source),
    ...config.targets.map((target) => endpoint(registry.targets, 'target', `targets.${target.name}`, target)),
    endpoint(registry.stateStores, 'state store', 'state', config.state),
  ]
}
