import type { Config, EndpointConfig, Source, StateStore, Target } from '@dbsync/core'
import { SyncError } from '@dbsync/core'
import { type Project, resolveEnd } from '../load-project.ts'
import { type OpenOptions, openEnd } from '../open-endpoints.ts'
import { printable } from '../printable.ts'
import { isProblem, providerFor, type Role } from '../provider-for.ts'
import type { Registered } from '../registry.ts'
import type { Session } from '../session.ts'
import { type Attempt, attempt, needed } from './attempt.ts'

export type OpenedEnds = {
  readonly source: Attempt<Source>
  readonly targets: ReadonlyMap<string, Attempt<Target>>
  readonly state: Attempt<StateStore>
  readonly warnings: readonly string[]
}

/** Opens each end with secrets of its own, so that one that is missing or wrong costs that end alone. `stack` closes them. */
export async function openEnds(project: Attempt<Project>, session: Session, stack: AsyncDisposableStack): Promise<OpenedEnds> {
  const warnings: string[] = []
  const { signal } = session.interrupt
  const options: OpenOptions = { signal, warn: (message) => void warnings.push(message), readOnly: true }
  const end = <T extends AsyncDisposable>(role: Role, name: string, find: (project: Project, config: Config) => Wanted<T>): Promise<Attempt<T>> =>
    attempt(signal, async () => {
      const found = needed(project, 'the configuration cannot be used')
      const wanted = find(found, found.loaded.config)
      const registered = providerFor(wanted.installed, role, wanted.end.type, name)
      if (isProblem(registered)) throw new SyncError(registered.code, registered.message, { kind: 'config', ...hinted(registered) })
      const config = await resolveEnd(found, wanted.end, session)
      return stack.use(await openEnd(wanted.installed, role, name, wanted.pick(config), config, options))
    })
  const source = await end('source', 'source', ({ registry }, config) => ({ installed: registry.sources, end: config.source, pick: (part) => part.source }))
  const targets = new Map<string, Attempt<Target>>()
  for (const [index, { name }] of (project.ok ? project.value.loaded.config.targets : []).entries()) {
    targets.set(
      name,
      await end('target', `target ${printable(name)}`, ({ registry }, config) => ({
        installed: registry.targets,
        end: config.targets[index] as EndpointConfig,
        pick: (part) => part.targets[0] as EndpointConfig,
      })),
    )
  }
  const state = await end('state store', 'state store', ({ registry }, config) => ({
    installed: registry.stateStores,
    end: config.state,
    pick: (part) => part.state,
  }))
  return { source, targets, state, warnings }
}

type Wanted<T> = {
  readonly installed: ReadonlyMap<string, Registered<T>>
  readonly end: EndpointConfig
  readonly pick: (config: Config) => EndpointConfig
}

const hinted = ({ hint }: { readonly hint?: string }) => (hint === undefined ? {} : { hint })
