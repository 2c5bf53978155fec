import type { RowRange } from '../contract/reader.ts'
import type { TableWriter } from '../contract/target.ts'
import type { Batch } from '../model/batch.ts'
import { BATCH_BYTES } from './batch-bytes.ts'
import { Crew } from './crew.ts'
import type { TableSync, TableSyncResult } from './sync-table.ts'
import { write } from './write.ts'

/** A table of two parts of this size is copied part by part, so that others can take some of them. */
const PART_BYTES = 8 << 20
/** One connection that is slower than this is held up by its line: a server that has the rows, or takes them, is not. */
const ENOUGH_PER_SECOND = 12 << 20

/** Replaces the copy by all rows of the source. */
export async function copyInFull(sync: TableSync): Promise<TableSyncResult> {
  const { plan, meter } = sync
  let writer: TableWriter | undefined
  async function* batches(): AsyncIterable<Batch> {
    // An empty batch first: it opens the writer, and a table without rows is replaced too.
    yield { table: plan.wanted.table }
    yield* wholeTable(sync, writer)
  }
  meter.phase('copy', plan.schema.estimate?.rows)
  await write(sync, 'replace', batches(), (opened) => {
    writer = opened
  })
  return { strategy: 'full', whole: true }
}

/** All rows but those of the parts that helpers take, who have written them when this ends. */
async function* wholeTable(sync: TableSync, writer: TableWriter | undefined): AsyncIterable<Batch> {
  const { plan, snapshot, meter, batchRows, help, signal } = sync
  const parts = writer?.beside === undefined ? [undefined] : await partsOf(sync)
  const crew = new Crew({ trialBytes: PART_BYTES, enoughPerSecond: ENOUGH_PER_SECOND })
  let next = 0
  /** One part, or all that are left: each part is a statement, and new memory. */
  function take(): RowRange | undefined {
    const part = parts[next++]
    if (!crew.needsNobody || part?.by !== 'key' || part.from === undefined) return part
    next = parts.length
    return { by: 'key', from: part.from }
  }

  async function* nextPart(): AsyncIterable<Batch> {
    const range = take()
    const request = { schema: plan.schema, batchRows, batchBytes: BATCH_BYTES, transient: true as const, signal }
    for await (const upserts of snapshot.read(range === undefined ? request : { ...request, range })) {
      meter.read(upserts)
      yield { table: plan.wanted.table, upserts }
      if (crew.did(upserts.bytes.length) && next < parts.length) help?.(comeToHelp)
    }
  }

  const helpers: Promise<void>[] = []
  let stopped = false
  let failure: { readonly error: unknown } | undefined
  function stop() {
    stopped = true
    next = parts.length
  }
  function fail(error: unknown) {
    failure ??= { error }
    stop()
  }
  async function comeToHelp(): Promise<void> {
    if (next === parts.length || !crew.takes()) return
    const helper = helpOut().catch(fail)
    helpers.push(helper)
    await helper
  }
  async function helpOut(): Promise<void> {
    const add = await writer?.beside?.()
    if (add === undefined) return
    crew.joined()
    while (next < parts.length && crew.stays()) {
      for await (const batch of nextPart()) {
        // A part is read to its end even when nobody needs its rows any more: leaving it earlier would cost the snapshot a reader.
        if (!stopped) await add(batch).catch(fail)
      }
    }
  }

  let done = false
  try {
    while (next < parts.length) {
      for await (const batch of nextPart()) {
        if (failure !== undefined) throw failure.error
        yield batch
      }
    }
    done = true
  } finally {
    if (!done) stop()
    await Promise.all(helpers)
  }
  if (failure !== undefined) throw failure.error
}

/** Ranges that cover the whole table, or `undefined` in the place of all of it. */
async function partsOf({ plan: { schema }, snapshot, signal }: TableSync): Promise<readonly (RowRange | undefined)[]> {
  const { rows = 0, bytes = 0 } = schema.estimate ?? {}
  if (snapshot.readers < 2 || bytes < 2 * PART_BYTES) return [undefined]
  return (await snapshot.evenRanges?.(schema, Math.ceil((rows * PART_BYTES) / bytes), signal)) ?? [undefined]
}
