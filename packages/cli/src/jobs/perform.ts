import { type Config, type FlagOverrides, type Job, redactor, SyncError, type Unplanned } from '@dbsync/core'
import type { Alert } from '../alerts/alert.ts'
import type { CliCode } from '../codes.ts'
import { describeFailure, type Failure } from '../failure.ts'
import { loadProject, type ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import { labelOf, tableLabels } from '../render/labels.ts'
import type { RunOutcome } from '../services/run.ts'
import type { VerifyOutcome } from '../services/verify.ts'
import type { Session } from '../session.ts'

export type JobRequest = {
  readonly project: ProjectFlags
  /** Copy every table in full this once, whatever the job says. */
  readonly full: boolean
  /** Nothing is drawn. */
  readonly json: boolean
}

/** What a job brought: as `dbsync run` or `dbsync verify` has it. */
export type JobResult = { readonly command: 'run'; readonly outcome: RunOutcome } | { readonly command: 'verify'; readonly outcome: VerifyOutcome }

export type Performed = {
  readonly exit: number
  /** One sentence, not redacted. */
  readonly message: string
  /** The run in logs/incremental-sync.log. */
  readonly run: string | null
  readonly tables: Alert['tables']
  readonly result?: JobResult
  readonly failure?: Failure
  readonly error?: unknown
}

/** Does what the job asks for. Whatever goes wrong is in the answer: it has to be logged and told. */
export async function perform(host: PluginHost, name: string, request: JobRequest, session: Session): Promise<Performed> {
  try {
    const { loaded } = await loadProject(host, request.project)
    const job = jobNamed(name, loaded.config)
    const project = { ...request.project, overrides: overridesOf(job, request.full) }
    return job.command === 'run' ? await performRun(host, project, request, session) : await performVerify(host, project, request, session)
  } catch (error) {
    session.log?.failure(error)
    const failure = describeFailure(error, {
      redact: redactor([...session.secrets]),
      received: session.interrupt.received(),
      logPath: session.log?.path,
    })
    return { exit: failure.exit, message: failure.json.message, run: null, tables: [], failure, error }
  } finally {
    // The next job of this process opens one of its own.
    session.log?.close()
    delete session.log
  }
}

async function performRun(host: PluginHost, project: ProjectFlags, { json }: JobRequest, session: Session): Promise<Performed> {
  const { run } = await import('../services/run.ts')
  const outcome = await run(host, { project, dryRun: false, json }, session)
  const result = { command: 'run', outcome } as const
  if (outcome.kind === 'dry-run') return { exit: outcome.exit, message: '', run: null, tables: [], result }
  const { plan, report } = outcome
  const labels = tableLabels(plan)
  const tables = report.tables.flatMap(({ id, outcome: ended, error, verified }) => {
    if (error !== undefined) return [{ table: labelOf(labels, id), outcome: ended, message: error.message }]
    return verified?.equal === false ? [{ table: labelOf(labels, id), outcome: 'different', message: 'source and target differ after the run' }] : []
  })
  return { exit: outcome.exit, message: counted(report.tables), run: report.run, tables: [...leftOut(report.unplanned), ...tables], result }
}

async function performVerify(host: PluginHost, project: ProjectFlags, { json }: JobRequest, session: Session): Promise<Performed> {
  const { verify } = await import('../services/verify.ts')
  const request = { project, json, level: undefined, maxRowsPerSecond: undefined, maxLagSeconds: undefined, limit: ROWS_SHOWN, repair: false }
  const outcome = await verify(host, request, session)
  const { plan, report } = outcome
  const labels = tableLabels(plan)
  const tables = report.tables.flatMap(({ id, outcome: ended, error }) =>
    ended === 'equal' ? [] : [{ table: labelOf(labels, id), outcome: ended, message: error?.message ?? 'source and target differ' }],
  )
  return {
    exit: outcome.exit,
    message: counted(report.tables),
    run: report.run,
    tables: [...leftOut(report.unplanned), ...tables],
    result: { command: 'verify', outcome },
  }
}

/** A database of which nothing could be planned stands for all its tables. */
const leftOut = (unplanned: readonly Unplanned[] = []): Performed['tables'] =>
  unplanned.map(({ database, table = '*', error }) => ({ table: `${database}.${table}`, outcome: 'left out', message: error.message }))

const ROWS_SHOWN = 20

/** `tables: 3 synced, 1 failed`. */
function counted(tables: readonly { readonly outcome: string }[]): string {
  const counts = new Map<string, number>()
  for (const { outcome } of tables) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  return counts.size === 0 ? 'no tables' : `tables: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`
}

function jobNamed(name: string, { schedules }: Config): Job {
  const job = schedules.find((each) => each.name === name)
  if (job !== undefined) return job
  const names = schedules.map((each) => JSON.stringify(each.name))
  throw new SyncError('SCHEDULE_JOB' satisfies CliCode, `There is no job ${JSON.stringify(name)} under \`schedules\` in sync-config.json.`, {
    kind: 'config',
    hint:
      names.length === 0
        ? 'Write one there, such as "schedules": {"daily": {}}.'
        : `The jobs are: ${names.join(', ')}. The timer of a job that is gone goes away with \`dbsync schedule install\`.`,
  })
}

function overridesOf({ name, command, mode, databases, tables, targets }: Job, full: boolean): FlagOverrides {
  if (full && command === 'verify')
    throw new SyncError('SCHEDULE_JOB' satisfies CliCode, `The job ${JSON.stringify(name)} verifies: --full is for jobs that run.`, {
      kind: 'config',
      hint: 'Leave --full out.',
    })
  const chosen = full ? 'full' : command === 'run' ? mode : undefined
  return {
    ...(chosen === undefined ? {} : { mode: chosen }),
    ...(databases.length === 0 ? {} : { databases }),
    ...(tables.length === 0 ? {} : { tables }),
    ...(targets.length === 0 ? {} : { targets }),
  }
}
