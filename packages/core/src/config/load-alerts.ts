import type { AlertConfig } from './config.ts'
import type { Gathered } from './endpoint.ts'
import type { ConfigInput } from './load.ts'
import type { Problem } from './problems.ts'

export type LoadedAlerts = {
  readonly alerts: AlertConfig
  /** What is wrong with the alerts and with the file that they stand in. */
  readonly problems: readonly Problem[]
  /** What a value of the alerts refers to (`env:`, `file:`, `cmd:`), or the value itself. Throws `CONFIG_SECRET`. Never show the answer. */
  readonly secret: (value: string, key: string, signal: AbortSignal) => Promise<string>
}

/**
 * The alerts alone, whatever else is wrong with the configuration: that a job failed for its configuration has to be told too.
 * A file that cannot be read at all means no alerts; `loadConfig` says what is wrong with it.
 */
export async function loadAlerts({ cwd, configPath, env }: Omit<ConfigInput, 'flags'>): Promise<LoadedAlerts> {
  const { findFile } = await import('./files.ts')
  const { parseDocument } = await import('./document.ts')
  const { loadEnvironment } = await import('./env.ts')
  const { gatherAlerts } = await import('./alerts.ts')
  const { resolveReference } = await import('./secrets.ts')
  const { checkDocument } = await import('./check.ts')
  const { syncConfigSchema } = await import('./schema.ts')
  const gathered: Gathered = { problems: [], sources: new Map() }
  const file = await findFile(cwd, configPath, ['sync-config.json', 'scripts/sync-config.json'], gathered.problems)
  const document = file === undefined ? undefined : await parseDocument(file, gathered.problems)
  if (document?.value.alerts !== undefined) gathered.problems.push(...checkDocument(document, syncConfigSchema, { alerts: document.value.alerts }))
  const environment = await loadEnvironment(cwd, env, gathered.problems)
  const alerts = gatherAlerts(document, cwd, gathered)
  return {
    alerts,
    problems: gathered.problems,
    secret: (value, key, signal) =>
      resolveReference(value, key, alerts.directory, {
        variable: (name) => environment.get(name),
        source: (name) => gathered.sources.get(name),
        signal,
      }),
  }
}
