import { API_VERSION } from '@dbsync/core'
import { contributionFault } from '../contribution.ts'
import type { PluginHost } from '../registry.ts'

/** The same plugins without those that a run would stop at: what the others bring can be looked at all the same. */
export function lenientHost(host: PluginHost): PluginHost {
  let usable: ReadonlySet<string> | undefined
  return {
    async runHook(...hook) {
      const { successes } = await host.runHook(...hook)
      const good = successes.filter(({ result }) => contributionFault(result) === undefined && (result as { apiVersion: unknown }).apiVersion === API_VERSION)
      usable = new Set(good.map(({ plugin }) => plugin.name))
      return { successes: good, failures: [] }
    },
    getPluginsList: () => host.getPluginsList().filter(({ name }) => usable?.has(name) ?? true),
  }
}
