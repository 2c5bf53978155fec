import type { Job } from '@dbsync/core'
import { killedRuns, readHistory } from '../jobs/history.ts'
import type { JobStatus } from '../jobs/job-log.ts'
import type { PluginHost } from '../registry.ts'
import { MISSED_KEY } from '../schedule/cron-block.ts'
import type { SchedulerKind } from '../schedule/scheduler.ts'
import { nextDue } from '../schedule/times.ts'
import { systemZone } from '../schedule/zone.ts'
import type { Session } from '../session.ts'
import { doesOf } from './schedule-install.ts'
import { openSchedules, type ScheduleRequest } from './schedules.ts'

/** `differs`: something is installed, but not what the configuration says now. `inactive`: written, and the scheduler does not act on it. */
export type Installed = 'yes' | 'no' | 'differs' | 'inactive'

export type ShownJob = {
  readonly name: string
  readonly cron: string
  readonly does: string
  readonly enabled: boolean
  readonly installed: Installed
  /** When it runs next; null where it is not installed. */
  readonly next: string | null
  readonly last: { readonly startedAt: string; readonly status: JobStatus | 'running'; readonly exit: number | null } | null
}

export type ShowOutcome = {
  readonly scheduler: SchedulerKind
  readonly place: string
  readonly zone: string
  readonly jobs: readonly ShownJob[]
  /** Entries of this project that the configuration does not ask for. */
  readonly notConfigured: readonly string[]
  /** Whether `schedule install` would change something. */
  readonly drift: boolean
  readonly warnings: readonly string[]
}

export async function showSchedules(host: PluginHost, request: ScheduleRequest, session: Session): Promise<ShowOutcome> {
  const { project, jobs, plan, chosen, others } = await openSchedules(host, request, session.interrupt.signal)
  const installed = new Map((await chosen.installed(plan, session.interrupt.signal)).map((entry) => [entry.key, entry]))
  const wanted = new Map(chosen.wanted(plan).map((entry) => [entry.key, entry.text]))
  const history = await readHistory(request.project.cwd)
  const zone = systemZone()
  const now = new Date()
  const state = (key: string): Installed => {
    const found = installed.get(key)
    if (found === undefined) return 'no'
    if (wanted.get(key) !== found.text) return 'differs'
    return found.active === false ? 'inactive' : 'yes'
  }
  const shown = await Promise.all(
    jobs.map(async (job): Promise<ShownJob> => {
      const there = state(chosen.keyOf(plan, job))
      const next = there === 'yes' ? await nextDue(job, now, zone) : null
      return {
        name: job.name,
        cron: job.cron,
        does: doesOf(job),
        enabled: job.enabled,
        installed: there,
        next: next?.toISOString() ?? null,
        last: lastOf(job, history),
      }
    }),
  )
  const configured = new Set([...jobs.map((job) => chosen.keyOf(plan, job)), MISSED_KEY])
  const notConfigured = [...installed.keys()].filter((key) => !configured.has(key))
  const missed = wanted.has(MISSED_KEY) || installed.has(MISSED_KEY) ? state(MISSED_KEY) : 'yes'
  return {
    scheduler: chosen.kind,
    place: chosen.place,
    zone,
    jobs: shown,
    notConfigured,
    drift:
      notConfigured.length > 0 || others.length > 0 || missed !== 'yes' || shown.some(({ enabled, installed: there }) => there !== (enabled ? 'yes' : 'no')),
    warnings: [
      ...project.loaded.warnings,
      ...others.map(({ place }) => `jobs of this project are installed in ${place} too, so that they run twice: \`dbsync schedule install\` puts that right`),
    ],
  }
}

function lastOf(job: Job, history: Awaited<ReturnType<typeof readHistory>>): ShownJob['last'] {
  const known = history(job.name)
  const { lastStart, lastEnd, open } = known
  if (lastStart === undefined) return null
  const startedAt = lastStart.toISOString()
  const latest = open.find(({ at }) => at.getTime() === lastStart.getTime())
  if (latest !== undefined) return { startedAt, status: killedRuns(known).includes(latest) ? 'killed' : 'running', exit: null }
  return { startedAt, status: lastEnd?.status ?? 'running', exit: lastEnd?.exit ?? null }
}
