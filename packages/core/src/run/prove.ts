import { canDigest } from '../contract/reader.ts'
import { deletesRows } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { tableName } from '../model/schema.ts'
import type { TablePlan } from '../plan/plan.ts'
import type { VerifyLevel } from '../verify/report.ts'
import { Tally } from '../verify/tally.ts'
import { compareTable } from '../verify/verify-table.ts'
import { BATCH_BYTES } from './batch-bytes.ts'
import type { Verified } from './report.ts'
import type { TableSync, TableSyncResult } from './sync-table.ts'

/** Rows of a difference that a report names. */
const NAMED = 5

/**
 * Looks again at what a run has just written, against the moment that it read. A table that was equal and of which nothing was written was compared before:
 * that is its proof. After a run by time the rows that were sent are read back and both ends are counted, for the rest of the table is not what such a run
 * promises; a copy or a comparison of the whole table is proved as a whole. `undefined`: nothing can be proved of this table.
 */
export async function proveSynced(sync: TableSync, result: TableSyncResult, level: VerifyLevel): Promise<Verified | undefined> {
  const { plan, meter } = sync
  // A source table without transactions has no moment: what differs may have changed since. A copy that was not looked at proves nothing.
  if (!plan.schema.transactional || result.print !== undefined) return undefined
  const written = result.strategy === 'full' || meter.written > 0 || result.differed === true
  if (!written) return result.strategy === 'digest' ? { level: 'digest', scope: 'table', rows: meter.skipped, equal: true } : undefined
  if (result.strategy !== 'time' || level === 'rows' || (result.sent === undefined && level !== 'count')) return await proveTable(sync, level)
  return (await proveSent(sync, result)) ?? (await proveTable(sync, 'count'))
}

async function proveTable(sync: TableSync, wanted: VerifyLevel): Promise<Verified> {
  const { plan, snapshot: source, target, batchRows, signal } = sync
  const tally = new Tally(plan.schema, NAMED, () => false)
  const { surveyed = () => {} } = sync
  const ends = { source, target, schema: plan.schema, wanted: plan.wanted, batchRows, batchBytes: BATCH_BYTES, signal, surveyed }
  const level = await compareTable(ends, wanted, tally, undefined)
  const { differences, different } = tally
  return { level, scope: 'table', rows: tally.rowsCompared, equal: different === 0, ...(different === 0 ? {} : { differences }) }
}

/** Reads the window of a run by time back from the target: every row that was sent must be in it, byte for byte. `undefined`: they were too many to remember. */
async function proveSent({ plan, snapshot, target, batchRows, signal }: TableSync, { sent }: TableSyncResult): Promise<Verified | undefined> {
  if (plan.strategy.kind !== 'time' || sent === undefined) return undefined
  const rows = sent.size
  const request = { schema: plan.wanted, since: plan.strategy.since, batchRows, batchBytes: BATCH_BYTES, signal, transient: true as const }
  for await (const batch of target.read(request)) sent.remove(batch)
  const [theirs, ours] = await Promise.all([snapshot.count(plan.schema, signal), target.count(plan.wanted, signal)])
  // Where nothing can be compared as a whole, rows that were deleted at the source stay.
  const counted = theirs === ours || !canDigest(snapshot) || !canDigest(target) || !deletesRows(target, plan.schema)
  return { level: 'rows', scope: 'written', rows, equal: sent.size === 0 && counted }
}

export const notEqual = ({ schema, wanted }: TablePlan, { level, scope }: Verified): SyncError =>
  new SyncError(
    'NOT_EQUAL',
    `${tableName(schema.table)} was synced, and ${scope === 'written' ? 'the rows that were written' : 'the copy'} ${tableName(wanted.table)} ${scope === 'written' ? 'are not there as they were sent' : 'is not equal to it'} (checked by ${level}).`,
    {
      kind: 'data',
      table: schema.table,
      hint: 'Somebody else writes to the copy, or its server changes values. The next run compares the whole table; dbsync verify names the rows.',
    },
  )
