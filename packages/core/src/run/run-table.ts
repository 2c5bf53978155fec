import { setTimeout as sleep } from 'node:timers/promises'
import type { Digest } from '../contract/reader.ts'
import type { Snapshot } from '../contract/source.ts'
import type { Target } from '../contract/target.ts'
import { type ErrorJson, errorJson, SyncError } from '../errors/sync-error.ts'
import type { Emit } from '../events/event.ts'
import type { Position } from '../model/batch.ts'
import { type TableSchema, tableName } from '../model/schema.ts'
import type { SchemaDiff } from '../model/schema-diff.ts'
import { matchingRule } from '../plan/assemble.ts'
import { diffOf } from '../plan/definitions.ts'
import { schemaConflict } from '../plan/evolution.ts'
import type { Guarantee, TablePlan } from '../plan/plan.ts'
import { leftAlone } from '../plan/watch.ts'
import type { StateUpdate } from '../state/recorder.ts'
import type { SourcePrint } from '../state/source-print.ts'
import { tableGuard } from './guards.ts'
import { Meter } from './meter.ts'
import type { PreparedRun } from './prepare.ts'
import { notEqual, proveSynced } from './prove.ts'
import type { TableReport, Verified } from './report.ts'
import { backOff, isPassing } from './retry.ts'
import type { Help } from './share.ts'
import { printAfter } from './source-look.ts'
import { syncTable, type TableSyncResult } from './sync-table.ts'

export type TableJob = {
  readonly prepared: PreparedRun
  readonly plan: TablePlan
  readonly target: Target
  /** What its database's lock goes by. */
  readonly place: string
  readonly emit: Emit
  /** Told of every snapshot that was opened for one table alone, at its end. */
  readonly alsoRead: (snapshot: Snapshot) => void
  /** Readers that are left over. */
  readonly help: Help
  readonly signal: AbortSignal
  /** When the whole table was last compared, before this run. */
  readonly comparedAt: string | null
  readonly record: (update: StateUpdate) => void
  /** Notes, on disk, that the rows of a table that was there already may be replaced. */
  readonly adopt: () => Promise<void>
  /** Whether that was noted, by an attempt before this one, or was never needed. */
  readonly adopted: () => boolean
  /** Masks secrets in what is kept. */
  readonly redact: (text: string) => string
}

/**
 * Syncs one table with retries, records what became of it, and reports it. Never throws for what concerns this table alone.
 * `blocked`: why what stands in its way could not be taken away; then nothing of it is written.
 */
export async function runTable(job: TableJob, blocked?: ErrorJson): Promise<TableReport> {
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
  if (blocked !== undefined) {
    job.record({ sync_status: 'FAILED', error_message: job.redact(blocked.message) })
    return done({ ...idle, outcome: 'failed', error: blocked })
  }

  let meter: Meter | undefined
  for (let attempt = 1; ; attempt++) {
    meter = new Meter(emit, plan.id, meter)
    const total = plan.schema.estimate?.rows
    emit({ type: 'table.started', id: plan.id, attempt, ...(total === undefined ? {} : { rows: total }) })
    try {
      const comparedAt = new Date().toISOString()
      const { result, position, sameMoment, verified, print } = await attemptTable(job, meter, attempt, comparedAt)
      const warnings = [...plan.warnings, ...(sameMoment ? [] : [LATER_MOMENT])]
      const rest = { retries: attempt - 1, warnings, ...(verified === undefined ? {} : { verified }) }
      if (verified?.equal === false) {
        const error = errorJson(notEqual(plan, verified))
        job.record({ sync_status: 'FAILED', error_message: job.redact(error.message) })
        return done({ ...idle, ...counts(meter), strategy: result.strategy, ...rest, outcome: 'failed', error })
      }
      return done({ ...idle, ...success(job, meter, { result, position, print }, comparedAt), ...rest })
    } catch (error) {
      const failure = errorJson(error)
      const cancelled = signal.aborted || failure.kind === 'cancelled'
      if (!cancelled && isPassing(failure) && attempt <= job.prepared.config.maxRetries) {
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
      return done({ ...idle, ...counts(meter), outcome: failure.kind === 'refused' ? 'refused' : 'failed', retries: attempt - 1, error: failure })
    }
  }
}

type Attempt = {
  readonly result: TableSyncResult
  readonly position: Position
  readonly sameMoment: boolean
  readonly verified: Verified | undefined
  /** What the next run needs to leave the copy alone. */
  readonly print: SourcePrint | undefined
}

/**
 * A first attempt reads the run's snapshot. After a fault that one may be gone, and where the lock was lost meanwhile another run may
 * have written something newer: then it opens its own, under the lock.
 */
async function attemptTable(job: TableJob, meter: Meter, attempt: number, at: string): Promise<Attempt> {
  const { prepared, target, signal } = job
  await using own = new AsyncDisposableStack()
  const lock = await prepared.locks.hold(job.place)
  const sameMoment = attempt === 1 && prepared.locks.unbroken(job.place)
  const snapshot: Snapshot = sameMoment ? prepared.snapshot : own.use(await prepared.endpoints.source.open({ readers: 1, signal }))
  if (!sameMoment) own.defer(() => job.alsoRead(snapshot))
  const plan = sameMoment ? job.plan : await lookAgain(job, snapshot)
  let position: Position = null
  let digest: Digest | undefined
  const { maxDeletePercent, allow } = prepared.config
  const sync = {
    plan,
    snapshot,
    target,
    timestampColumns: matchingRule(prepared.config, plan.schema.table).timestampColumns,
    batchRows: prepared.config.batchRows,
    meter,
    help: job.help,
    signal,
    // An attempt before this one, or another run meanwhile, may have written something.
    print: sameMoment && prepared.only === undefined ? plan.watch?.print : undefined,
    surveyed: (found: Digest) => {
      digest = found
    },
    keys: prepared.only?.get(plan.id),
    guard: tableGuard({ plan, maxDeletePercent, allow, strangers: !job.adopted(), adopt: plan.firstContact ? job.adopt : async () => {} }),
    mayWrite: () => {
      if (!lock.held()) throw lockLost(plan)
    },
    save: async (reached: Position) => {
      position = reached
    },
  }
  const result = await syncTable(sync)
  const verified = prepared.config.verifyAfterSync ? await proveSynced(sync, result, prepared.config.verify.level) : undefined
  const print = await printAfter(sync, { result, verified, position, digest, at })
  return { result, position, sameMoment, verified, print }
}

const lockLost = ({ wanted: { table } }: TablePlan): SyncError =>
  new SyncError('RUN_LOCK_LOST', `The lock on ${table.database} was lost while ${tableName(table)} was read.`, {
    kind: 'transient',
    table,
    hint: 'Another run may have started meanwhile. Run again.',
  })

/** The fault may have come after the definition was changed at the target: only what is still missing is done again. One that was changed at the source needs another plan. */
async function lookAgain({ plan, target }: TableJob, snapshot: Snapshot): Promise<TablePlan> {
  await sameAtSource(plan.schema, snapshot, target)
  const { database, name } = plan.wanted.table
  const { existing: _, altered: _altered, ...rest } = plan
  const existing = (await target.describe(database, [name])).find(({ table }) => table.name === name)
  if (existing === undefined) return { ...rest, changes: [], statements: [] }
  const diff = diffAgain(plan, target, existing)
  // Another database may have brought a shared table meanwhile.
  if (diff.conflicts.length > 0) throw schemaConflict(plan.schema.table, plan.wanted.table, diff)
  const { changes, altered, meanwhile: wanted = plan.wanted } = diff
  // A full copy that brings the definition along still does.
  const carried = plan.changes.length > 0 && plan.statements.length === 0
  const statements = carried ? [] : changes.flatMap((change) => target.render(change))
  return { ...rest, wanted, existing, changes, statements, ...(altered === undefined ? {} : { altered }) }
}

/** `wanted` is already without what waits for the rows. */
function diffAgain({ wanted, diff: options = { drop: 'definitions' } }: TablePlan, target: Target, existing: TableSchema): SchemaDiff {
  const diff = diffOf(target, existing, wanted, options)
  if (!options.lossy) return diff
  return { ...diff, changes: diff.changes.map((change) => (change.type === 'alter-table' ? { ...change, lossy: true } : change)) }
}

async function sameAtSource(planned: TableSchema, snapshot: Snapshot, target: Target): Promise<void> {
  const { table } = planned
  const now = (await snapshot.describe(table.database, [table.name])).find(({ table: { name } }) => name === table.name)
  const shape = ({ columns, key }: TableSchema) => JSON.stringify([columns, key])
  if (now !== undefined && shape(target.ask?.(now) ?? now) === shape(planned)) return
  const what = now === undefined ? 'is not at the source any more, or hidden since' : 'was altered at the source'
  throw new SyncError('SCHEMA_CHANGED', `${tableName(table)} ${what}: the run had planned with what was there when it began.`, {
    kind: 'data',
    table,
    hint: 'Run again: the next run plans with what is there then.',
  })
}

type Reached = Pick<Attempt, 'result' | 'position' | 'print'>

function success(job: TableJob, meter: Meter, { result, position, print }: Reached, now: string) {
  const comparedAt = result.whole ? now : job.comparedAt
  job.record({
    sync_status: 'SUCCESS',
    sync_mode: result.strategy === 'full' ? 'FULL' : 'INCREMENTAL',
    records_synced: meter.written,
    // Only the rows that were named have been looked at: what came later is still to come.
    ...(isRepair(result) ? {} : { last_sync_time: now, position }),
    compared_at: comparedAt,
    ...(job.target.supports.billed === undefined ? {} : { source_print: print ?? null }),
    ...(job.plan.firstContact ? { first_contact: false } : {}),
  })
  const { differences = [] } = job.plan
  const written = result.strategy === 'full' || meter.written > 0 || differences.length > 0
  const outcome = written ? ('synced' as const) : ('unchanged' as const)
  return {
    ...(differences.length === 0 ? {} : { definition: differences }),
    ...counts(meter),
    strategy: result.strategy,
    outcome,
    comparedAt,
    ...(result.print === undefined ? {} : { lookedAt: result.print.at }),
    guarantee: guaranteeOf(job.plan, result, comparedAt),
  }
}

const isRepair = ({ strategy, whole }: TableSyncResult): boolean => strategy === 'digest' && !whole

/** A run by time that went on to compare the whole table reached more than was planned. */
function guaranteeOf(plan: TablePlan, result: TableSyncResult, comparedAt: string | null): Guarantee {
  const looked = plan.watch?.looked ?? plan.guarantee
  if (result.print !== undefined) return leftAlone(looked, result.print, comparedAt)
  if (looked.level === 'exact' || plan.strategy.kind !== 'time') return looked
  return result.whole ? { level: 'exact' } : { ...looked, since: comparedAt }
}

const counts = (meter: Meter) => ({
  rowsRead: meter.rowsRead,
  inserted: meter.inserted,
  updated: meter.updated,
  deleted: meter.deleted,
  skipped: meter.skipped,
  bytes: meter.bytes,
})

const LATER_MOMENT = 'read again after a fault: of a later moment than the other tables'
