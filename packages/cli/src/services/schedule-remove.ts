import { openJobLog } from '../jobs/job-log.ts'
import type { PluginHost } from '../registry.ts'
import type { Session } from '../session.ts'
import { openSchedules, type ScheduleRequest } from './schedules.ts'

export type RemoveOutcome = {
  readonly removed: readonly { readonly place: string; readonly entries: number }[]
  readonly warnings: readonly string[]
}

/** Takes away what was installed for this project, wherever it is, or only where `--with` says. */
export async function removeSchedules(host: PluginHost, request: ScheduleRequest, session: Session): Promise<RemoveOutcome> {
  const { signal } = session.interrupt
  const { plan, chosen, others } = await openSchedules(host, request, signal, false)
  const removed = []
  const warnings: string[] = []
  for (const each of request.with === undefined ? [chosen, ...others] : [chosen]) {
    const entries = await each.remove(plan, signal)
    if (entries.length === 0) continue
    removed.push({ place: each.place, entries: entries.length })
    const log = await openJobLog(
      request.project.cwd,
      (text) => text,
      (message) => void warnings.push(message),
    )
    log.removed(each.kind)
    log.close()
  }
  return { removed, warnings }
}
