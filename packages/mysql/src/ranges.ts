import { type Column, isSplitByHash, keyColumns, type RowRange, type TableSchema } from '@dbsync/core/plugin'
import { isNumbered, orderExpression, rangeCondition } from './conditions.ts'
import type { MysqlConnection } from './connection.ts'
import { unnamed } from './digest.ts'
import { splitHashes } from './hash-ranges.ts'
import { quoteId, quoteTable } from './identifiers.ts'
import { baseType } from './types.ts'

type KeyRange = Extract<RowRange, { by: 'key' }>

/** Splits a table, or one range of it, into adjacent ranges which together cover every possible row. */
export async function tableRanges(
  connection: MysqlConnection,
  schema: TableSchema,
  rowsPerRange: number,
  signal: AbortSignal,
  within?: RowRange,
): Promise<readonly RowRange[]> {
  const step = Math.max(1, Math.floor(rowsPerRange))
  if (isSplitByHash(schema)) {
    if (within?.by === 'hash') return splitHashes(step * 16, step, within)
    const [[rows] = []] = await connection.query(`SELECT COUNT(*) FROM ${quoteTable(schema.table)}`, signal)
    return splitHashes(Number(rows ?? 0), step)
  }
  const whole: KeyRange = within?.by === 'key' ? within : { by: 'key' }
  return (await evenRanges(connection, schema, step, signal, whole)) ?? (await keyRanges(connection, schema, step, signal, whole))
}

/** Below this many rows a range is found quickly enough by walking. */
const SMALLEST_EVEN = 256
/** So many times as many ranges as there would be without gaps between the keys: more would cost more than they save. */
const SPARSE = 4
/** A range that is split is rarely of more rows than these of its parts. */
const PARTS_WITHIN = 64

/**
 * Of a key that is one integer: ranges of `step` numbers each, which hold no more than `step` rows, without reading any. `undefined` where the key is
 * another one, or has too many gaps.
 */
export async function evenRanges(
  connection: MysqlConnection,
  schema: TableSchema,
  step: number,
  signal: AbortSignal,
  whole: KeyRange = { by: 'key' },
): Promise<KeyRange[] | undefined> {
  const [column, ...others] = keyColumns(schema)
  // Not every number is a YEAR, and a bound has to be one.
  if (column?.type.kind !== 'int' || baseType(column) === 'year' || others.length > 0 || step < SMALLEST_EVEN) return undefined
  const parts = whole.from === undefined && whole.to === undefined ? (schema.estimate?.rows ?? 0) / step : PARTS_WITHIN
  const ends = await endsOf(connection, schema, column, signal, whole)
  if (ends === undefined || ends.to - ends.from > BigInt(Math.ceil(parts * SPARSE)) * BigInt(step)) return undefined
  const bounds: (readonly string[])[] = []
  for (let at = ends.from + BigInt(step); at < ends.to; at += BigInt(step)) bounds.push([Buffer.from(String(at)).toString('hex')])
  return [whole.from, ...bounds].map((from, i) => keyRange(from, bounds[i] ?? whole.to))
}

/** The numbers between which the keys of a range lie; the second is not among them. `undefined`: there are none. */
async function endsOf(connection: MysqlConnection, schema: TableSchema, column: Column, signal: AbortSignal, whole: KeyRange) {
  const given = (bound: readonly string[] | undefined) => (bound === undefined ? undefined : BigInt(Buffer.from(bound[0] ?? '', 'hex').toString('latin1')))
  const [from, to] = [given(whole.from), given(whole.to)]
  if (from !== undefined && to !== undefined) return { from, to }
  const name = quoteId(column.name)
  const sql = `SELECT MIN(${name}), MAX(${name}) FROM ${quoteTable(schema.table)} WHERE ${rangeCondition(schema, whole)}`
  const [[least, most] = []] = await connection.query(sql, signal)
  if (typeof least !== 'string' || typeof most !== 'string') return undefined
  return { from: from ?? BigInt(least), to: to ?? BigInt(most) + 1n }
}

/** Walks along the key, `step` rows at a time: every range but the last has exactly that many rows. */
async function keyRanges(connection: MysqlConnection, schema: TableSchema, step: number, signal: AbortSignal, whole: KeyRange): Promise<KeyRange[]> {
  const ranges: KeyRange[] = []
  let rest = keyRange(whole.from, whole.to)
  for (;;) {
    const next = await keyAfter(connection, schema, rest, step, signal)
    if (next === undefined) return [...ranges, rest]
    ranges.push({ ...keyRange(rest.from, next), rows: step })
    rest = keyRange(next, whole.to)
  }
}

const keyRange = (from: KeyRange['from'], to: KeyRange['to']): KeyRange => ({
  by: 'key',
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
})

/** The key of the row that comes `offset` rows after the start of `range`, as a bound. */
async function keyAfter(connection: MysqlConnection, schema: TableSchema, range: KeyRange, offset: number, signal: AbortSignal): Promise<string[] | undefined> {
  const columns = keyColumns(schema)
  const cells = columns.map((column) => (isNumbered(column) ? orderExpression(column) : unnamed(column, quoteId(column.name))))
  const order = columns.map((column) => quoteId(column.name)).join(', ')
  const sql = `SELECT ${cells.join(', ')} FROM ${quoteTable(schema.table)} WHERE ${rangeCondition(schema, range)} ORDER BY ${order} LIMIT 1 OFFSET ${offset}`
  let bound: string[] | undefined
  for await (const batch of connection.select(sql, columns, { batchRows: 1, batchBytes: 1, signal })) {
    bound = columns.map((_, i) => Buffer.from(batch.cell(0, i) ?? []).toString('hex'))
  }
  return bound
}
