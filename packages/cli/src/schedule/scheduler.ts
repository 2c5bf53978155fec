import type { Job } from '@dbsync/core'
import type { Installation } from './installation.ts'

export const SCHEDULER_KINDS = ['cron', 'systemd-user', 'systemd-system'] as const
export type SchedulerKind = (typeof SCHEDULER_KINDS)[number]

/** What is to be installed for one project. */
export type SchedulePlan = {
  readonly id: string
  readonly installation: Installation
  /** The enabled ones. */
  readonly jobs: readonly Job[]
}

/** One thing that is there or should be: a line of the crontab, or the two unit files of a job. */
export type Entry = {
  /** The same for what is wanted and what is there, whatever it says. */
  readonly key: string
  readonly text: string
  /** False where it is written and the scheduler does not act on it. */
  readonly active?: boolean
}

export type Written = {
  /** False where everything was there already, byte for byte. */
  readonly changed: boolean
  readonly notes: readonly string[]
}

/** What runs jobs by the clock. Touches nothing but what carries the project's mark. */
export interface Scheduler {
  readonly kind: SchedulerKind
  /** Where it keeps its entries, for people. */
  readonly place: string
  /** What `install` would write, as files or parts of files. */
  print(plan: SchedulePlan): readonly { readonly path: string; readonly text: string }[]
  /** The key of a job's entry. */
  keyOf(plan: SchedulePlan, job: Job): string
  wanted(plan: SchedulePlan): readonly Entry[]
  installed(plan: SchedulePlan, signal: AbortSignal): Promise<readonly Entry[]>
  install(plan: SchedulePlan, signal: AbortSignal): Promise<Written>
  /** The keys of what was taken away. */
  remove(plan: SchedulePlan, signal: AbortSignal): Promise<readonly string[]>
}
