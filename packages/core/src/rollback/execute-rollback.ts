import type { BackupPoint, RestoreReceipt } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { JsonValue } from '../model/json.ts'
import type { TableRef } from '../model/schema.ts'
import { lockPlace } from '../run/run-locks.ts'
import { beforeRollback, parseNote, type RollbackNote } from './note.ts'
import { refuseOvertaken } from './overtaken.ts'
import type { RollbackEnds, RollbackPlan } from './plan-rollback.ts'
import { forgetPositions, positionsIn, readPositions, writePositions } from './positions.ts'
import type { RollbackReport } from './report.ts'
import { unfinished } from './unfinished.ts'

/** `backup`: the state before is kept; `restore`: the tables are built beside the live ones; `swap`: they change places. */
export type RollbackProgress = { readonly phase: 'backup' | 'restore'; readonly table: TableRef; readonly rows: number } | { readonly phase: 'swap' }

export type ExecuteRollback = {
  readonly signal: AbortSignal
  readonly progress: (done: RollbackProgress) => void
}

type RestorePlan = Extract<RollbackPlan, { kind: 'restore' }>

/** Carries out the plan under the locks of a run. After a throw the tables are as they were, or the error says how to finish. */
export async function executeRollback(ends: RollbackEnds, plan: RollbackPlan, options: ExecuteRollback): Promise<RollbackReport> {
  const startedAt = new Date()
  await using locks = new AsyncDisposableStack()
  const databases = plan.kind === 'finish' ? plan.pending.databases : plan.databases
  // In one order, so that two of them never wait for each other.
  for (const database of databases.toSorted()) {
    locks.use(await ends.state.lock(lockPlace(ends.name, database)))
    locks.use(await ends.target.lock(database, options.signal))
  }
  const done = plan.kind === 'finish' ? await finish(ends, plan.pending.point, databases, options) : await restore(ends, plan, options)
  return { ...done, startedAt: startedAt.toISOString(), ms: Date.now() - startedAt.getTime() }
}

type Done = Omit<RollbackReport, 'startedAt' | 'ms'>

async function finish(ends: RollbackEnds, point: string, databases: readonly string[], { signal, progress }: ExecuteRollback): Promise<Done> {
  // It was seen before the lock was held: somebody else may have finished it.
  const pending = await ends.backups.unfinished(databases, signal)
  if (pending === undefined || pending.point !== point) {
    throw new SyncError('ROLLBACK_FINISHED', `The rollback to ${point} was finished by another command meanwhile.`, {
      kind: 'locked',
      hint: 'Look with dbsync rollback --list',
    })
  }
  const note = parseNote(pending.note)
  progress({ phase: 'swap' })
  const receipt = await ends.backups.resume(databases, { signal, swapped: () => recordPositions(ends, note) })
  return reportOf('finished', point, note, receipt)
}

async function restore(ends: RollbackEnds, plan: RestorePlan, { signal, progress }: ExecuteRollback): Promise<Done> {
  const { backups, name } = ends
  const { point, databases, tables, loseHistory } = plan
  const pending = await backups.unfinished(databases, signal)
  if (pending !== undefined) throw unfinished(pending)
  // A dump holds what it holds, and may lie elsewhere.
  if (point.kind === 'journal') await refuseOvertaken(backups, point)
  const positions = (point.manifest && positionsIn(point.manifest.state)) ?? null
  const before = await keepPresent(ends, plan, { signal, progress })
  const note: RollbackNote = {
    version: 1,
    target: name,
    positions,
    tables: tables.map((table) => ({ database: table.database, name: table.name })),
    before: before.name,
    proved: point.manifest !== undefined,
  }
  try {
    const receipt = await backups.restore(point, {
      databases,
      tables,
      loseHistory,
      note: note as unknown as JsonValue,
      signal,
      swapping: async () => progress({ phase: 'swap' }),
      swapped: () => recordPositions(ends, note),
      progress: (done) => progress({ phase: 'restore', ...done }),
    })
    return reportOf('restored', point.name, note, receipt)
  } catch (error) {
    if (!SyncError.is(error) || signal.aborted) throw error
    // Nobody knows how far it came, so that the point may be needed.
    if (error.kind === 'transient' || error.kind === 'connection') throw toBeFinished(error, point)
    if (!(await mayHaveBegun(ends, databases, signal))) await backups.drop(before)
    throw error
  }
}

const toBeFinished = (error: SyncError, { name }: BackupPoint): SyncError =>
  new SyncError(error.code, error.message, {
    kind: error.kind,
    cause: error,
    hint: `${error.hint ?? 'All tables are as before or as in the point.'} The same command finishes it or begins again: dbsync rollback ${name}`,
    ...(error.table === undefined ? {} : { table: error.table }),
  })

async function mayHaveBegun({ backups }: RollbackEnds, databases: readonly string[], signal: AbortSignal): Promise<boolean> {
  try {
    return (await backups.unfinished(databases, signal)) !== undefined
  } catch (error) {
    // What went wrong first is told, and not that this could not be asked.
    if (SyncError.is(error)) return true
    throw error
  }
}

/** The way back from the rollback. */
async function keepPresent(
  { backups, state, name }: RollbackEnds,
  { point, tables }: RestorePlan,
  { signal, progress }: ExecuteRollback,
): Promise<BackupPoint> {
  const also = point.manifest && positionsIn(point.manifest.state)
  return await backups.create(
    {
      at: new Date(),
      run: null,
      target: name,
      tables: tables.map((table) => ({ database: table.database, name: table.name })),
      state: beforeRollback(await readPositions(state, name, tables, also), point.name) as unknown as JsonValue,
      progress: (written) => progress({ phase: 'backup', ...written }),
    },
    signal,
  )
}

/** Together with the tables, and again where a kill came in between. */
async function recordPositions({ state }: RollbackEnds, { target, positions, tables }: RollbackNote): Promise<void> {
  if (positions !== null) await writePositions(state, target, positions)
  // A journal takes tables back that only later runs touched.
  await forgetPositions(state, target, tables, positions ?? {})
}

const reportOf = (outcome: Done['outcome'], point: string, note: RollbackNote, { tables, apart, missing }: RestoreReceipt): Done => ({
  target: note.target,
  point,
  outcome,
  proved: note.proved,
  tables,
  apart,
  missing,
  before: note.before,
  positions: note.positions === null ? 'forgotten' : 'restored',
})
