import pLimit from 'p-limit'
import type { Snapshot } from '../contract/source.ts'
import { errorJson, SyncError } from '../errors/sync-error.ts'
import { emitter, type Listener } from '../events/event.ts'
import { mustHave } from '../model/must.ts'
import type { DatabasePlan, TablePlan, TargetPlan } from '../plan/plan.ts'
import { LAST_RUN_KEY, type LastRun } from '../state/records.ts'
import { dropGone, finishDefinitions, makeWay } from './late.ts'
import { notePrints } from './note-prints.ts'
import { isEarly, runObjects } from './objects.ts'
import { findOrphans } from './orphans.ts'
import type { PreparedRun } from './prepare.ts'
import type { RunReport, TableReport } from './report.ts'
import { runReport, runStatus } from './report-of.ts'
import { RunBackups } from './run-backups.ts'
import { lockPlace } from './run-locks.ts'
import { runTable, type TableJob } from './run-table.ts'
import { helpFrom, largestFirst, tablesAtOnce } from './share.ts'

export type ExecuteOptions = {
  readonly signal: AbortSignal
  readonly listeners: readonly Listener[]
  /** Masks secrets in messages that are written into the state. */
  readonly redact?: (text: string) => string
}

/**
 * Carries out a plan. What happens to one table stays with it: its failure is in the report and the others go on. Throws only
 * when nothing can go on: the target's database cannot be made, no backup point, the state cannot be written, a bug.
 */
export async function executeRun(prepared: PreparedRun, { signal, listeners, redact = (text) => text }: ExecuteOptions): Promise<RunReport> {
  const { plan } = prepared
  const emit = emitter(plan.run, listeners)
  const startedAt = new Date()
  emit({ type: 'run.planned', plan })

  const elsewhere = { received: 0, sent: 0 }
  const alsoRead = (snapshot: Snapshot) => {
    const { received, sent } = snapshot.traffic?.() ?? { received: 0, sent: 0 }
    elsewhere.received += received
    elsewhere.sent += sent
  }
  // What ends the run for one table ends it for all, and nothing is at work any more when the locks go.
  const broken = new AbortController()
  const shared = { prepared, emit, signal: AbortSignal.any([signal, broken.signal]), redact, alsoRead }
  for (const target of plan.targets) {
    for (const database of target.databases) await mustHave(prepared.endpoints.targets, target.name).run(database.statements, signal)
  }
  // What a killed run left is put right by now: a table that it had moved away is not taken for absent.
  await using backups = await RunBackups.open(prepared, { emit, signal, failed: () => broken.abort() })
  const guarded = backups.guard()
  const limit = pLimit(tablesAtOnce(prepared))
  const help = helpFrom(limit)
  const jobs: TableJob[] = []
  for (const target of plan.targets) {
    for (const database of target.databases) {
      for (const table of database.tables) {
        jobs.push({ ...shared, help, ...tableJob(prepared, target, database, table), target: backups.forTable(target.name, table) })
      }
    }
  }
  const objects = [...(await runObjects(guarded, isEarly, signal))]
  for (const { plan: table, record } of jobs) {
    record({
      sync_status: 'RUNNING',
      sync_mode: table.strategy.kind === 'full' ? 'FULL' : 'INCREMENTAL',
      ...(table.firstContact === undefined ? {} : { first_contact: true }),
      // A run that is killed between a definition and its rows must not go on by time.
      ...(table.changes.length > 0 && table.strategy.kind !== 'time' ? { position: null } : {}),
    })
  }
  // On disk before the first row is written: a first run that is killed must find its own rows again, and not take them for somebody else's.
  await Promise.all([...prepared.recorders.values()].map((recorder) => recorder.flush()))
  const reports = new Map<string, TableReport>()
  const blocked = await makeWay(jobs)
  await needBackups()

  await all(
    largestFirst(jobs).map((job) => limit(async () => reports.set(job.plan.id, await runTable(job, blocked.get(job.plan.id))))),
    () => broken.abort(),
  )
  await needBackups()

  await finishDefinitions(jobs, reports)
  const dropped = await dropGone(guarded, signal)
  objects.push(...(await runObjects(guarded, (object) => !isEarly(object), signal)))
  await needBackups()
  const noted = await afterwards(signal, 'how the target prints the objects was not noted', async () => {
    await notePrints(prepared, objects, signal)
    return []
  })
  const tables = jobs.map((job) => mustHave(reports, job.plan.id))
  const orphans = await afterwards(signal, 'it was not looked for rows without a parent', () => findOrphans(prepared, tables, signal))
  const warnings = [...plan.warnings, ...dropped.said, ...noted, ...orphans]
  for (const recorder of prepared.recorders.values()) await recorder.flush()
  const made = await backups.finish()
  const done = { tables, objects, incomplete: dropped.failed, cancelled: signal.aborted }
  // After a run that has failed somebody may need the older ones.
  const kept = runStatus(prepared, done) === 'ok' ? await backups.prune(made) : []
  const report = runReport(prepared, { ...done, startedAt, finishedAt: new Date(), backups: made, warnings: [...warnings, ...kept], elsewhere })
  await recordRun(prepared, report)
  emit({ type: 'run.finished', report })
  return report

  /** Without a point nothing is written any more, and the state says of which tables. */
  async function needBackups(): Promise<void> {
    if (backups.failure === undefined) return
    const reached = (id: string) => ['synced', 'unchanged', 'refused'].includes(reports.get(id)?.outcome ?? '')
    await recordFailure(
      backups.failure,
      prepared,
      jobs.filter(({ plan: { id } }) => !reached(id)),
      redact,
    )
    throw backups.failure
  }
}

/** Nothing was written, and the state says why. */
async function recordFailure(failure: unknown, prepared: PreparedRun, jobs: readonly TableJob[], redact: (text: string) => string): Promise<void> {
  for (const { plan, record } of jobs) {
    if (plan.refused === undefined) record({ sync_status: 'FAILED', error_message: redact(errorJson(failure).message) })
  }
  for (const recorder of prepared.recorders.values()) await recorder.flush()
}

/** Waits for the end of every one, a failed one too, and throws the first failure then. */
async function all(works: readonly Promise<unknown>[], failed: () => void): Promise<void> {
  const failures: unknown[] = []
  await Promise.all(
    works.map((work) =>
      work.catch((error: unknown) => {
        failures.push(error)
        failed()
      }),
    ),
  )
  if (failures.length > 0) throw failures[0]
}

/** All tables are done by now: a question that fails must not take their report away. */
async function afterwards(signal: AbortSignal, undone: string, work: () => Promise<readonly string[]>): Promise<readonly string[]> {
  if (signal.aborted) return []
  try {
    return await work()
  } catch (error) {
    const { kind, message } = errorJson(error)
    if (signal.aborted) return []
    if (kind === 'bug') throw error
    return [`${undone}: ${message}`]
  }
}

type OwnPart = Pick<TableJob, 'plan' | 'place' | 'comparedAt' | 'record' | 'adopt' | 'adopted'>

function tableJob(prepared: PreparedRun, target: TargetPlan, database: DatabasePlan, plan: TablePlan): OwnPart {
  const recorder = mustHave(prepared.recorders, database.source)
  const { name } = plan.schema.table
  const servers = {
    source_id: prepared.sourceIdentity.id,
    target_id: mustHave(prepared.targetIdentities, target.name).id,
    target_database: database.target,
  }
  let adopted = plan.firstContact === undefined
  const record: TableJob['record'] = (update) => {
    const before = recorder.of(target.name, name)
    // A run that is stopped or killed before it has compared a table that failed must not have the next one go on by time.
    const doubt = before?.sync_status === 'FAILED' && update.sync_status === 'RUNNING' ? { position: null } : {}
    // A position stays with the servers that it belongs to until there is a new one.
    const synced = (before?.last_sync_time ?? null) !== null
    recorder.record(target.name, name, { ...(synced && update.sync_status !== 'SUCCESS' ? {} : servers), ...update, ...doubt })
  }
  return {
    plan,
    place: lockPlace(target.name, database.target),
    comparedAt: recorder.of(target.name, name)?.compared_at ?? null,
    record,
    adopted: () => adopted,
    async adopt() {
      adopted = true
      record({ sync_status: 'RUNNING', first_contact: false })
      await recorder.flush()
    },
  }
}

/** As a user types it; one for each target. */
const backupName = ({ backups }: RunReport): string | null => (backups.length === 0 ? null : backups.map(({ name }) => name).join(', '))

async function recordRun({ endpoints: { state } }: PreparedRun, report: RunReport): Promise<void> {
  const reached = report.tables.filter((table) => table.outcome === 'synced' || table.outcome === 'unchanged')
  const value: LastRun = {
    last_sync: report.finishedAt,
    synced_tables: reached.map((table) => table.id.slice(table.id.indexOf('/') + 1)),
    backup_point: backupName(report),
  }
  for (let attempt = 0; ; attempt++) {
    const before = await state.read(LAST_RUN_KEY)
    try {
      await state.write(LAST_RUN_KEY, value, before?.revision)
      return
    } catch (error) {
      // Another tenant's run may have finished at the same moment: the later one stands.
      if (attempt < 5 && SyncError.is(error) && error.code === 'STATE_CONFLICT') continue
      throw error
    }
  }
}
