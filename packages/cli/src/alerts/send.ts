import type { LoadedAlerts } from '@dbsync/core'
import { errorJson, redactor, SyncError } from '@dbsync/core'
import { type Alert, slackText } from './alert.ts'
import { runCommand } from './command.ts'
import { type Answer, type Patience, post, USUAL_PATIENCE } from './webhook.ts'

/** How one place took an alert. */
export type AlertAnswer = Answer & {
  /** `webhook 1 (hooks.example.com)` or `command`. */
  readonly place: string
}

export type SendOptions = {
  /** Keeps what the references resolve to out of everything that is shown. */
  readonly secrets: Set<string>
  readonly patience?: Patience
}

const COMMAND_MS = 30_000
const SECRET_MS = 35_000

/** Tells every configured place, all at once. Never throws: what cannot be told is in the answers. */
export async function sendAlert(
  { alerts, secret }: LoadedAlerts,
  alert: Alert,
  { secrets, patience = USUAL_PATIENCE }: SendOptions,
): Promise<readonly AlertAnswer[]> {
  const fetched = async (value: string, key: string): Promise<string> => {
    const found = await secret(value, key, AbortSignal.timeout(SECRET_MS))
    secrets.add(found)
    return found
  }
  const webhooks = alerts.webhooks.map(async (webhook, index): Promise<AlertAnswer> => {
    const place = `webhook ${index + 1}`
    try {
      const url = await fetched(webhook.url, `alerts.webhooks.${index}.url`)
      const key = webhook.secret === undefined ? undefined : await fetched(webhook.secret, `alerts.webhooks.${index}.secret`)
      const body = JSON.stringify(webhook.format === 'slack' ? { text: slackText(alert) } : alert)
      return { place: `${place}${hostOf(url)}`, ...(await post(url, body, key, patience)) }
    } catch (error) {
      if (!SyncError.is(error)) throw error
      return { place, ok: false, detail: errorJson(error).message, attempts: 0 }
    }
  })
  const { command, directory } = alerts
  const commands =
    command === undefined
      ? []
      : [
          runCommand(command, JSON.stringify(alert), { cwd: directory, timeoutMs: COMMAND_MS, redact: (text) => redactor([...secrets])(text) }).then(
            (answer) => ({ place: 'command', ...answer }),
          ),
        ]
  return Promise.all([...webhooks, ...commands])
}

function hostOf(url: string): string {
  const host = URL.parse(url)?.host ?? ''
  return host === '' ? '' : ` (${host})`
}
