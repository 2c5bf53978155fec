import { type Job, loadConfig, SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { loadProject, type Project, type ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import { type Machine, nothingUsable, scheduler, thisMachine, usable } from '../schedule/detect.ts'
import { checkInstallation, type Installation, projectId } from '../schedule/installation.ts'
import { SCHEDULER_KINDS, type SchedulePlan, type Scheduler, type SchedulerKind } from '../schedule/scheduler.ts'

export type ScheduleRequest = {
  readonly project: ProjectFlags
  /** What runs the jobs: this Node and this program. */
  readonly node: string
  readonly program: string
  /** `undefined`: where the jobs are installed already, else what suits the machine. */
  readonly with: SchedulerKind | undefined
}

/** What `install`, `show` and `remove` begin with. */
export type Schedules = {
  readonly project: Project
  /** All of them, the disabled ones too. */
  readonly jobs: readonly Job[]
  readonly plan: SchedulePlan
  readonly chosen: Scheduler
  /** Other schedulers that hold entries of this project: two of them would run every job twice. */
  readonly others: readonly Scheduler[]
}

/** `lenient`: for printing, which needs nothing of the machine. */
export async function openSchedules(host: PluginHost, request: ScheduleRequest, signal: AbortSignal, lenient = false): Promise<Schedules> {
  const { cwd, paramsPath, configPath, env } = request.project
  const installation: Installation = { directory: cwd, node: request.node, program: request.program, params: paramsPath, config: configPath }
  checkInstallation(installation)
  const project = await loadProject(host, request.project)
  const jobs = project.loaded.config.schedules
  const plan = { id: projectId(installation), installation, jobs: jobs.filter(({ enabled }) => enabled) }
  const machine = await thisMachine(env)
  const open = (kind: SchedulerKind) => scheduler(kind, machine, cwd)
  if (lenient) return { project, jobs, plan, chosen: open(request.with ?? usable(machine)[0] ?? 'cron'), others: [] }

  const holding = await holders(plan, machine, open, signal)
  const kind = request.with ?? holding[0]?.kind ?? usable(machine)[0]
  if (kind === undefined) throw nothingUsable()
  return { project, jobs, plan, chosen: open(kind), others: holding.filter((each) => each.kind !== kind) }
}

async function holders(plan: SchedulePlan, machine: Machine, open: (kind: SchedulerKind) => Scheduler, signal: AbortSignal): Promise<readonly Scheduler[]> {
  const holding: Scheduler[] = []
  for (const kind of SCHEDULER_KINDS) {
    if (kind === 'cron' && !machine.hasCrontab) continue
    const each = open(kind)
    if ((await each.installed(plan, signal)).length > 0) holding.push(each)
  }
  return holding
}

export function needJobs(jobs: readonly Job[]): void {
  if (jobs.length > 0) return
  throw new SyncError('SCHEDULE_JOB' satisfies CliCode, 'No job is configured: there is nothing under `schedules` in sync-config.json.', {
    kind: 'config',
    hint: 'Write one there, such as "schedules": {"daily": {}}. `dbsync schedule remove` takes away what is installed.',
  })
}

/** What a timer does not see: it starts dbsync without the variables of this shell. */
export async function environmentWarnings(request: ScheduleRequest): Promise<readonly string[]> {
  const { cwd, paramsPath, configPath, env } = request.project
  const lean = Object.fromEntries(['HOME', 'USER', 'LOGNAME', 'PATH', 'SHELL'].map((name) => [name, env[name]]))
  try {
    const loaded = await loadConfig({ cwd, env: lean, flags: {}, paramsPath, configPath })
    const unset = loaded.unsetVariables()
    return unset.length === 0 ? [] : [`jobs do not see the variables of this shell, and .env does not set: ${unset.join(', ')}. Put them into .env`]
  } catch (error) {
    if (!SyncError.is(error)) throw error
    return [`jobs do not see the variables of this shell, and without them the configuration is not complete: ${error.message} Put them into .env`]
  }
}
