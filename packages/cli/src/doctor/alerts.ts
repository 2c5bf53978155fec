import { type Finding, loadAlerts, SyncError } from '@dbsync/core'
import { plural } from '../render/format.ts'
import { type Check, Unchecked } from './check.ts'
import { byHand, note, ok, warning } from './findings.ts'

const SECRET_MS = 35_000
const TRY = 'Try them: dbsync doctor --alert-test'

/** Whether anybody is told of a job that fails. Sends nothing. */
export const alerts: Check = {
  id: 'alerts',
  title: 'Alerts',
  async run({ flags, config, session }) {
    const loaded = await loadAlerts(flags)
    const { webhooks, command } = loaded.alerts
    // The configuration's own check has told what is wrong.
    if (loaded.problems.some(({ severity }) => severity === 'error')) throw new Unchecked('Not checked: the configuration cannot be used.')
    if (webhooks.length === 0 && command === undefined) {
      const scheduled = config.ok && config.value.schedules.some(({ enabled }) => enabled)
      const message = `No alert is configured: nobody is told of a job that fails. Once there is one, try it with \`dbsync doctor --alert-test\`.`
      const fix = { by: 'setting', file: 'sync-config.json', value: { alerts: { webhooks: [{ url: 'env:ALERT_URL' }] } } } as const
      return [scheduled ? warning('alerts', message, fix) : note('alerts', message, fix)]
    }
    const found: Finding[] = []
    for (const [index, webhook] of webhooks.entries()) {
      for (const key of ['url', 'secret'] as const) {
        const value = webhook[key]
        if (value === undefined) continue
        try {
          session.secrets.add(
            await loaded.secret(value, `alerts.webhooks.${index}.${key}`, AbortSignal.any([session.interrupt.signal, AbortSignal.timeout(SECRET_MS)])),
          )
        } catch (error) {
          if (!SyncError.is(error)) throw error
          found.push(warning('alerts', `Webhook ${index + 1} cannot be told: ${error.message}`, error.hint === undefined ? undefined : byHand(error.hint)))
        }
      }
    }
    const places = webhooks.length + (command === undefined ? 0 : 1)
    return found.length > 0 ? found : [ok('alerts', `${plural(places, 'place')} will be told of a job that fails. ${TRY}`)]
  },
}
