import { canDigest, type Digest } from '../contract/reader.ts'
import type { Snapshot } from '../contract/source.ts'
import { deletesRows, type Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { Batch, Position } from '../model/batch.ts'
import type { RowBatch } from '../model/rows.ts'
import type { Strategy, TablePlan } from '../plan/plan.ts'
import type { SourcePrint } from '../state/source-print.ts'
import { BATCH_BYTES } from './batch-bytes.ts'
import { type Comparison, type Finding, findings, isHopeless, survey } from './compare.ts'
import { copyInFull } from './copy-in-full.ts'
import { settleCounter } from './counter.ts'
import { batchesOf, effectOf, findingOf } from './differences.ts'
import type { TableGuard } from './guards.ts'
import type { Meter } from './meter.ts'
import { countPresent, RowSet } from './row-set.ts'
import type { Help } from './share.ts'
import { type Ahead, lookAtSource } from './source-look.ts'
import { newPosition, write } from './write.ts'

/** More rows than this in the lookback are not remembered one by one: the table is compared by digest, or rows are sent again. */
const REMEMBERED_ROWS = 200_000

/** New rows up to this size wait in memory for the counts; beyond it they are loaded meanwhile, which may be for nothing. */
const HELD_BYTES = 8 << 20

/** Keys of rows that differ are held up to this size, so that usually a guard has seen all of them before the target hears of any. */
const HELD_FINDINGS = 16 << 20

export type TableSync = {
  readonly plan: TablePlan
  readonly snapshot: Snapshot
  readonly target: Target
  readonly timestampColumns: readonly string[] | undefined
  readonly batchRows: number
  readonly meter: Meter
  /** Readers that are left over, for a comparison or for parts of a large table. */
  readonly help?: Help
  readonly signal: AbortSignal
  /** While the source is still this the copy is left alone. */
  readonly print?: SourcePrint | undefined
  /** Told of the digest of the whole table at the source, whenever it is taken. */
  readonly surveyed?: (source: Digest) => void
  /** All rows that differ, by packed key. */
  readonly keys?: readonly Uint8Array[] | undefined
  readonly guard: TableGuard
  /** Throws where the rows that were read must not be written any more. */
  readonly mayWrite?: () => void
  readonly save: (position: Position) => Promise<void>
}

export type TableSyncResult = {
  /** What was done in the end. */
  readonly strategy: Strategy['kind']
  /** The whole table was copied or compared. */
  readonly whole: boolean
  /** The copy was not looked at, because the source is still this. */
  readonly print?: SourcePrint
  /** Both ends were not equal when they were compared, whether anything was written then or not. */
  readonly differed?: boolean
  /** By time: the rows that were sent; `undefined` where they were too many to remember. */
  readonly sent?: RowSet | undefined
}

/** Makes one table equal, once, by the plan's strategy; where that turns out not to be enough, by the next stronger one. */
export async function syncTable(sync: TableSync): Promise<TableSyncResult> {
  await guardBefore(sync)
  // Counting takes its time.
  if (sync.plan.statements.length > 0) sync.mayWrite?.()
  await sync.target.run(sync.plan.statements, sync.signal)
  const result = await syncRows(sync)
  sync.mayWrite?.()
  await settleCounter(sync.plan, sync.target, result.strategy === 'full' || sync.meter.written > 0, sync.signal)
  return result
}

async function syncRows(sync: TableSync): Promise<TableSyncResult> {
  const { strategy } = sync.plan
  if (strategy.kind === 'full') return await copyInFull(sync)
  sync.meter.phase(strategy.kind === 'digest' ? 'compare' : 'copy', sync.plan.schema.estimate?.rows)
  const ahead = sync.print === undefined ? undefined : await lookAtSource(sync, sync.print)
  if (sync.print !== undefined && ahead?.same) return await leaveAlone(sync, sync.print)
  return strategy.kind === 'digest' ? await compareWhole(sync, ahead) : await copyNewer(sync, strategy.since, ahead)
}

async function leaveAlone(sync: TableSync, print: SourcePrint): Promise<TableSyncResult> {
  const { strategy } = sync.plan
  sync.meter.skip(print.rows)
  await sync.save(await newPosition(sync))
  return { strategy: strategy.kind, whole: false, print }
}

/** Before a definition changes or a table is replaced. A comparison counts by itself. */
export async function guardBefore(sync: TableSync): Promise<void> {
  const { plan, snapshot, target, guard, signal } = sync
  const { existing } = plan
  if (existing === undefined || (plan.strategy.kind !== 'full' && plan.statements.length === 0)) return
  const [theirs, ours] = await Promise.all([snapshot.count(plan.schema, signal), target.count(existing, signal)])
  guard.counts({ source: theirs, target: ours })
  if (plan.statements.length > 0) guard.refuseUnknown(ours)
  // No rows are nobody's rows: another tenant of a shared table, for one.
  if (plan.strategy.kind === 'full' && ours > 0) await guardUnknown(sync)
}

/** A copy in full would replace rows of which nobody knows whose they are: they have to be the source's. */
async function guardUnknown(sync: TableSync): Promise<void> {
  const { plan, target, guard, signal } = sync
  if (!guard.suspicious || plan.existing === undefined) return
  const comparison = comparisonOf(sync)
  if (comparison === undefined) return guard.refuseUnknown(await target.count(plan.existing, signal))
  const seen = await survey(comparison)
  if (seen.rows.target === 0) return
  if (seen.rows.source === 0 || isHopeless(seen, plan.schema)) return guard.refuseUnknown(seen.rows.target)
  for await (const finding of findings(comparison, seen)) guard.add(effectOf(finding))
  guard.check()
}

function comparisonOf({ plan, snapshot: source, target, batchRows, help, signal, surveyed }: TableSync): Comparison | undefined {
  if (!canDigest(source) || !canDigest(target)) return undefined
  const comparison = { source, target, schema: plan.schema, wanted: plan.wanted, batchRows, batchBytes: BATCH_BYTES, signal }
  return { ...comparison, ...(help === undefined ? {} : { help }), ...(surveyed === undefined ? {} : { surveyed }) }
}

async function compareWhole(sync: TableSync, ahead?: Ahead): Promise<TableSyncResult> {
  const { plan, meter, guard } = sync
  const silent = comparisonOf(sync)
  if (silent === undefined) return await copyInFull(sync)
  const comparison = { ...silent, compared: (rows: number) => meter.compared(rows) }
  meter.phase('compare', plan.schema.estimate?.rows)
  // A merge into a table without transactions could end half done.
  const atomic = plan.existing?.transactional !== false
  if (sync.keys !== undefined && atomic && plan.changes.length === 0) {
    const moved = await moveRows(sync, comparison, sync.keys)
    if (moved !== undefined) return moved
  }
  const seen = await survey(comparison, ahead?.digests)
  guard.counts(seen.rows)
  if (isHopeless(seen, plan.schema) || (seen.unequal.length > 0 && !atomic)) {
    await guardUnknown(sync)
    return await copyInFull(sync)
  }
  await write(sync, 'merge', differingRows(sync, comparison, findings(comparison, seen)))
  return { strategy: 'digest', whole: true, differed: seen.unequal.length > 0 }
}

/** Brings only these rows in step, as both ends have them now. `undefined`: one does not go in, for a row that has changed since then has its unique value. */
async function moveRows(sync: TableSync, comparison: Comparison, keys: readonly Uint8Array[]): Promise<TableSyncResult | undefined> {
  const { plan, snapshot, target, guard, signal } = sync
  const [theirs, ours] = await Promise.all([snapshot.count(plan.schema, signal), target.count(plan.wanted, signal)])
  guard.counts({ source: theirs, target: ours })
  const found = [await findingOf(comparison, keys)]
  try {
    await write(sync, 'merge', differingRows(sync, comparison, found))
  } catch (error) {
    if (SyncError.is(error) && error.kind === 'data') return undefined
    throw error
  }
  return { strategy: 'digest', whole: false, differed: true }
}

/** Looks at all that differs before the first row is fetched, as far as the keys fit into memory. */
async function* differingRows(sync: TableSync, comparison: Comparison, all: AsyncIterable<Finding> | Iterable<Finding>): AsyncIterable<Batch> {
  const { meter, guard } = sync
  async function* fetched(found: readonly Finding[]): AsyncIterable<Batch> {
    for (const finding of found) {
      for await (const batch of batchesOf(comparison, finding)) {
        if (batch.upserts !== undefined) meter.read(batch.upserts)
        yield batch
      }
    }
  }
  const held: Finding[] = []
  let heldBytes = 0
  for await (const finding of all) {
    const effect = effectOf(finding)
    guard.add(effect)
    held.push(finding)
    heldBytes += effect.bytes
    if (heldBytes <= HELD_FINDINGS) continue
    guard.check()
    yield* fetched(held.splice(0))
  }
  guard.check()
  yield* fetched(held)
}

/** Thrown before a commit: with the rows that are new by time the target would not have as many rows as the source. */
class CountsDiffer extends Error {}

/**
 * Reads the rows that are new by time. Rows that the lookback reads again are dropped before they are sent, by what the target has
 * in the same window, so that a quiet run writes nothing. Time does not show deletes: both ends count their rows too, and where the
 * counts would not fit, nothing is committed and the whole table is compared instead, so that a table changes in one commit.
 */
async function copyNewer(sync: TableSync, since: Readonly<Record<string, string>>, ahead?: Ahead): Promise<TableSyncResult> {
  const { plan, snapshot, target, meter, batchRows, signal } = sync
  const limits = { since, batchRows, batchBytes: BATCH_BYTES, signal }
  const comparable = canDigest(snapshot) && canDigest(target) && deletesRows(target, plan.schema)
  meter.phase('copy')
  const counts = Promise.all([ahead?.rows ?? snapshot.count(plan.schema, signal), target.count(plan.wanted, signal)])
  // A failure elsewhere must not leave this one unheard.
  counts.catch(() => {})
  const present = new RowSet()
  // Without a key equal rows are as many rows, and the target itself knows which ones it has.
  const keyed = plan.schema.key.length > 0
  if (keyed) for await (const rows of target.read({ schema: plan.wanted, limit: REMEMBERED_ROWS, ...limits })) present.add(rows)
  if (present.size >= REMEMBERED_ROWS && comparable) return await compareWhole(sync)

  let sent: RowSet | undefined
  async function* batches(): AsyncIterable<Batch> {
    // Held back while they fit, so that usually the counts are settled before the target hears of anything.
    const held: RowBatch[] = []
    let heldBytes = 0
    let fresh = 0
    sent = new RowSet()
    let known = Promise.resolve(0)
    for await (const rows of ahead?.window ?? snapshot.read({ schema: plan.schema, ...limits })) {
      meter.read(rows)
      const upserts = present.without(rows)
      meter.skip(rows.rowCount - upserts.rowCount)
      if (upserts.rowCount === 0) continue
      fresh += upserts.rowCount
      if (fresh > REMEMBERED_ROWS) sent = undefined
      sent?.add(target.kept?.(plan.schema, upserts) ?? upserts)
      const before = await known
      known = keyed ? countPresent(target, plan.wanted, upserts, signal).then((more) => before + more) : known
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
  return { strategy: 'time', whole: false, sent }
}
