import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RowRange, TableReader } from '../contract/reader.ts'
import { CellCursor, type RowBatch } from '../model/rows.ts'
import { storedColumns, type TableSchema } from '../model/schema.ts'
import type { Comparison, Finding } from '../run/compare.ts'
import { keyText } from '../run/fingerprints.ts'

export type Ends = Comparison<TableReader>

const RANGE_ROWS = 16_384
/** Different rows of a table without a key that are held at a time. */
const HELD_ROWS = 1_000_000
const BUCKETS = 1 << 16

/** Of a table without a key: how often each end has a row, which goes by its SHA-1. */
export type RowCounts = { readonly sha: string; readonly source: number; readonly target: number }

/** The rows of a table with a key that differ, found by reading all rows of both ends, some thousand at a time where both can split it. */
export async function* keyedRows(ends: Ends, held = HELD_ROWS): AsyncIterable<Finding> {
  const { source, target, schema, wanted, signal, pace } = ends
  if (source.ranges === undefined || target.ranges === undefined) return yield* keyedRowsInPasses(ends, held)
  const step = Math.min(RANGE_ROWS, pace?.portion ?? RANGE_ROWS)
  for (const range of await source.ranges(schema, step, signal)) {
    for (const part of await target.ranges(wanted, step, signal, range)) {
      const rows = await Promise.all([hashed(ends, source, schema, { range: part }), hashed(ends, target, wanted, { range: part })])
      ends.compared?.(rows[0].size)
      await pace?.rows(Math.max(rows[0].size, rows[1].size))
      yield* keysApart(...rows, [part])
    }
  }
}

/** Of ends that cannot split a table alike: each pass reads both of them whole, and holds no more than its share of the keys. */
async function* keyedRowsInPasses(ends: Ends, held: number): AsyncIterable<Finding> {
  const { source, target, schema, wanted, signal, pace } = ends
  const passes = Math.ceil(Math.max(1, ...(await Promise.all([source.count(schema, signal), target.count(wanted, signal)]))) / held)
  for (let pass = 0; pass < passes; pass++) {
    const isHeld = (key: Uint8Array) => passes === 1 || bucketOf(hash('sha1', key, 'buffer')) % passes === pass
    const rows = await Promise.all([hashed(ends, source, schema, { isHeld, pace }), hashed(ends, target, wanted, { isHeld, pace })])
    ends.compared?.(rows[0].size)
    yield* keysApart(...rows, [])
  }
}

type HashedRows = ReadonlyMap<string, { readonly key: Uint8Array; readonly sha: string }>

function* keysApart(theirs: HashedRows, ours: HashedRows, ranges: readonly RowRange[]): Iterable<Finding> {
  const missing: Uint8Array[] = []
  const changed: Uint8Array[] = []
  for (const [key, row] of theirs) {
    const there = ours.get(key)
    if (there === undefined) missing.push(row.key)
    else if (there.sha !== row.sha) changed.push(row.key)
  }
  const extra = [...ours].filter(([key]) => !theirs.has(key)).map(([, row]) => row.key)
  if (missing.length + changed.length + extra.length > 0) yield { kind: 'keys', missing, changed, unsure: [], extra, ranges }
}

type Part = { readonly range?: RowRange; readonly isHeld?: (key: Uint8Array) => boolean; readonly pace?: Ends['pace'] }

async function hashed({ batchRows, batchBytes, signal }: Ends, reader: TableReader, schema: TableSchema, { range, isHeld, pace }: Part): Promise<HashedRows> {
  const rows = new Map<string, { readonly key: Uint8Array; readonly sha: string }>()
  const request = { schema, batchRows, batchBytes, signal, transient: true as const, ...(range === undefined ? {} : { range }) }
  for await (const batch of reader.read(request)) {
    for (const { key, bytes } of keyedRowsOf(batch, schema)) {
      if (isHeld !== undefined && !isHeld(key)) continue
      const [name, sha] = [keyText(key), hash('sha1', bytes, 'binary')]
      const others = rows.get(name)
      // Rows whose keys read alike are equal to as many such rows only, in whatever order they are read.
      rows.set(name, { key: Uint8Array.from(key), sha: others === undefined ? sha : [...shasIn(others.sha), sha].toSorted().join('') })
    }
    await pace?.rows(batch.rowCount / 2)
  }
  return rows
}

const shasIn = (joined: string): readonly string[] => joined.match(/.{20}/gs) ?? []

/** The rows of a batch with their packed keys; the bytes are the batch's own. */
export function* keyedRowsOf(batch: RowBatch, schema: TableSchema): Iterable<{ readonly key: Uint8Array; readonly bytes: Uint8Array }> {
  const places = schema.key.map((name) => batch.columns.findIndex((column) => column.name === name))
  const cursor = new CellCursor(batch.bytes)
  const bounds = new Int32Array(batch.columns.length + 1)
  for (let row = 0; row < batch.rowCount; row++) {
    const start = cursor.at
    for (let column = 0; column < batch.columns.length; column++) {
      bounds[column] = cursor.at
      cursor.next()
    }
    bounds[batch.columns.length] = cursor.at
    const cells = places.map((place) => batch.bytes.subarray(bounds[place], bounds[place + 1]))
    yield { key: cells.length === 1 ? (cells[0] as Uint8Array) : Buffer.concat(cells), bytes: batch.bytes.subarray(start, cursor.at) }
  }
}

/**
 * The rows of a table without a key that the ends do not have equally often. Each pass reads the table; more than a million rows are first
 * summed up by buckets, and then only the rows of buckets that differ are held.
 */
export async function* keylessRows(ends: Ends, held = HELD_ROWS): AsyncIterable<readonly RowCounts[]> {
  const { source, target, schema, wanted, signal } = ends
  const largest = Math.max(...(await Promise.all([source.count(schema, signal), target.count(wanted, signal)])))
  const groups = largest <= held ? [undefined] : await differingBuckets(ends, held)
  for (const buckets of groups) {
    const rows = await countRows(ends, (sha) => buckets === undefined || buckets.has(bucketOf(sha)), largest <= held ? ends.compared : undefined)
    if (rows.length > 0) yield rows
  }
}

/** How often each end has the wanted rows, where that differs. */
export async function countRows(ends: Ends, wanted: (sha: Buffer) => boolean, compared?: (rows: number) => void): Promise<RowCounts[]> {
  const counts = new Map<string, [number, number]>()
  for (const side of [0, 1] as const) {
    for await (const { sha } of shas(ends, side, side === 0 ? compared : undefined)) {
      if (!wanted(sha)) continue
      const name = sha.toString('latin1')
      const count = counts.get(name) ?? [0, 0]
      count[side]++
      counts.set(name, count)
    }
  }
  return [...counts].filter(([, [source, target]]) => source !== target).map(([sha, [source, target]]) => ({ sha, source, target }))
}

/** The cells of the first row with each of these hashes, at one end. */
export async function rowsWith(ends: Ends, side: 0 | 1, wanted: ReadonlySet<string>): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for await (const { sha, bytes } of shas(ends, side)) {
    const name = sha.toString('latin1')
    if (wanted.has(name) && !found.has(name)) found.set(name, Uint8Array.from(bytes))
  }
  return found
}

async function* shas({ source, target, schema, wanted, batchRows, batchBytes, signal, pace }: Ends, side: 0 | 1, compared?: (rows: number) => void) {
  const [reader, table] = side === 0 ? [source, schema] : [target, wanted]
  const width = storedColumns(table).length
  for await (const batch of reader.read({ schema: table, batchRows, batchBytes, signal, transient: true })) {
    const cursor = new CellCursor(batch.bytes)
    for (let row = 0; row < batch.rowCount; row++) {
      const start = cursor.at
      cursor.skip(width)
      const bytes = batch.bytes.subarray(start, cursor.at)
      yield { sha: hash('sha1', bytes, 'buffer'), bytes }
    }
    compared?.(batch.rowCount)
    await pace?.rows(batch.rowCount / 2)
  }
}

const bucketOf = (sha: Buffer): number => sha.readUInt16BE(0)

/** Groups of buckets in which the ends differ, each of about as many rows as may be held. */
async function differingBuckets(ends: Ends, held: number): Promise<ReadonlySet<number>[]> {
  const WORDS = 4
  const sums = [new Uint32Array(BUCKETS * WORDS), new Uint32Array(BUCKETS * WORDS)] as const
  const counts = [new Float64Array(BUCKETS), new Float64Array(BUCKETS)] as const
  for (const side of [0, 1] as const) {
    for await (const { sha } of shas(ends, side, side === 0 ? ends.compared : undefined)) {
      const bucket = bucketOf(sha)
      counts[side][bucket] = (counts[side][bucket] as number) + 1
      for (let word = 0; word < WORDS; word++) {
        const at = bucket * WORDS + word
        sums[side][at] = (sums[side][at] as number) + sha.readUInt32BE(4 + word * 4)
      }
    }
  }
  const groups: Set<number>[] = []
  let rows = held
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const [a, b] = sums.map((sum) => sum.subarray(bucket * WORDS, (bucket + 1) * WORDS)) as [Uint32Array, Uint32Array]
    const [m, n] = [counts[0][bucket] as number, counts[1][bucket] as number]
    if (m === n && a.every((word, i) => word === b[i])) continue
    if (rows >= held) {
      groups.push(new Set())
      rows = 0
    }
    groups.at(-1)?.add(bucket)
    rows += m + n
  }
  return groups
}

/** Lets other work go on, or throws where the verification was stopped. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal })
