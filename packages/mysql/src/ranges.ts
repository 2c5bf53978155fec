import { isSplitByHash, keyColumns, type RowRange, type TableSchema } from '@dbsync/core/plugin'
import { isNumbered, orderExpression, rangeCondition } from './conditions.ts'
import type { MysqlConnection } from './connection.ts'
import { unnamed } from './digest.ts'
import { splitHashes } from './hash-ranges.ts'
import { quoteId, quoteTable } from './identifiers.ts'

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
  return keyRanges(connection, schema, step, signal, within?.by === 'key' ? within : { by: 'key' })
}

/** Walks along the key, `step` rows at a time: every range but the last has exactly that many rows. */
async function keyRanges(connection: MysqlConnection, schema: TableSchema, step: number, signal: AbortSignal, whole: KeyRange): Promise<KeyRange[]> {
  const ranges: KeyRange[] = []
  let rest: KeyRange = { by: 'key', ...(whole.from === undefined ? {} : { from: whole.from }), ...(whole.to === undefined ? {} : { to: whole.to }) }
  for (;;) {
    const next = await keyAfter(connection, schema, rest, step, signal)
    if (next === undefined) return [...ranges, rest]
    ranges.push({ by: 'key', ...(rest.from === undefined ? {} : { from: rest.from }), to: next, rows: step })
    rest = { by: 'key', from: next, ...(whole.to === undefined ? {} : { to: whole.to }) }
  }
}

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
