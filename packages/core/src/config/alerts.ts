import type { AlertConfig } from './config.ts'
import type { Document } from './document.ts'
import { type Gathered, isObject, plainSecretWarning, startFrom } from './endpoint.ts'
import { at } from './merge.ts'

/** Who is told of failures. What cannot be read is left out here and was reported when the whole file was checked. */
export function gatherAlerts(document: Document | undefined, cwd: string, { problems, sources }: Gathered): AlertConfig {
  const entry = at(document?.value, ['alerts'])
  if (document === undefined || !isObject(entry)) return { webhooks: [], command: undefined, directory: cwd }
  const text = (value: unknown): string | undefined => {
    const started = startFrom(value, document.directory)
    return typeof started === 'string' && started !== '' ? started : undefined
  }
  const webhooks = (Array.isArray(entry.webhooks) ? entry.webhooks : []).flatMap((raw: unknown, index) => {
    const url = isObject(raw) ? text(raw.url) : undefined
    if (!isObject(raw) || url === undefined) return []
    for (const key of ['url', 'secret']) {
      if (raw[key] === undefined) continue
      const where = document.where(['alerts', 'webhooks', index, key])
      sources.set(`alerts.webhooks.${index}.${key}`, where)
      problems.push(...plainSecretWarning(key, raw[key], where))
    }
    return [{ url, format: raw.format === 'slack' ? ('slack' as const) : ('json' as const), secret: text(raw.secret) }]
  })
  const command = typeof entry.command === 'string' && entry.command !== '' ? entry.command : undefined
  if (command !== undefined) sources.set('alerts.command', document.where(['alerts', 'command']))
  return { webhooks, command, directory: document.directory }
}
