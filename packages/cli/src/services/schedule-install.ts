import type { Job } from '@dbsync/core'
import { openJobLog } from '../jobs/job-log.ts'
import type { PluginHost } from '../registry.ts'
import type { SchedulerKind } from '../schedule/scheduler.ts'
import { nextDue } from '../schedule/times.ts'
import { systemZone } from '../schedule/zone.ts'
import type { Session } from '../session.ts'
import { environmentWarnings, needJobs, openSchedules, type ScheduleRequest } from './schedules.ts'

export type InstallOutcome = {
  readonly scheduler: SchedulerKind
  readonly place: string
  /** False where everything was there already. */
  readonly changed: boolean
  readonly zone: string
  readonly jobs: readonly { readonly name: string; readonly cron: string; readonly does: string; readonly next: string | null }[]
  readonly disabled: readonly string[]
  /** Where entries of this project were taken away, so that no job runs twice. */
  readonly movedFrom: readonly string[]
  readonly notes: readonly string[]
  readonly warnings: readonly string[]
}

export async function installSchedules(host: PluginHost, request: ScheduleRequest, session: Session): Promise<InstallOutcome> {
  const { signal } = session.interrupt
  const { project, jobs, plan, chosen, others } = await openSchedules(host, request, signal)
  needJobs(jobs)
  const warnings = [...project.loaded.warnings, ...(await environmentWarnings(request))]
  // The log first: an installation that is killed half-way counts, as its timers may run already.
  const log = await openJobLog(
    request.project.cwd,
    (text) => text,
    (message) => void warnings.push(message),
  )
  try {
    log.installed(
      plan.jobs.map(({ name }) => name),
      chosen.kind,
    )
  } finally {
    log.close()
  }
  const { changed, notes } = await chosen.install(plan, signal)
  // Afterwards: a job that is there twice for a moment meets its own lock, one that is nowhere is missed.
  for (const other of others) await other.remove(plan, signal)
  const zone = systemZone()
  const now = new Date()
  return {
    scheduler: chosen.kind,
    place: chosen.place,
    changed,
    zone,
    jobs: await Promise.all(
      plan.jobs.map(async (job) => ({ name: job.name, cron: job.cron, does: doesOf(job), next: (await nextDue(job, now, zone))?.toISOString() ?? null })),
    ),
    disabled: jobs.filter(({ enabled }) => !enabled).map(({ name }) => name),
    movedFrom: others.map(({ place }) => place),
    notes,
    warnings,
  }
}

export type PrintOutcome = {
  readonly scheduler: SchedulerKind
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

/** What would be written, on whatever machine. */
export async function printSchedules(host: PluginHost, request: ScheduleRequest, session: Session): Promise<PrintOutcome> {
  const { jobs, plan, chosen } = await openSchedules(host, request, session.interrupt.signal, true)
  needJobs(jobs)
  return { scheduler: chosen.kind, files: chosen.print(plan) }
}

/** `run incremental`, `verify`: what a job does, in two words. */
export const doesOf = ({ command, mode }: Job): string => (mode === undefined ? command : `${command} ${mode}`)
