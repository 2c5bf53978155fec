import { type ErrorJson, errorJson, SyncError } from '../errors/sync-error.ts'
import { mustHave } from '../model/must.ts'
import { tableName } from '../model/schema.ts'
import type { DatabasePlan, TableDrop, TablePlan } from '../plan/plan.ts'
import type { PreparedRun } from './prepare.ts'
import type { TableReport } from './report.ts'
import { retried } from './retry.ts'
import { lockPlace } from './run-locks.ts'
import type { TableJob } from './run-table.ts'

/**
 * Before the first table is altered: foreign keys that stand in the way go. Answers why they could not, by table; the others go on, and what cannot be done
 * without them fails by itself.
 */
export async function makeWay(jobs: readonly TableJob[]): Promise<ReadonlyMap<string, ErrorJson>> {
  const failures = new Map<string, ErrorJson>()
  for (const { plan, target, prepared, signal } of jobs) {
    if (plan.refused !== undefined || signal.aborted) continue
    try {
      await retried(() => target.run(plan.before ?? [], signal), { config: prepared.config, signal, retrying: () => {} })
    } catch (error) {
      const failure = errorJson(error)
      if (failure.kind === 'bug') throw error
      failures.set(plan.id, failure)
    }
  }
  return failures
}

/** What had to wait and is done, whether the table got there or not: what went before its rows comes back. */
export function lateStatements({ refused, before, after = [] }: TablePlan, reached: boolean): readonly string[] {
  const cameApart = before !== undefined && refused === undefined
  return after.filter(({ always }) => reached || (always && cameApart)).flatMap(({ statements }) => statements)
}

/** When all tables are done: what had to wait. A table whose change fails counts as failed; the next run does what is missing. */
export async function finishDefinitions(jobs: readonly TableJob[], reports: Map<string, TableReport>): Promise<void> {
  for (const job of jobs) {
    const report = mustHave(reports, job.plan.id)
    const reached = report.outcome === 'synced' || report.outcome === 'unchanged'
    const statements = lateStatements(job.plan, reached)
    if (statements.length === 0) continue
    try {
      job.signal.throwIfAborted()
      const lock = await job.prepared.locks.hold(job.place)
      if (!lock.held()) throw lockLost(job)
      await job.target.run(statements, job.signal)
    } catch (error) {
      const failure: ErrorJson = errorJson(error)
      if (job.signal.aborted) {
        // Its rows are in: the state may say so.
        if (reached) reports.set(job.plan.id, { ...report, outcome: 'cancelled' })
        continue
      }
      if (failure.kind === 'bug') throw error
      job.record({ sync_status: 'FAILED', error_message: job.redact(failure.message) })
      reports.set(job.plan.id, { ...report, outcome: 'failed', error: report.error ?? failure })
    }
  }
}

export type Dropped = {
  /** What became of each, in sentences. */
  readonly said: readonly string[]
  /** Something that should have gone could not. */
  readonly failed: boolean
}

/** Drops what is gone at the source and may go. Asked again right before: what cannot be seen for certain stays. */
export async function dropGone(prepared: PreparedRun, signal: AbortSignal): Promise<Dropped> {
  const said: string[] = []
  let failed = false
  const { source, targets } = prepared.endpoints
  for (const target of prepared.plan.targets) {
    for (const database of target.databases) {
      const drops = database.drops ?? []
      if (drops.length > 0 && !signal.aborted) await tried(drops, () => dropFrom(target.name, database, drops))
    }
  }
  return { said, failed }

  async function dropFrom(target: string, database: DatabasePlan, drops: readonly TableDrop[]): Promise<void> {
    const names = drops.map(({ table }) => table.name)
    const there = new Set((await prepared.snapshot.describe(database.source, names)).map(({ table }) => table.name))
    const certain = (await source.visibility(database.source)).scope === 'complete'
    const lock = await prepared.locks.hold(lockPlace(target, database.target))
    for (const drop of drops) {
      const { table, statements } = drop
      if (!certain || there.has(table.name) || !lock.held()) {
        said.push(`${tableName(table)} is kept: it was not certain any more that it is gone at the source`)
        continue
      }
      await tried([drop], async () => {
        await mustHave(targets, target).run(statements, signal)
        mustHave(prepared.recorders, database.source).forget(target, table.name)
        said.push(`${tableName(table)} was dropped: it is gone at the source`)
      })
    }
  }

  /** The tables that are synced are done by now: what fails here must not take their report away. */
  async function tried(drops: readonly TableDrop[], work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const { kind, message } = errorJson(error)
      if (signal.aborted) return
      if (kind === 'bug') throw error
      failed = true
      said.push(...drops.map(({ table }) => `${tableName(table)} is kept: ${message}`))
    }
  }
}

const lockLost = ({ plan: { wanted } }: TableJob): SyncError =>
  new SyncError('RUN_LOCK_LOST', `The lock on ${wanted.table.database} was lost before the definition of ${tableName(wanted.table)} was finished.`, {
    kind: 'transient',
    table: wanted.table,
    hint: 'Another run may have started meanwhile. Run again.',
  })
