import type { Digest, DigestReader, RowRange } from '../contract/reader.ts'
import { isSplitByHash } from '../model/portable.ts'
import type { TableSchema } from '../model/schema.ts'
import { collect, type Fingerprint, groupsOf, keyBytes } from './fingerprints.ts'

/** Rows per range of the first comparison, and of the ranges in which rows are then looked at one by one. */
const RANGE_ROWS = 16_384
const LEAF_ROWS = 256
/** Without a key a range is a bucket of row hashes, and any number of them is digested in one pass. */
const BUCKET_ROWS = 1_024
const RANGES_PER_QUERY = 32
const ROWS_PER_LOOK = 16_384
/** Where more than this portion of the smallest ranges differs, the next ones are not split any more. */
const DENSE = 0.7

/** One table at both ends, and how it may be read. */
export type Comparison<Reader = DigestReader> = {
  readonly source: Reader
  readonly target: Reader
  /** The table at the source, and as it is to be at the target: the same columns under another name. */
  readonly schema: TableSchema
  readonly wanted: TableSchema
  readonly batchRows: number
  readonly batchBytes: number
  readonly signal: AbortSignal
  /** Called with the source's rows of each part that is settled. */
  readonly compared?: (rows: number) => void
  readonly pace?: Pace
}

/** Holds a comparison back. */
export interface Pace {
  /** At most this many rows are looked at between two calls of `rows`. */
  readonly portion: number
  /** Resolves when so many more rows may be looked at. */
  rows(count: number): Promise<void>
}

/** What the digests of a whole table say. */
export type Survey = {
  readonly rows: { readonly source: number; readonly target: number }
  readonly ranges: number
  readonly unequal: readonly Unequal[]
}

export type Unequal = { readonly range: RowRange; readonly source: Digest; readonly target: Digest }

/** Rows that differ. Keys are packed cells, in key order. */
export type Finding =
  /** The target has no row of this range. */
  | { readonly kind: 'range'; readonly range: RowRange; readonly rows: number }
  /** `unsure`: the row could not be hashed, and may be equal. `ranges` hold all of these keys. */
  | {
      readonly kind: 'keys'
      readonly missing: readonly Uint8Array[]
      readonly changed: readonly Uint8Array[]
      readonly unsure: readonly Uint8Array[]
      readonly extra: readonly Uint8Array[]
      readonly ranges: readonly RowRange[]
    }
  /** Of a table without a key: how often each end has the rows of a hash. */
  | { readonly kind: 'hashes'; readonly rows: readonly HashCounts[] }

export type HashCounts = { readonly hash: string; readonly source: number; readonly target: number }

/** Compares the digests of the whole table. One reader per end is in use at any time, here and in `findings`. */
export async function survey(comparison: Comparison): Promise<Survey> {
  const { source, schema, pace, signal } = comparison
  const keyed = !isSplitByHash(schema)
  const ranges = await source.ranges(schema, keyed ? Math.min(RANGE_ROWS, pace?.portion ?? RANGE_ROWS) : BUCKET_ROWS, signal)
  const rows = { source: 0, target: 0 }
  const unequal = await differing(comparison, ranges, rows)
  return { rows, ranges: ranges.length, unequal }
}

/**
 * A table without a key that differs nearly everywhere, or whose rows cannot be hashed: a copy in full is the better way there, and so is reading
 * all rows where they are only compared.
 */
export const isHopeless = ({ unequal, ranges }: Survey, schema: TableSchema): boolean =>
  schema.key.length === 0 && ((unequal.length > 64 && unequal.length > ranges / 2) || unequal.some(({ source, target }) => !source.exact || !target.exact))

/** The rows that differ: ranges are split, and only in the smallest rows are compared by fingerprint. */
export async function* findings(comparison: Comparison, { unequal }: Survey): AsyncIterable<Finding> {
  if (comparison.schema.key.length === 0) {
    yield* settleAll(comparison, unequal)
    return
  }
  for (const group of groupsOf(unequal, RANGES_PER_QUERY)) {
    const leaves: Unequal[] = []
    let dense = false
    for (const part of group) {
      if (part.target.rows === 0) yield { kind: 'range', range: part.range, rows: part.source.rows }
      else if (dense) leaves.push(part)
      else {
        const { unequal: parts, ranges } = await split(comparison, part)
        leaves.push(...parts)
        // Changes all over the table: hashing the rows once more, part by part, would single out nothing.
        dense = ranges >= 8 && parts.length > ranges * DENSE
      }
    }
    yield* settleAll(comparison, leaves)
  }
}

/** Splits a range where it has more rows, and keeps the parts that differ. */
async function split(comparison: Comparison, part: Unequal): Promise<{ readonly unequal: readonly Unequal[]; readonly ranges: number }> {
  const { source, target, schema, wanted, signal } = comparison
  const more = part.source.rows >= part.target.rows ? { reader: source, table: schema } : { reader: target, table: wanted }
  if (Math.max(part.source.rows, part.target.rows) <= LEAF_ROWS * 2) return { unequal: [part], ranges: 1 }
  const ranges = await more.reader.ranges(more.table, LEAF_ROWS, signal, part.range)
  return { unequal: await differing(comparison, ranges), ranges: ranges.length }
}

async function differing(comparison: Comparison, ranges: readonly RowRange[], rows = { source: 0, target: 0 }): Promise<readonly Unequal[]> {
  const { source, target, schema, wanted, pace, signal } = comparison
  const result: Unequal[] = []
  const perQuery = isSplitByHash(schema) ? ranges.length : pace === undefined ? RANGES_PER_QUERY : 1
  for (const group of groupsOf(ranges, perQuery)) {
    const [theirs, ours] = await Promise.all([source.digest(schema, group, signal), target.digest(wanted, group, signal)])
    for (const [i, range] of group.entries()) {
      const [a, b] = [theirs[i], ours[i]]
      if (a === undefined || b === undefined) throw new Error('a digest is missing')
      rows.source += a.rows
      rows.target += b.rows
      const equal = a.exact && b.exact && a.rows === b.rows && a.sum === b.sum
      if (equal) comparison.compared?.(a.rows)
      else result.push({ range, source: a, target: b })
      await pace?.rows(Math.max(a.rows, b.rows))
    }
  }
  return result
}

async function* settleAll(comparison: Comparison, leaves: readonly Unequal[]): AsyncIterable<Finding> {
  let portion: Unequal[] = []
  let rows = 0
  for (const leaf of leaves) {
    portion.push(leaf)
    rows += leaf.source.rows + leaf.target.rows
    if (rows < ROWS_PER_LOOK) continue
    yield await settle(comparison, portion)
    portion = []
    rows = 0
  }
  if (portion.length > 0) yield await settle(comparison, portion)
}

/** Compares the rows of some ranges by fingerprint. */
async function settle(comparison: Comparison, leaves: readonly Unequal[]): Promise<Finding> {
  const { source, target, schema, wanted, signal } = comparison
  const ranges = joined(leaves.map((leaf) => leaf.range))
  const [theirs, ours] = await Promise.all([
    collect(source.fingerprints(schema, ranges, signal), schema),
    collect(target.fingerprints(wanted, ranges, signal), wanted),
  ])
  comparison.compared?.(leaves.reduce((sum, leaf) => sum + leaf.source.rows, 0))
  return schema.key.length > 0 ? keyedFinding(theirs, ours, ranges) : { kind: 'hashes', rows: countsOf(theirs, ours) }
}

/** Neighbours made one: a short condition is quick to test, row by row. */
function joined(ranges: readonly RowRange[]): readonly RowRange[] {
  const result: RowRange[] = []
  for (const range of ranges) {
    const last = result.at(-1)
    if (range.by === 'key' && last?.by === 'key' && range.from !== undefined && String(last.to) === String(range.from)) {
      result[result.length - 1] = { by: 'key', ...(last.from === undefined ? {} : { from: last.from }), ...(range.to === undefined ? {} : { to: range.to }) }
    } else result.push(range)
  }
  return result
}

function keyedFinding(source: ReadonlyMap<string, Fingerprint>, target: ReadonlyMap<string, Fingerprint>, ranges: readonly RowRange[]): Finding {
  const missing: Uint8Array[] = []
  const changed: Uint8Array[] = []
  const unsure: Uint8Array[] = []
  for (const [key, row] of source) {
    const there = target.get(key)
    if (there === undefined) missing.push(keyBytes(key))
    else if (row.hash === null || there.hash === null) unsure.push(keyBytes(key))
    else if (row.hash !== there.hash) changed.push(keyBytes(key))
  }
  const extra = [...target].filter(([key]) => !source.has(key)).map(([key]) => keyBytes(key))
  return { kind: 'keys', missing, changed, unsure, extra, ranges }
}

function countsOf(source: ReadonlyMap<string, Fingerprint>, target: ReadonlyMap<string, Fingerprint>): readonly HashCounts[] {
  return [...new Set([...source.keys(), ...target.keys()])]
    .map((hash) => ({ hash, source: source.get(hash)?.count ?? 0, target: target.get(hash)?.count ?? 0 }))
    .filter((counts) => counts.source !== counts.target)
}
