import { createHash } from 'node:crypto'
import { canDigest, type Digest } from '../contract/reader.ts'
import type { Position } from '../model/batch.ts'
import type { RowBatch } from '../model/rows.ts'
import { isTimePosition, readFrom, timeColumns } from '../plan/time-columns.ts'
import type { SourceLook, SourcePrint } from '../state/source-print.ts'
import { addUp, digestSource, type SourceDigests } from './compare.ts'
import type { Verified } from './report.ts'
import { rowHashes } from './row-set.ts'
import type { TableSync, TableSyncResult } from './sync-table.ts'

/** The rows of a window are held and hashed up to this size; a table that has more of them is looked at in every run. */
const WINDOW_BYTES = 8 << 20

type Since = Readonly<Record<string, string>>
type Looking = Pick<TableSync, 'plan' | 'snapshot' | 'batchRows' | 'signal'>

/** What was read of the source to find out whether it has changed: nobody has to read it again. */
export type Ahead = {
  readonly same: boolean
  readonly digests?: SourceDigests
  readonly rows?: number
  /** All rows of the window. */
  readonly window?: readonly RowBatch[]
}

/** Whether the source is what it was when the copy was last looked at. Asks nothing of the target. */
export async function lookAtSource(sync: Looking, print: SourcePrint): Promise<Ahead> {
  const { plan, snapshot, signal } = sync
  if (print.by === 'digest') {
    if (!canDigest(snapshot)) return { same: false }
    const digests = await digestSource({ source: snapshot, schema: plan.schema, signal })
    return { same: isDigest(print, addUp(digests.values())), digests }
  }
  // It would be another window.
  if (plan.strategy.kind !== 'time' || !sameMoments(plan.strategy.since, print.since)) return { same: false }
  const rows = await snapshot.count(plan.schema, signal)
  if (rows !== print.rows) return { same: false, rows }
  const window = await readWindow(sync, print.since)
  return window === undefined ? { same: false, rows } : { same: windowHash(window) === print.window, rows, window }
}

type Ended = {
  readonly result: TableSyncResult
  readonly verified: Verified | undefined
  /** Where the next run by time goes on. */
  readonly position: Position
  /** Of the whole table at the source, where it was taken. */
  readonly digest: Digest | undefined
  /** When this attempt began. */
  readonly at: string
}

/**
 * What is kept of the source for the next run. Only where it is known that both ends are equal: they were compared and nothing was written after that, or
 * what was written was proved to be there. `undefined`: the next run looks at the copy.
 */
export async function printAfter(sync: TableSync, ended: Ended): Promise<SourcePrint | undefined> {
  const { plan, meter } = sync
  const { watch } = plan
  const { result, verified, position, digest, at } = ended
  if (watch === undefined || (plan.after ?? []).length > 0) return undefined
  const { print } = result
  if (print !== undefined && (print.by === 'digest' || sameMoments(print.since, sinceOf(sync, position)))) return print
  const written = result.strategy === 'full' || meter.written > 0
  const proved = written ? verified?.equal === true && (verified.level === 'digest' || verified.level === 'rows') : result.strategy === 'time' || result.whole
  if (!proved) return undefined
  const look = await lookOf(sync, watch.by === 'time' ? sinceOf(sync, position) : undefined, digest)
  return look && { ...look, form: watch.form, at: print?.at ?? at }
}

/** Where the next run by time will read from. */
function sinceOf({ plan: { schema, watch }, timestampColumns }: TableSync, position: Position): Since | undefined {
  const time = timeColumns(schema, timestampColumns)
  return time !== undefined && watch !== undefined && isTimePosition(position) ? readFrom(time.columns, position, watch.lookbackMinutes) : undefined
}

async function lookOf(sync: Looking, since: Since | undefined, digest: Digest | undefined): Promise<SourceLook | undefined> {
  const { plan, snapshot, signal } = sync
  // Without one moment rows and window would not belong together.
  if (since !== undefined && plan.schema.transactional) {
    const window = await readWindow(sync, since)
    if (window !== undefined) return { by: 'time', rows: await snapshot.count(plan.schema, signal), since, window: windowHash(window) }
  }
  return digest?.exact ? { by: 'digest', rows: digest.rows, sum: digest.sum } : undefined
}

const isDigest = (print: SourcePrint, { rows, sum, exact }: Digest): boolean => exact && print.by === 'digest' && print.rows === rows && print.sum === sum

const sameMoments = (one: Since, other: Since | undefined): boolean => other !== undefined && moments(one) === moments(other)
const moments = (since: Since): string => JSON.stringify(Object.entries(since).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** `undefined`: it is too large. */
async function readWindow({ plan: { schema }, snapshot, batchRows, signal }: Looking, since: Since): Promise<readonly RowBatch[] | undefined> {
  const held: RowBatch[] = []
  let bytes = 0
  for await (const rows of snapshot.read({ schema, since, batchRows, batchBytes: 1 << 20, signal })) {
    held.push(rows)
    bytes += rows.bytes.length
    if (bytes > WINDOW_BYTES) return undefined
  }
  return held
}

/** Equal for the same rows in whatever order, and each as often. */
function windowHash(window: readonly RowBatch[]): string {
  const hash = createHash('sha256')
  for (const row of window.flatMap((rows) => rowHashes(rows)).sort()) hash.update(row, 'latin1')
  return hash.digest('hex')
}
