import { API_VERSION } from '@dbsync/core'
import { loadRegistry } from '../registry.ts'
import { attempt, expected } from './attempt.ts'
import type { Check } from './check.ts'
import { failureOf, ok } from './findings.ts'

/** A run stops at a plugin that cannot register, whether it would need it or not. */
export const plugins: Check = {
  id: 'plugins',
  title: 'Plugins',
  async run({ host, session }) {
    const registry = await attempt(session.interrupt.signal, () => loadRegistry(host))
    if (!registry.ok) {
      const failure = failureOf('plugins', expected(registry.error))
      const [command] = (failure.fix?.by === 'hand' ? /dbsync plugins uninstall \S+/.exec(failure.fix.text) : undefined) ?? []
      return [command === undefined ? failure : { ...failure, fix: { by: 'command', commands: [command] } }]
    }
    const own = host.getPluginsList().filter(({ type, hooks }) => type !== 'core' && hooks['dbsync:register'] !== undefined)
    const installed = own.length === 0 ? 'None but those that come with dbsync' : own.map(({ name, version }) => `${name} ${version}`).join(', ')
    return [ok('plugins', `${installed}. All fit version ${API_VERSION} of the plugin interface.`)]
  },
}
