import {
  type Digest,
  FINGERPRINT_COLUMNS,
  isSplitByHash,
  keyColumns,
  type RowBatch,
  RowPacker,
  type RowRange,
  type TableReader,
  type TableSchema,
  tableName,
} from '@dbsync/core/plugin'
import { cellOf, literal } from './cells.ts'
import { keyOf } from './columns.ts'
import { tenantCondition } from './conditions.ts'
import type { Dialect } from './dialect.ts'
import { rowHash, splitHash } from './digest.ts'
import type { WarehouseSession } from './reader.ts'

type KeyRange = Extract<RowRange, { by: 'key' }>
type HashRange = Extract<RowRange, { by: 'hash' }>
type Comparing = Required<Pick<TableReader, 'ranges' | 'digest' | 'fingerprints'>>

const EMPTY: Digest = { rows: 0, sum: '0', exact: true }
const BATCH_ROWS = 10_000

/** The members of a reader that comparing needs. Every call is one statement, over the rows of one tenant. */
export function comparing({ dialect, queries, tableAt }: WarehouseSession): Comparing {
  const rowsOf = (schema: TableSchema) => ` FROM ${tableAt(schema.table)} WHERE ${tenantCondition(dialect, schema.table.database)}`
  return {
    async ranges(schema, rowsPerRange, signal, within) {
      const step = Math.max(1, Math.floor(rowsPerRange))
      const doing = `splitting ${tableName(schema.table)}`
      if (within === undefined ? isSplitByHash(schema) : within.by === 'hash') {
        if (within?.by === 'hash') return splitHashes(16, within)
        const [[rows] = []] = await queries.rows(doing, `SELECT CAST(COUNT(*) AS STRING)${rowsOf(schema)}`, signal)
        return splitHashes(Number(rows) / step)
      }
      const whole: KeyRange = within?.by === 'key' ? within : { by: 'key' }
      const key = keyOf(dialect, schema)
      const order = key.map(({ name }) => dialect.quoteName(name)).join(', ')
      const numbered = `SELECT ${order}, ROW_NUMBER() OVER (ORDER BY ${order}) AS _dbsync_row${rowsOf(schema)} AND ${rangeCondition(dialect, schema, whole)}`
      const sql = `SELECT ${key.map((column) => dialect.textOf(dialect.quoteName(column.name), column.type)).join(', ')} FROM (${numbered}) WHERE _dbsync_row > 1 AND MOD(_dbsync_row - 1, ${step}) = 0 ORDER BY _dbsync_row`
      const bounds = (await queries.rows(doing, sql, signal)).map((row) =>
        key.map((column, i) => Buffer.from(cellOf(column, row[i] ?? null) ?? '').toString('hex')),
      )
      return adjacent(whole, bounds)
    },
    async digest(schema, ranges, signal) {
      if (ranges.length === 0) return []
      const number = dialect.hashNumber('h')
      const split = `SELECT ${rowHash(dialect, schema)} AS h, ${partOf(dialect, schema, ranges)} AS part${rowsOf(schema)} AND ${boundOf(dialect, schema, ranges)}`
      const sql = `SELECT CAST(part AS STRING), CAST(COUNT(*) AS STRING), CAST(SUM(${number}) AS STRING) FROM (${split}) WHERE part IS NOT NULL GROUP BY part`
      const found = new Map<string, Digest>()
      for (const [part, rows, sum] of await queries.rows(`comparing ${tableName(schema.table)}`, sql, signal)) {
        found.set(part ?? '', { rows: Number(rows), sum: (sum ?? '0').replace(/\..*$/, ''), exact: true })
      }
      const names = partNames(ranges)
      return ranges.map((_, i) => added((names[i] ?? []).map((name) => found.get(name) ?? EMPTY)))
    },
    async *fingerprints(schema, ranges, signal) {
      if (ranges.length === 0) return
      const key = keyOf(dialect, schema)
      const columns = [...keyColumns(schema), ...FINGERPRINT_COLUMNS]
      const number = `CAST(${dialect.hashNumber('h')} AS STRING)`
      const wanted = `${partOf(dialect, schema, ranges)} IS NOT NULL`
      const from = `${rowsOf(schema)} AND ${boundOf(dialect, schema, ranges)} AND ${wanted}`
      const cells = key.map((column) => dialect.textOf(dialect.quoteName(column.name), column.type))
      const sql =
        key.length === 0
          ? `SELECT ${number}, CAST(COUNT(*) AS STRING) FROM (SELECT ${rowHash(dialect, schema)} AS h${from}) GROUP BY h`
          : `SELECT ${key.map((_, i) => `k${i}`).join(', ')}, ${number}, '1' FROM (SELECT ${cells.map((cell, i) => `${cell} AS k${i}`).join(', ')}, ${rowHash(dialect, schema)} AS h${from})`
      const packer = new RowPacker()
      const take = (): RowBatch => packer.take(columns)
      for await (const page of queries.select(`comparing ${tableName(schema.table)}`, sql, signal)) {
        for (const row of page) {
          for (const [i, cell] of row.entries()) {
            const column = key[i]
            packer.cell(column === undefined ? (cell ?? '').replace(/\..*$/, '') : cellOf(column, cell))
          }
          packer.endRow()
          if (packer.rowCount >= BATCH_ROWS) yield take()
        }
      }
      if (packer.rowCount > 0) yield take()
    },
  }
}

const added = (digests: readonly Digest[]): Digest => ({
  rows: digests.reduce((sum, { rows }) => sum + rows, 0),
  sum: String(digests.reduce((sum, digest) => sum + BigInt(digest.sum), 0n)),
  exact: true,
})

/** What tells in which of the ranges a row is, as SQL; NULL: in none. */
function partOf(dialect: Dialect, schema: TableSchema, ranges: readonly RowRange[]): string {
  const prefixes = prefixesOf(ranges)
  if (prefixes === undefined) {
    return `CASE ${ranges.map((range, i) => `WHEN ${inRange(dialect, schema, range)} THEN '${i}'`).join(' ')} END`
  }
  const prefix = `SUBSTR(${splitHash(dialect, schema)}, 1, ${prefixes.digits})`
  const all = prefixes.ranges.flat()
  // Of a whole table, or of so much of it that a list would be longer than a statement may be, every part is asked for.
  if (all.length === 16 ** prefixes.digits || all.length > MOST_PREFIXES) return prefix
  return `IF(${prefix} IN (${all.map((name) => `'${name}'`).join(', ')}), ${prefix}, NULL)`
}

const MOST_PREFIXES = 20_000

/** By range what `partOf` gives for its rows. */
const partNames = (ranges: readonly RowRange[]): readonly (readonly string[])[] => prefixesOf(ranges)?.ranges ?? ranges.map((_, i) => [String(i)])

/**
 * Ranges that are all the hashes with the same leading bits are told apart by leading hexadecimal digits, several for one range where the bits are no
 * multiple of four. `undefined` for any others.
 */
function prefixesOf(ranges: readonly RowRange[]): { readonly digits: number; readonly ranges: readonly (readonly string[])[] } | undefined {
  const widths = new Set(ranges.map((range) => (range.by === 'hash' ? BigInt(range.to) - BigInt(range.from) : 0n)))
  const [width = 0n] = widths
  const bits = 65 - width.toString(2).length
  const digits = Math.ceil(bits / 4)
  if (widths.size !== 1 || width <= 0n || width !== 1n << BigInt(64 - bits) || digits < 1 || digits > 6) return undefined
  const step = 1n << BigInt(64 - 4 * digits)
  const found: string[][] = []
  for (const range of ranges) {
    if (range.by !== 'hash' || BigInt(range.from) % width !== 0n) return undefined
    const first = BigInt(range.from) / step
    found.push(Array.from({ length: Number(width / step) }, (_, i) => (first + BigInt(i)).toString(16).padStart(digits, '0')))
  }
  return { digits, ranges: found }
}

/** From the least start to the greatest end, where the key begins with a number: the table is clustered by it. */
function boundOf(dialect: Dialect, schema: TableSchema, ranges: readonly RowRange[]): string {
  const [column] = keyOf(dialect, schema)
  if (column?.column.type.kind !== 'int' || ranges.some(({ by }) => by === 'hash')) return 'TRUE'
  const name = dialect.quoteName(column.name)
  const numbers = (side: 'from' | 'to') =>
    ranges.map((range) => {
      const hex = range.by === 'key' ? range[side]?.[0] : undefined
      return hex === undefined ? undefined : BigInt(Buffer.from(hex, 'hex').toString('latin1'))
    })
  const [starts, ends] = [numbers('from'), numbers('to')]
  const text = (bound: bigint) => literal(dialect, column, Buffer.from(String(bound)))
  const least = starts.includes(undefined) ? [] : [`${name} >= ${text(starts.reduce<bigint>((a, b) => (b !== undefined && b < a ? b : a), starts[0] ?? 0n))}`]
  const most = ends.includes(undefined) ? [] : [`${name} <= ${text(ends.reduce<bigint>((a, b) => (b !== undefined && b > a ? b : a), ends[0] ?? 0n))}`]
  return [...least, ...most].join(' AND ') || 'TRUE'
}

/** The rows of one range, for a read. */
export const inRange = (dialect: Dialect, schema: TableSchema, range: RowRange): string =>
  range.by === 'key' ? rangeCondition(dialect, schema, range) : hashCondition(dialect, schema, range)

function hashCondition(dialect: Dialect, schema: TableSchema, { from, to }: HashRange): string {
  const number = dialect.hashNumber(splitHash(dialect, schema))
  const upper = BigInt(to) >= 1n << 64n ? '' : ` AND ${number} < ${dialect.constant('NUMERIC', String(BigInt(to)))}`
  return `(${number} >= ${dialect.constant('NUMERIC', String(BigInt(from)))}${upper})`
}

function rangeCondition(dialect: Dialect, schema: TableSchema, range: KeyRange): string {
  const sides = [
    range.from === undefined ? [] : [beyond(dialect, schema, range.from, '>', '>=')],
    range.to === undefined ? [] : [beyond(dialect, schema, range.to, '<', '<')],
  ]
  return sides.flat().join(' AND ') || 'TRUE'
}

/** Row constructors cannot be compared in BigQuery: they are spelled out. */
function beyond(dialect: Dialect, schema: TableSchema, bound: readonly string[], strict: '<' | '>', last: '<' | '>='): string {
  const sides = keyOf(dialect, schema).map((column, i) => ({
    name: dialect.quoteName(column.name),
    value: literal(dialect, column, Buffer.from(bound[i] ?? '', 'hex')),
  }))
  const steps = sides.map(({ name, value }, i) => {
    const equal = sides.slice(0, i).map((side) => `${side.name} = ${side.value}`)
    return `(${[...equal, `${name} ${i === sides.length - 1 ? last : strict} ${value}`].join(' AND ')})`
  })
  return `(${steps.join(' OR ')})`
}

function adjacent(whole: KeyRange, bounds: readonly (readonly string[])[]): readonly KeyRange[] {
  const starts = [whole.from, ...bounds]
  return starts.map((from, i): KeyRange => {
    const to = i === bounds.length ? whole.to : bounds[i]
    return { by: 'key', ...(from && { from }), ...(to && { to }) }
  })
}

/** Equal parts of the hashes, each of all those with the same leading hexadecimal digits. */
function splitHashes(wanted: number, within: HashRange = { by: 'hash', from: '0', to: String(1n << 64n) }): readonly HashRange[] {
  const [from, end] = [BigInt(within.from), BigInt(within.to)]
  let parts = 1n
  while (parts < 1n << 20n && Number(parts) < wanted) parts *= 16n
  while (parts > 1n && (end - from) % parts !== 0n) parts /= 16n
  const width = (end - from) / parts
  return Array.from({ length: Number(parts) }, (_, i) => ({
    by: 'hash' as const,
    from: String(from + width * BigInt(i)),
    to: String(from + width * BigInt(i + 1)),
  }))
}
