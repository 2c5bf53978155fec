import { setTimeout as sleep } from 'node:timers/promises'
import type { Snapshot } from '../contract/source.ts'
import type { Target } from '../contract/target.ts'
import { errorJson } from '../errors/sync-error.ts'
import type { Emit } from '../events/event.ts'
import type { Position } from '../model/batch.ts'
import { diffTable } from '../model/schema-diff.ts'
import { matchingRule } from '../plan/assemble.ts'
import type { Guarantee, TablePlan } from '../plan/plan.ts'
import type { StateUpdate } from '../state/recorder.ts'
import { Meter } from './meter.ts'
import type { PreparedRun } from './prepare.ts'
import type { TableReport } from './report.ts'
import { syncTable, type TableSyncResult } from './sync-table.ts'

export type TableJob = {
  readonly prepared: PreparedRun
  readonly plan: TablePlan
  readonly target: Target
  readonly emit: Emit
  readonly signal: AbortSignal
  /** When the whole table was last compared, before this run. */
  readonly comparedAt: string | null
  readonly record: (update: StateUpdate) => void
  /** Masks secrets in what is kept. */
  readonly redact: (text: string) => string
}

/** Syncs one table with retries, records what became of it, and reports it. Never throws for what concerns this table alone. */
export async function runTable(job: TableJob): Promise<TableReport> {
  const { plan, emit, signal } = job
  const started = performance.now()
  const done = (report: Omit<TableReport, 'id' | 'ms'>): TableReport => {
    const finished = { id: plan.id, ms: Math.round(performance.now() - started), ...report }
    emit({ type: 'table.finished', id: plan.id, report: finished })
    return finished
  }
  const idle = { strategy: plan.strategy.kind, ...counts(new Meter(emit, plan.id)), retries: 0, comparedAt: job.comparedAt, warnings: plan.warnings }
  if (plan.refused !== undefined) {
    job.record({ sync_status: 'FAILED', error_message: job.redact(plan.refused.message) })
    return done({ ...idle, outcome: 'refused', error: plan.refused })
  }
  if (signal.aborted) return done({ ...idle, outcome: 'cancelled' })

  for (let attempt = 1; ; attempt++) {
    const meter = new Meter(emit, plan.id)
    const total = plan.schema.estimate?.rows
    emit({ type: 'table.started', id: plan.id, attempt, ...(total === undefined ? {} : { rows: total }) })
    try {
      const comparedAt = new Date().toISOString()
      const { result, position } = await attemptTable(job, meter, attempt)
      return done({
        ...idle,
        ...success(job, meter, result, position, comparedAt),
        retries: attempt - 1,
        warnings: [...plan.warnings, ...laterMoment(attempt)],
      })
    } catch (error) {
      const failure = errorJson(error)
      const cancelled = signal.aborted || failure.kind === 'cancelled'
      if (!cancelled && failure.kind === 'transient' && attempt <= job.prepared.config.maxRetries) {
        const delayMs = backOff(job.prepared.config.retryDelayMs, attempt)
        emit({ type: 'table.retrying', id: plan.id, attempt, delayMs, error: failure })
        await sleep(delayMs, undefined, { signal }).catch(() => {})
        if (!signal.aborted) continue
      }
      if (cancelled || signal.aborted) {
        job.record({ sync_status: 'RUNNING', error_message: 'the run was stopped before this table was done' })
        return done({ ...idle, ...counts(meter), outcome: 'cancelled', retries: attempt - 1 })
      }
      job.record({ sync_status: 'FAILED', error_message: job.redact(failure.message) })
      return done({ ...idle, ...counts(meter), outcome: 'failed', retries: attempt - 1, error: failure })
    }
  }
}

/** A first attempt reads the run's snapshot. After a fault that one may be gone: a later attempt opens its own. */
async function attemptTable(job: TableJob, meter: Meter, attempt: number): Promise<{ result: TableSyncResult; position: Position }> {
  const { prepared, target, signal } = job
  await using own = new AsyncDisposableStack()
  const plan = attempt === 1 ? job.plan : await lookAgain(job)
  const snapshot: Snapshot = attempt === 1 ? prepared.snapshot : own.use(await prepared.endpoints.source.open({ readers: 1, signal }))
  let position: Position = null
  const result = await syncTable({
    plan,
    snapshot,
    target,
    timestampColumns: matchingRule(prepared.config, plan.schema.table).timestampColumns,
    batchRows: prepared.config.batchRows,
    meter,
    signal,
    save: async (reached) => {
      position = reached
    },
  })
  return { result, position }
}

/** The fault may have come after the definition was changed: only what is still missing is done again. */
async function lookAgain({ plan, target }: TableJob): Promise<TablePlan> {
  const { database, name } = plan.wanted.table
  const { existing: _, ...rest } = plan
  const existing = (await target.describe(database, [name])).find(({ table }) => table.name === name)
  if (existing === undefined) return { ...rest, changes: [], statements: [] }
  const { changes } = diffTable(existing, plan.wanted)
  return { ...rest, existing, changes, statements: changes.flatMap((change) => target.render(change)) }
}

function success(job: TableJob, meter: Meter, result: TableSyncResult, position: Position, now: string) {
  const comparedAt = result.whole ? now : job.comparedAt
  job.record({
    sync_status: 'SUCCESS',
    sync_mode: result.strategy === 'full' ? 'FULL' : 'INCREMENTAL',
    last_sync_time: now,
    records_synced: meter.written,
    position,
    compared_at: comparedAt,
  })
  const outcome = result.strategy === 'full' || meter.written > 0 ? ('synced' as const) : ('unchanged' as const)
  return { ...counts(meter), strategy: result.strategy, outcome, comparedAt, guarantee: guaranteeOf(job.plan, result, comparedAt) }
}

/** A run by time that went on to compare the whole table reached more than was planned. */
function guaranteeOf(plan: TablePlan, result: TableSyncResult, comparedAt: string | null): Guarantee {
  if (plan.guarantee.level === 'exact' || plan.strategy.kind !== 'time') return plan.guarantee
  return result.whole ? { level: 'exact' } : { ...plan.guarantee, since: comparedAt }
}

const counts = (meter: Meter) => ({
  rowsRead: meter.rowsRead,
  inserted: meter.inserted,
  updated: meter.updated,
  deleted: meter.deleted,
  skipped: meter.skipped,
  bytes: meter.bytes,
})

const laterMoment = (attempt: number) => (attempt === 1 ? [] : ['read again after a fault: of a later moment than the other tables'])

/** Doubled each time, with jitter, so that many tables do not come back at once. */
const backOff = (delayMs: number, attempt: number) => Math.round(delayMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2))
