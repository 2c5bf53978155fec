import pLimit from 'p-limit'
import type { Snapshot } from '../contract/source.ts'
import { SyncError } from '../errors/sync-error.ts'
import { emitter, type Listener } from '../events/event.ts'
import { mustHave } from '../model/must.ts'
import type { DatabasePlan, TablePlan, TargetPlan } from '../plan/plan.ts'
import { LAST_RUN_KEY, type LastRun } from '../state/records.ts'
import { findOrphans } from './orphans.ts'
import type { PreparedRun } from './prepare.ts'
import type { RunReport, TableReport } from './report.ts'
import { runReport } from './report-of.ts'
import { lockPlace } from './run-locks.ts'
import { runTable, type TableJob } from './run-table.ts'

export type ExecuteOptions = {
  readonly signal: AbortSignal
  readonly listeners: readonly Listener[]
  /** Masks secrets in messages that are written into the state. */
  readonly redact?: (text: string) => string
}

/**
 * Carries out a plan. What happens to one table stays with it: its failure is in the report and the others go on. Throws only
 * when nothing can go on: the target's database cannot be made, the state cannot be written, a bug.
 */
export async function executeRun(prepared: PreparedRun, { signal, listeners, redact = (text) => text }: ExecuteOptions): Promise<RunReport> {
  const { plan, config } = prepared
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
  const jobs: TableJob[] = []
  for (const target of plan.targets) {
    for (const database of target.databases) {
      await mustHave(prepared.endpoints.targets, target.name).run(database.statements, signal)
      jobs.push(...database.tables.map((table) => ({ ...shared, ...tableJob(prepared, target, database, table) })))
    }
  }
  for (const job of jobs) job.record({ sync_status: 'RUNNING', sync_mode: job.plan.strategy.kind === 'full' ? 'FULL' : 'INCREMENTAL' })

  // The largest first: a big table that starts last keeps everyone waiting.
  const queue = jobs.toSorted((a, b) => (b.plan.schema.estimate?.bytes ?? 0) - (a.plan.schema.estimate?.bytes ?? 0))
  const limit = pLimit(Math.max(1, Math.min(config.parallelTables, prepared.snapshot.readers)))
  const reports = new Map<string, TableReport>()
  await all(
    queue.map((job) => limit(async () => reports.set(job.plan.id, await runTable(job)))),
    () => broken.abort(),
  )

  const tables = jobs.map((job) => mustHave(reports, job.plan.id))
  const warnings = [...plan.warnings, ...(await orphanWarnings(prepared, tables, signal))]
  for (const recorder of prepared.recorders.values()) await recorder.flush()
  const report = runReport(prepared, { startedAt, finishedAt: new Date(), tables, warnings, cancelled: signal.aborted, elsewhere })
  await recordRun(prepared, report)
  emit({ type: 'run.finished', report })
  return report
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
async function orphanWarnings(prepared: PreparedRun, tables: readonly TableReport[], signal: AbortSignal): Promise<readonly string[]> {
  if (signal.aborted) return []
  try {
    return await findOrphans(prepared, tables, signal)
  } catch (error) {
    if (!SyncError.is(error) || error.kind === 'bug') throw error
    return [`it was not looked for rows without a parent: ${error.message}`]
  }
}

type OwnPart = Pick<TableJob, 'plan' | 'target' | 'place' | 'comparedAt' | 'record'>

function tableJob(prepared: PreparedRun, target: TargetPlan, database: DatabasePlan, plan: TablePlan): OwnPart {
  const recorder = mustHave(prepared.recorders, database.source)
  const { name } = plan.schema.table
  const servers = {
    source_id: prepared.sourceIdentity.id,
    target_id: mustHave(prepared.targetIdentities, target.name).id,
    target_database: database.target,
  }
  return {
    plan,
    target: mustHave(prepared.endpoints.targets, target.name),
    place: lockPlace(target.name, database.target),
    comparedAt: recorder.of(target.name, name)?.compared_at ?? null,
    record: (update) => recorder.record(target.name, name, { ...servers, ...update }),
  }
}

async function recordRun({ endpoints: { state } }: PreparedRun, report: RunReport): Promise<void> {
  const reached = report.tables.filter((table) => table.outcome === 'synced' || table.outcome === 'unchanged')
  const value: LastRun = { last_sync: report.finishedAt, synced_tables: reached.map((table) => table.id.slice(table.id.indexOf('/') + 1)), backup_point: null }
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
