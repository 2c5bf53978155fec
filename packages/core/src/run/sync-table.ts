import { canDigest } from '../contract/reader.ts'
import type { Snapshot } from '../contract/source.ts'
import type { TableWriter, Target, WriteWork } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { Batch, Chunk, Position } from '../model/batch.ts'
import type { RowBatch } from '../model/rows.ts'
import { afterChanges } from '../plan/assemble.ts'
import type { Strategy, TablePlan } from '../plan/plan.ts'
import { positionBounds, timeColumns, zoneOf } from '../plan/time-columns.ts'
import { differences, TooDifferent } from './compare.ts'
import type { Meter } from './meter.ts'
import { pump } from './pump.ts'
import { countPresent, RowSet } from './row-set.ts'

/** More rows than this in the lookback are not remembered one by one: the table is compared by digest, or rows are sent again. */
const REMEMBERED_ROWS = 200_000

/** New rows up to this size wait in memory for the counts; beyond it they are loaded meanwhile, which may be for nothing. */
const HELD_BYTES = 8 << 20

const BATCH_BYTES = 1 << 20

export type TableSync = {
  readonly plan: TablePlan
  readonly snapshot: Snapshot
  readonly target: Target
  readonly timestampColumns: readonly string[] | undefined
  readonly batchRows: number
  readonly meter: Meter
  readonly signal: AbortSignal
  /** Throws where the rows that were read must not be written any more. */
  readonly mayWrite?: () => void
  readonly save: (position: Position) => Promise<void>
}

export type TableSyncResult = {
  /** What was done in the end. */
  readonly strategy: Strategy['kind']
  /** The whole table was copied or compared. */
  readonly whole: boolean
}

/** Makes one table equal, once, by the plan's strategy; where that turns out not to be enough, by the next stronger one. */
export async function syncTable(sync: TableSync): Promise<TableSyncResult> {
  await sync.target.run(sync.plan.statements, sync.signal)
  switch (sync.plan.strategy.kind) {
    case 'full':
      return await copyInFull(sync)
    case 'digest':
      return await compareWhole(sync)
    case 'time':
      return await copyNewer(sync, sync.plan.strategy.since)
  }
}

async function copyInFull(sync: TableSync): Promise<TableSyncResult> {
  const { plan, snapshot, meter, batchRows, signal } = sync
  async function* batches(): AsyncIterable<Batch> {
    // An empty batch first: a table without rows is replaced too.
    yield { table: plan.wanted.table }
    for await (const upserts of snapshot.read({ schema: plan.schema, batchRows, batchBytes: BATCH_BYTES, transient: true, signal })) {
      meter.read(upserts)
      yield { table: plan.wanted.table, upserts }
    }
  }
  meter.phase('copy', plan.schema.estimate?.rows)
  await write(sync, 'replace', batches())
  return { strategy: 'full', whole: true }
}

async function compareWhole(sync: TableSync): Promise<TableSyncResult> {
  const { plan, snapshot: source, target, meter, batchRows, signal } = sync
  if (!canDigest(source) || !canDigest(target)) return await copyInFull(sync)
  const { schema, wanted } = plan
  const compared = (rows: number) => meter.compared(rows)
  async function* batches(): AsyncIterable<Batch> {
    if (!canDigest(source) || !canDigest(target)) return
    for await (const batch of differences({ source, target, schema, wanted, batchRows, batchBytes: BATCH_BYTES, signal, compared })) {
      if (batch.upserts !== undefined) meter.read(batch.upserts)
      yield batch
    }
  }
  meter.phase('compare', schema.estimate?.rows)
  try {
    await write(sync, 'merge', batches())
  } catch (error) {
    if (error instanceof TooDifferent) return await copyInFull(sync)
    throw error
  }
  return { strategy: 'digest', whole: true }
}

/** Thrown before a commit: with the rows that are new by time the target would not have as many rows as the source. */
class CountsDiffer extends Error {}

/**
 * Reads the rows that are new by time. Rows that the lookback reads again are dropped before they are sent, by what the target has
 * in the same window, so that a quiet run writes nothing. Time does not show deletes: both ends count their rows too, and where the
 * counts would not fit, nothing is committed and the whole table is compared instead, so that a table changes in one commit.
 */
async function copyNewer(sync: TableSync, since: Readonly<Record<string, string>>): Promise<TableSyncResult> {
  const { plan, snapshot, target, meter, batchRows, signal } = sync
  const limits = { since, batchRows, batchBytes: BATCH_BYTES, signal }
  const comparable = canDigest(snapshot) && canDigest(target)
  meter.phase('copy')
  const counts = Promise.all([snapshot.count(plan.schema, signal), target.count(plan.wanted, signal)])
  // A failure elsewhere must not leave this one unheard.
  counts.catch(() => {})
  const present = new RowSet()
  for await (const rows of target.read({ schema: plan.wanted, limit: REMEMBERED_ROWS, ...limits })) present.add(rows)
  if (present.size >= REMEMBERED_ROWS && comparable) return await compareWhole(sync)

  async function* batches(): AsyncIterable<Batch> {
    // Held back while they fit, so that usually the counts are settled before the target hears of anything.
    const held: RowBatch[] = []
    let heldBytes = 0
    let fresh = 0
    let known = Promise.resolve(0)
    for await (const rows of snapshot.read({ schema: plan.schema, ...limits })) {
      meter.read(rows)
      const upserts = present.without(rows)
      meter.skip(rows.rowCount - upserts.rowCount)
      if (upserts.rowCount === 0) continue
      fresh += upserts.rowCount
      const before = await known
      known = countPresent(target, plan.wanted, upserts, signal).then((more) => before + more)
      known.catch(() => {})
      held.push(upserts)
      heldBytes += upserts.bytes.length
      if (heldBytes > HELD_BYTES) for (const batch of held.splice(0)) yield { table: plan.wanted.table, upserts: batch }
    }
    const [theirs, ours] = await counts
    if (comparable && theirs !== ours + fresh - (await known)) throw new CountsDiffer()
    for (const batch of held) yield { table: plan.wanted.table, upserts: batch }
  }
  try {
    await write(sync, 'merge', batches())
  } catch (error) {
    // Rows that do not go in may clash with one that is gone at the source: the comparison takes that one away first.
    const clash = SyncError.is(error) && error.kind === 'data' && comparable
    if (!clash && !(error instanceof CountsDiffer)) throw error
    return await compareWhole(sync)
  }
  return { strategy: 'time', whole: false }
}

/** Pumps batches into one writer, which is opened with the first of them: where there is nothing to write, nothing is opened. */
async function write(sync: TableSync, disposition: WriteWork['disposition'], batches: AsyncIterable<Batch>): Promise<void> {
  const { plan, target, meter, signal, mayWrite } = sync
  let writer: TableWriter | undefined
  async function* chunks(): AsyncIterable<Chunk> {
    for await (const batch of batches) yield { type: 'rows', batches: [batch] }
    if (writer !== undefined) meter.phase('apply')
    yield { type: 'rows', batches: [], position: await newPosition(sync) }
  }
  try {
    await pump({
      chunks: chunks(),
      writerOf: async () => {
        writer ??= await target.open({ disposition, schema: plan.wanted, existing: afterChanges(plan) }, signal)
        mayWrite?.()
        return writer
      },
      due: () => false,
      save: sync.save,
      committed: (receipt) => meter.wrote(receipt),
    })
  } finally {
    await writer?.[Symbol.asyncDispose]()
  }
}

/** Where the next run by time goes on: per column the newest value that this snapshot holds, never beyond its clock. */
async function newPosition({ plan, snapshot, timestampColumns, signal }: TableSync): Promise<Position> {
  const time = timeColumns(plan.schema, timestampColumns)
  if (time === undefined || plan.schema.key.length === 0) return null
  return { columns: await snapshot.newest(plan.schema, positionBounds(time.columns, snapshot.clock), signal), zone: zoneOf(snapshot.clock) }
}
