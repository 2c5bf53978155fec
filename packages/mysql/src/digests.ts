import type { Digest, RowRange, TableSchema } from '@dbsync/core/plugin'
import { rangeCondition } from './conditions.ts'
import type { MysqlConnection } from './connection.ts'
import { hashSum, INEXACT, rowHash, splitHash } from './digest.ts'
import { hashCondition, shiftOf } from './hash-ranges.ts'
import { quoteTable } from './identifiers.ts'
import { isQuick, quickHash } from './quick-hash.ts'

type KeyRange = Extract<RowRange, { by: 'key' }>
type HashRange = Extract<RowRange, { by: 'hash' }>

/** Ranges per statement: enough to hide the round trip, few enough for the optimizer. */
const PER_STATEMENT = 32
const EMPTY: Digest = { rows: 0, sum: '0', exact: true }

/** One digest per range, in the order of `ranges`. */
export async function digestRanges(
  connection: MysqlConnection,
  schema: TableSchema,
  ranges: readonly RowRange[],
  signal: AbortSignal,
): Promise<readonly Digest[]> {
  const byKey = ranges.filter((range) => range.by === 'key')
  const byHash = ranges.filter((range) => range.by === 'hash')
  const digests = new Map<RowRange, Digest>()
  await keyDigests(connection, schema, byKey, signal, digests)
  await hashDigests(connection, schema, byHash, signal, digests)
  return ranges.map((range) => digests.get(range) ?? EMPTY)
}

async function keyDigests(connection: MysqlConnection, schema: TableSchema, ranges: readonly KeyRange[], signal: AbortSignal, digests: Map<RowRange, Digest>) {
  for (let start = 0; start < ranges.length; start += PER_STATEMENT) {
    const some = ranges.slice(start, start + PER_STATEMENT)
    const selects = some.map((range, i) => aggregate(schema, String(i), rangeCondition(schema, range)))
    for (const [i, ...digest] of await connection.query(selects.join('\nUNION ALL\n'), signal)) digests.set(some[Number(i)] as KeyRange, toDigest(digest))
  }
}

async function hashDigests(
  connection: MysqlConnection,
  schema: TableSchema,
  ranges: readonly HashRange[],
  signal: AbortSignal,
  digests: Map<RowRange, Digest>,
) {
  for (const [shift, group] of Map.groupBy(ranges, shiftOf)) {
    if (shift === undefined) for (const range of group) await oddDigest(connection, schema, range, signal, digests)
    else await groupedDigests(connection, schema, shift, group, signal, digests)
  }
}

/** Ranges of one width: one pass over the table for all of them. */
async function groupedDigests(
  connection: MysqlConnection,
  schema: TableSchema,
  shift: number,
  ranges: readonly HashRange[],
  signal: AbortSignal,
  digests: Map<RowRange, Digest>,
) {
  const hash = rowHash(schema)
  const part = splitHash(schema)
  const parts = new Map(ranges.map((range) => [String(BigInt(range.from) >> BigInt(shift)), range]))
  const [any = '0'] = parts.keys()
  // A row without a hash must show up in whatever part is asked for.
  const where = BigInt(parts.size) << BigInt(shift) === 1n << 64n ? 'TRUE' : `IFNULL(${part} >> ${shift}, ${any}) IN (${[...parts.keys()].join(', ')})`
  const rows = await connection.query(
    `SELECT ${part} >> ${shift}, COUNT(*), ${hashSum(hash)} FROM ${quoteTable(schema.table)} WHERE ${where} GROUP BY 1`,
    signal,
  )
  const exact = rows.every(([number]) => number !== null)
  for (const range of ranges) digests.set(range, { ...EMPTY, exact })
  for (const [number, ...digest] of rows) {
    const range = number === null || number === undefined ? undefined : parts.get(number)
    if (range !== undefined) digests.set(range, { ...toDigest(digest), exact })
  }
}

async function oddDigest(connection: MysqlConnection, schema: TableSchema, range: HashRange, signal: AbortSignal, digests: Map<RowRange, Digest>) {
  const hash = splitHash(schema)
  const [row] = await connection.query(aggregate(schema, '0', `(${hashCondition(hash, [range])} OR ${hash} IS NULL)`), signal)
  digests.set(range, toDigest(row?.slice(1) ?? []))
}

function aggregate(schema: TableSchema, name: string, where: string): string {
  const sum = isQuick(schema) ? `SUM(${quickHash(schema, String(INEXACT))})` : hashSum(rowHash(schema))
  return `SELECT ${name}, COUNT(*), ${sum} FROM ${quoteTable(schema.table)} WHERE ${where}`
}

function toDigest([rows, sum]: readonly (string | null)[]): Digest {
  return { rows: Number(rows ?? 0), sum: sum ?? '0', exact: BigInt(sum ?? '0') < INEXACT }
}
