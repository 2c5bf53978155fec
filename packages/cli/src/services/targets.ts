import type { OptionSpec } from '@dbsync/core'
import type { Role } from '../provider-for.ts'
import type { Registered, Registry } from '../registry.ts'

export type InstalledProvider = {
  readonly role: Role
  readonly type: string
  readonly summary: string
  readonly plugin: string
  readonly version: string
  readonly options: readonly OptionSpec[]
}

/** Everything that the installed plugins bring, sources first. */
export function installedProviders({ sources, targets, stateStores }: Registry): readonly InstalledProvider[] {
  const entries = (role: Role, registered: ReadonlyMap<string, Registered<unknown>>): readonly InstalledProvider[] =>
    [...registered.values()].map(({ provider, plugin, version }) => ({
      role,
      type: provider.type,
      summary: provider.summary,
      plugin,
      version,
      options: provider.options,
    }))
  return [...entries('source', sources), ...entries('target', targets), ...entries('state store', stateStores)]
}
