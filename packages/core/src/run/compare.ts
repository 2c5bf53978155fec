import type { Digest, DigestReader, RowRange } from '../contract/reader.ts'
import { isSplitByHash } from '../model/portable.ts'
import type { TableSchema } from '../model/schema.ts'
import { compareRows } from './compare-rows.ts'
import { collect, type Fingerprint, groupsOf } from './fingerprints.ts'
import { type Help, share } from './share.ts'

/** Rows per range of the first comparison, and of the ranges in which rows are then looked at one by one. */
const RANGE_ROWS = 16_384
const LEAF_ROWS = 256
/** Without a key a range is a bucket of row hashes, and any number of them is digested in one pass. */
const BUCKET_ROWS = 1_024
const RANGES_PER_QUERY = 32
/** Rows of both ends that are compared by fingerprint at a time. */
const ROWS_PER_LOOK = 65_536
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
  /** Called with the digest of all rows of the source, when the whole table has been digested. */
  readonly surveyed?: (source: Digest) => void
  readonly pace?: Pace
  /** Readers that have nothing else to do may take a part of the digests. */
  readonly help?: Help
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

/** The digests of the source, in the order of the ranges that they are of. */
export type SourceDigests = ReadonlyMap<RowRange, Digest>

/** Digests the source alone, as `survey` would. */
export async function digestSource({ source, schema, signal }: Pick<Comparison, 'source' | 'schema' | 'signal'>): Promise<SourceDigests> {
  const ranges = await source.ranges(schema, rangeRows(schema), signal)
  const found = new Map<RowRange, Digest>()
  for (const group of groupsOf(ranges, isSplitByHash(schema) ? ranges.length : RANGES_PER_QUERY)) {
    const digests = await source.digest(schema, group, signal)
    for (const [i, range] of group.entries()) found.set(range, must(digests[i]))
  }
  return found
}

/** Of all rows: the same however the table is split. */
export function addUp(digests: Iterable<Digest>): Digest {
  const all = [...digests]
  return {
    rows: all.reduce((sum, { rows }) => sum + rows, 0),
    sum: String(all.reduce((sum, digest) => sum + BigInt(digest.sum), 0n)),
    exact: all.every(({ exact }) => exact),
  }
}

const rangeRows = (schema: TableSchema, pace?: Pace): number => (isSplitByHash(schema) ? BUCKET_ROWS : Math.min(RANGE_ROWS, pace?.portion ?? RANGE_ROWS))

/** Compares the digests of the whole table. Without `help` one reader per end is in use at any time, here and in `findings`. `known`: of the source. */
export async function survey(comparison: Comparison, known?: SourceDigests): Promise<Survey> {
  const { source, schema, pace, signal } = comparison
  const ranges = known === undefined ? await source.ranges(schema, rangeRows(schema, pace), signal) : [...known.keys()]
  const rows = { source: 0, target: 0 }
  const theirs: Digest[] = []
  const unequal = await differing(comparison, ranges, rows, { known, found: (digest) => theirs.push(digest) })
  comparison.surveyed?.(addUp(theirs))
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

type SourceSide = { readonly known?: SourceDigests | undefined; readonly found: (digest: Digest) => void }

async function differing(
  comparison: Comparison,
  ranges: readonly RowRange[],
  rows = { source: 0, target: 0 },
  { known, found }: SourceSide = { found: () => {} },
): Promise<readonly Unequal[]> {
  const { source, target, schema, wanted, pace, help, signal } = comparison
  const unequal: Unequal[][] = []
  const perQuery = isSplitByHash(schema) ? ranges.length : pace === undefined ? RANGES_PER_QUERY : 1
  await share(groupsOf(ranges, perQuery), pace === undefined ? help : undefined, async (group, at) => {
    const digests = known === undefined ? source.digest(schema, group, signal) : group.map((range) => known.get(range))
    const [theirs, ours] = await Promise.all([digests, target.digest(wanted, group, signal)])
    const apart: Unequal[] = []
    unequal[at] = apart
    for (const [i, range] of group.entries()) {
      const [a, b] = [must(theirs[i]), must(ours[i])]
      found(a)
      rows.source += a.rows
      rows.target += b.rows
      const equal = a.exact && b.exact && a.rows === b.rows && a.sum === b.sum
      if (equal) comparison.compared?.(a.rows)
      else apart.push({ range, source: a, target: b })
      await pace?.rows(Math.max(a.rows, b.rows))
    }
  })
  return unequal.flat()
}

function must(digest: Digest | undefined): Digest {
  if (digest === undefined) throw new Error('a digest is missing')
  return digest
}

async function* settleAll(comparison: Comparison, leaves: readonly Unequal[]): AsyncIterable<Finding> {
  let ahead: Promise<Finding> | undefined
  try {
    for (const portion of portionsOf(leaves)) {
      const settled = ahead
      // While the rows of one portion are looked at the servers hash the next one.
      ahead = settled === undefined ? settle(comparison, portion) : settled.then(() => settle(comparison, portion))
      ahead.catch(() => {})
      if (settled !== undefined) yield await settled
    }
    if (ahead !== undefined) yield await ahead
  } finally {
    await ahead?.catch(() => {})
  }
}

function portionsOf(leaves: readonly Unequal[]): readonly (readonly Unequal[])[] {
  const portions: Unequal[][] = []
  let rows = ROWS_PER_LOOK
  for (const leaf of leaves) {
    if (rows >= ROWS_PER_LOOK) {
      portions.push([])
      rows = 0
    }
    portions.at(-1)?.push(leaf)
    rows += leaf.source.rows + leaf.target.rows
  }
  return portions
}

/** Compares the rows of some ranges by fingerprint. */
async function settle(comparison: Comparison, leaves: readonly Unequal[]): Promise<Finding> {
  const { source, target, schema, wanted, signal } = comparison
  const ranges = joined(leaves.map((leaf) => leaf.range))
  const both = [source.fingerprints(schema, ranges, signal), target.fingerprints(wanted, ranges, signal)] as const
  const finding: Finding =
    schema.key.length > 0
      ? { kind: 'keys', ...(await compareRows(...both, schema.key.length)), ranges }
      : { kind: 'hashes', rows: countsOf(...(await Promise.all([collect(both[0], schema), collect(both[1], wanted)]))) }
  comparison.compared?.(leaves.reduce((sum, leaf) => sum + leaf.source.rows, 0))
  return finding
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

function countsOf(source: ReadonlyMap<string, Fingerprint>, target: ReadonlyMap<string, Fingerprint>): readonly HashCounts[] {
  return [...new Set([...source.keys(), ...target.keys()])]
    .map((hash) => ({ hash, source: source.get(hash)?.count ?? 0, target: target.get(hash)?.count ?? 0 }))
    .filter((counts) => counts.source !== counts.target)
}
