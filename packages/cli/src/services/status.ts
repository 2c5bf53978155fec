import { readStatus, type StatusReport } from '@dbsync/core'
import { loadProject, type ProjectFlags, resolveProject } from '../load-project.ts'
import { openState } from '../open-endpoints.ts'
import type { PluginHost } from '../registry.ts'
import type { Session } from '../session.ts'

export type StatusOutcome = {
  readonly status: StatusReport
  /** `database.table` of every table that is older than asked for, failed last, or was never synced. */
  readonly stale: readonly string[]
  /** Whether somebody who asked for fresh tables has to be told: a state without any table is not fresh. */
  readonly isStale: boolean
  readonly warnings: readonly string[]
}

/** What the state knows, with neither source nor target opened. */
export async function status(host: PluginHost, flags: ProjectFlags, maxAgeMs: number | undefined, session: Session): Promise<StatusOutcome> {
  const project = await loadProject(host, flags)
  const config = await resolveProject(project, session)
  const warnings = [...config.warnings]
  await using state = await openState(config, project.registry, {
    signal: session.interrupt.signal,
    warn: (message) => void warnings.push(message),
  })
  const now = new Date()
  const found = await readStatus(state)
  if (maxAgeMs === undefined) return { status: found, stale: [], isStale: false, warnings }
  const stale = staleTables(found, maxAgeMs, now)
  return { status: found, stale, isStale: stale.length > 0 || found.databases.every(({ tables }) => tables.length === 0), warnings }
}

export function staleTables({ databases }: StatusReport, maxAgeMs: number, now: Date): readonly string[] {
  return databases.flatMap(({ name, tables }) =>
    tables.filter(({ lastSync }) => lastSync === null || now.getTime() - Date.parse(lastSync) > maxAgeMs).map((table) => `${name}.${table.name}`),
  )
}
