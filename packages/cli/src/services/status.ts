import { type Job, type RunRecord, readRuns, readStatus, runIsAlive, type StatusReport, SyncError, unplannedName } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { STALE_EXIT_CODE } from '../failure.ts'
import { readHistory } from '../jobs/history.ts'
import { loadProject, type ProjectFlags, resolveState } from '../load-project.ts'
import { openState } from '../open-endpoints.ts'
import type { PluginHost } from '../registry.ts'
import { nextDue } from '../schedule/times.ts'
import { systemZone } from '../schedule/zone.ts'
import type { Session } from '../session.ts'
import { waitingNote } from './state-work.ts'

export type StatusRequest = {
  readonly project: ProjectFlags
  readonly maxAgeMs: number | undefined
}

export type StatusOutcome = {
  readonly health: 'healthy' | 'stale' | 'failing'
  readonly status: StatusReport
  /** Runs and verifications at work, in whatever terminal. */
  readonly running: readonly RunRecord[]
  /** Those that have ended, or were killed, the newest first. */
  readonly runs: readonly RunRecord[]
  /** Jobs that are installed, by the time at which they are due. */
  readonly next: readonly { readonly job: string; readonly at: string }[]
  readonly zone: string
  /** What is wrong, one sentence each. */
  readonly failures: readonly string[]
  /** `database.table` of every table that is older than asked for, or was never synced. */
  readonly stale: readonly string[]
  /** Whether somebody who asked for fresh tables has to be told: a state without any table is not fresh. */
  readonly isStale: boolean
  readonly warnings: readonly string[]
  readonly exit: number
}

/** What the state knows, with neither source nor target opened. */
export async function status(host: PluginHost, { project: flags, maxAgeMs }: StatusRequest, session: Session): Promise<StatusOutcome> {
  const project = await loadProject(host, flags)
  const config = await resolveState(project, session)
  const warnings = [...config.warnings]
  await using state = await openState(config, project.registry, { signal: session.interrupt.signal, warn: (message) => void warnings.push(message) })
  const now = new Date()
  const [found, all, next] = [await readStatus(state), await readRuns(state), await upcoming(config.schedules, flags.cwd, now)]
  warnings.push(...waitingNote(await state.legacy?.list()))
  const running = all.filter((record) => runIsAlive(record, now))
  const runs = all.filter((record) => !running.includes(record))
  const failures = [...tableFailures(found), ...runFailures(runs)]
  const stale = maxAgeMs === undefined ? [] : staleTables(found, maxAgeMs, now)
  const isStale = maxAgeMs !== undefined && (stale.length > 0 || found.databases.every(({ tables }) => tables.length === 0))
  const health = failures.length > 0 ? 'failing' : isStale ? 'stale' : 'healthy'
  return { health, status: found, running, runs, next, zone: systemZone(), failures, stale, isStale, warnings, exit: EXITS[health] }
}

/** One run as it is remembered: by its id, the beginning of it, or `latest`. Throws `NO_SUCH_RUN`. */
export async function rememberedRun(host: PluginHost, flags: ProjectFlags, wanted: string, session: Session): Promise<RunRecord> {
  const project = await loadProject(host, flags)
  const config = await resolveState(project, session)
  await using state = await openState(config, project.registry, { signal: session.interrupt.signal, warn: () => {} })
  const runs = await readRuns(state)
  const found = wanted === 'latest' ? runs.slice(0, 1) : runs.filter(({ run }) => run === wanted)
  const [record, ...others] = found.length > 0 ? found : runs.filter(({ run }) => run.startsWith(wanted))
  if (record !== undefined && others.length === 0) return record
  throw new SyncError('NO_SUCH_RUN' satisfies CliCode, `${record === undefined ? 'No run' : 'More than one run'} is remembered as ${wanted}.`, {
    kind: 'config',
    hint:
      runs.length === 0
        ? 'Nothing has been run yet.'
        : `The last ones are ${runs
            .slice(0, 5)
            .map(({ run }) => run)
            .join(', ')}.`,
  })
}

const EXITS = { healthy: 0, stale: STALE_EXIT_CODE, failing: 1 } as const

export function staleTables({ databases }: StatusReport, maxAgeMs: number, now: Date): readonly string[] {
  return databases.flatMap(({ name, tables }) =>
    tables.filter(({ lastSync }) => lastSync === null || now.getTime() - Date.parse(lastSync) > maxAgeMs).map((table) => `${name}.${table.name}`),
  )
}

const tableFailures = ({ databases }: StatusReport): readonly string[] =>
  databases.flatMap(({ name, tables }) =>
    tables.filter(({ status: last }) => last === 'FAILED').map((table) => `${name}.${table.name}: ${table.error ?? 'no reason was given'}`),
  )

/** Of the newest run and the newest verification; what is older has been overtaken. A table's own failure is told with the table. */
function runFailures(runs: readonly RunRecord[]): readonly string[] {
  const newest = (['run', 'verify'] as const).flatMap((kind) => runs.find((record) => record.kind === kind) ?? [])
  return newest.flatMap(({ run, kind, status: ending, error, seenAt, report, verification }) => {
    const what = kind === 'run' ? `the run ${run}` : `the verification ${run}`
    const leftOut = (report ?? verification)?.unplanned ?? []
    if (leftOut.length > 0) return leftOut.map(({ error: { message }, ...place }) => `${what} left out ${unplannedName(place)}: ${message}`)
    if (ending === 'running') return [`${what} was killed: its last sign of life was at ${seenAt}; the next run does what it left undone`]
    if (ending === 'failed') return [`${what} failed: ${error?.message ?? 'it ended without a word'}`]
    if (ending === 'different') return [`${what} found differences: dbsync verify --repair moves what differs`]
    return []
  })
}

async function upcoming(jobs: readonly Job[], directory: string, now: Date): Promise<StatusOutcome['next']> {
  const history = await readHistory(directory)
  const installed = jobs.filter(({ name, enabled }) => enabled && history(name).installedAt !== undefined)
  const due = await Promise.all(installed.map(async (job) => ({ job: job.name, at: (await nextDue(job, now, systemZone()))?.toISOString() })))
  return due.flatMap(({ job, at }) => (at === undefined ? [] : [{ job, at }])).toSorted((a, b) => (a.at < b.at ? -1 : 1))
}
