import type { Digest, DigestReader, RowRange } from '../contract/reader.ts'
import type { Batch } from '../model/batch.ts'
import { CellCursor, type RowBatch, RowPacker } from '../model/rows.ts'
import { type Column, keyColumns, type TableSchema } from '../model/schema.ts'

/** Rows per range of the first comparison, and of the ranges in which rows are then looked at one by one. */
const RANGE_ROWS = 16_384
const LEAF_ROWS = 256
/** Without a key a range is a bucket of row hashes, and any number of them is digested in one pass. */
const BUCKET_ROWS = 1_024
const RANGES_PER_QUERY = 32
const ROWS_PER_LOOK = 16_384
const KEYS_PER_READ = 1_000

export type Comparison = {
  readonly source: DigestReader
  readonly target: DigestReader
  /** The table at the source, and as it is to be at the target: the same columns under another name. */
  readonly schema: TableSchema
  readonly wanted: TableSchema
  readonly batchRows: number
  readonly batchBytes: number
  readonly signal: AbortSignal
  /** Called with the source's rows of each part that is settled. */
  readonly compared?: (rows: number) => void
}

/** Thrown when a table without a key differs so much, or cannot be hashed, that a copy in full is the better way. */
export class TooDifferent extends Error {}

/**
 * What has to be written to make the target equal, found by digests: ranges of both ends are compared, ranges that differ are
 * split, and only in the smallest are rows compared by fingerprint. One reader per end is in use at any time.
 */
export async function* differences(comparison: Comparison): AsyncIterable<Batch> {
  const keyed = comparison.schema.key.length > 0
  const { schema, signal } = comparison
  const ranges = await comparison.source.ranges(schema, keyed ? RANGE_ROWS : BUCKET_ROWS, signal)
  if (!keyed) {
    const differing = await unequal(comparison, ranges)
    if (differing.length > 64 && differing.length > ranges.length / 2) throw new TooDifferent()
    if (differing.some(({ source, target }) => !source.exact || !target.exact)) throw new TooDifferent()
    yield* settleAll(comparison, differing)
    return
  }
  for (const group of groupsOf(ranges, RANGES_PER_QUERY)) {
    const leaves: Unequal[] = []
    for (const differing of await unequal(comparison, group)) {
      if (differing.target.rows === 0) yield* copyRange(comparison, differing.range)
      else leaves.push(...(await split(comparison, differing)))
    }
    yield* settleAll(comparison, leaves)
  }
}

/** Splits a range where it has more rows, and keeps the parts that differ. */
async function split(comparison: Comparison, differing: Unequal): Promise<readonly Unequal[]> {
  const { source, target, schema, wanted, signal } = comparison
  const more = differing.source.rows >= differing.target.rows ? { reader: source, table: schema } : { reader: target, table: wanted }
  if (Math.max(differing.source.rows, differing.target.rows) <= LEAF_ROWS * 2) return [differing]
  return await unequal(comparison, await more.reader.ranges(more.table, LEAF_ROWS, signal, differing.range))
}

type Unequal = { readonly range: RowRange; readonly source: Digest; readonly target: Digest }

async function unequal(comparison: Comparison, ranges: readonly RowRange[]): Promise<readonly Unequal[]> {
  const { source, target, schema, wanted, signal } = comparison
  const result: Unequal[] = []
  const perQuery = schema.key.length > 0 ? RANGES_PER_QUERY : ranges.length
  for (const group of groupsOf(ranges, perQuery)) {
    const [theirs, ours] = await Promise.all([source.digest(schema, group, signal), target.digest(wanted, group, signal)])
    for (const [i, range] of group.entries()) {
      const [a, b] = [theirs[i], ours[i]]
      if (a === undefined || b === undefined) throw new Error('a digest is missing')
      const equal = a.exact && b.exact && a.rows === b.rows && a.sum === b.sum
      if (equal) comparison.compared?.(a.rows)
      else result.push({ range, source: a, target: b })
    }
  }
  return result
}

async function* copyRange(comparison: Comparison, range: RowRange): AsyncIterable<Batch> {
  const { source, schema, wanted, batchRows, batchBytes, signal } = comparison
  for await (const upserts of source.read({ schema, range, batchRows, batchBytes, signal })) {
    comparison.compared?.(upserts.rowCount)
    yield { table: wanted.table, upserts }
  }
}

async function* settleAll(comparison: Comparison, leaves: readonly Unequal[]): AsyncIterable<Batch> {
  let portion: Unequal[] = []
  let rows = 0
  for (const leaf of leaves) {
    portion.push(leaf)
    rows += leaf.source.rows + leaf.target.rows
    if (rows < ROWS_PER_LOOK) continue
    yield* settle(comparison, portion)
    portion = []
    rows = 0
  }
  if (portion.length > 0) yield* settle(comparison, portion)
}

/** Compares the rows of some ranges by fingerprint and fetches those that differ. */
async function* settle(comparison: Comparison, leaves: readonly Unequal[]): AsyncIterable<Batch> {
  const { source, target, schema, wanted, signal } = comparison
  const ranges = leaves.map((leaf) => leaf.range)
  const [theirs, ours] = await Promise.all([
    collect(source.fingerprints(schema, ranges, signal), schema),
    collect(target.fingerprints(wanted, ranges, signal), wanted),
  ])
  const work = schema.key.length > 0 ? keyedWork(theirs, ours, schema) : keylessWork(theirs, ours)
  comparison.compared?.(leaves.reduce((sum, leaf) => sum + leaf.source.rows, 0))
  for (const deletes of work.deletes) yield { table: wanted.table, deletes }
  for (const { keys, copies } of work.fetch) {
    for await (const rows of source.read({ schema, keys, batchRows: comparison.batchRows, batchBytes: comparison.batchBytes, signal })) {
      for (let copy = 0; copy < copies; copy++) yield { table: wanted.table, upserts: rows }
    }
  }
}

/** Packed key (empty without a key, then `hash` identifies) with hash and count. */
type Fingerprint = { readonly key: Uint8Array; readonly hash: string | null; readonly count: number }

async function collect(batches: AsyncIterable<RowBatch>, schema: TableSchema): Promise<Map<string, Fingerprint>> {
  const found = new Map<string, Fingerprint>()
  for await (const batch of batches) {
    const cursor = new CellCursor(batch.bytes)
    for (let row = 0; row < batch.rowCount; row++) {
      const start = cursor.at
      cursor.skip(schema.key.length)
      const key = batch.bytes.slice(start, cursor.at)
      cursor.next()
      const hash = textOf(cursor.cell())
      cursor.next()
      const count = Number(textOf(cursor.cell()))
      found.set(schema.key.length > 0 ? Buffer.from(key).toString('latin1') : (hash ?? ''), { key, hash, count })
    }
  }
  return found
}

type Work = { readonly deletes: readonly RowBatch[]; readonly fetch: readonly { readonly keys: RowBatch; readonly copies: number }[] }

function keyedWork(source: ReadonlyMap<string, Fingerprint>, target: ReadonlyMap<string, Fingerprint>, schema: TableSchema): Work {
  const columns = keyColumns(schema)
  const gone = [...target].filter(([key]) => !source.has(key)).map(([, row]) => row.key)
  const changed = [...source].filter(([key, row]) => row.hash === null || target.get(key)?.hash !== row.hash).map(([, row]) => row.key)
  return { deletes: packKeys(columns, gone), fetch: packKeys(columns, changed).map((keys) => ({ keys, copies: 1 })) }
}

/** Rows without a key are a multiset. Too many of one kind: all of them go, and as many as there should be come back. */
function keylessWork(source: ReadonlyMap<string, Fingerprint>, target: ReadonlyMap<string, Fingerprint>): Work {
  const gone: string[] = []
  const missing = new Map<number, string[]>()
  for (const hash of new Set([...source.keys(), ...target.keys()])) {
    const [wanted, there] = [source.get(hash)?.count ?? 0, target.get(hash)?.count ?? 0]
    if (there > wanted) gone.push(hash)
    const copies = there > wanted ? wanted : wanted - there
    if (copies > 0) missing.set(copies, [...(missing.get(copies) ?? []), hash])
  }
  const fetch = [...missing].flatMap(([copies, hashes]) => packHashes(hashes).map((keys) => ({ keys, copies })))
  return { deletes: packHashes(gone), fetch }
}

function packKeys(columns: readonly Column[], keys: readonly Uint8Array[]): RowBatch[] {
  return groupsOf(keys, KEYS_PER_READ).map((group) => {
    const packer = new RowPacker()
    for (const key of group) {
      packer.packed(key)
      packer.endRow()
    }
    return packer.take(columns)
  })
}

const HASH: Column = { name: 'row_hash', type: { kind: 'int', bits: 64, unsigned: true }, nullable: false }

function packHashes(hashes: readonly string[]): RowBatch[] {
  return groupsOf(hashes, KEYS_PER_READ).map((group) => {
    const packer = new RowPacker()
    for (const hash of group) {
      packer.cell(hash)
      packer.endRow()
    }
    return packer.take([HASH])
  })
}

function groupsOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

const textOf = (cell: Uint8Array | null) => (cell === null ? null : Buffer.from(cell).toString('latin1'))
