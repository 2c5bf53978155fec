import {
  type DigestReader,
  pickColumns,
  type ReadRequest,
  type RowBatch,
  RowPacker,
  storedColumns,
  type TableRef,
  type TableSchema,
  tableName,
} from '@dbsync/core/plugin'
import { cellOf, literal } from './cells.ts'
import { warehouseColumn, warehouseColumns } from './columns.ts'
import { hashesCondition, keysCondition, sinceCondition, tenantCondition } from './conditions.ts'
import type { Dialect, Queries } from './dialect.ts'
import { rowHash } from './digest.ts'
import { comparing, inRange } from './ranges.ts'

export type WarehouseSession = {
  readonly dialect: Dialect
  readonly queries: Queries
  /** A table's name in SQL. */
  readonly tableAt: (table: TableRef) => string
}

/** Statements may have a million characters. */
const KEYS_PER_STATEMENT = 500

/** The rows of one tenant: `schema.table.database` says which. */
export function warehouseReader(session: WarehouseSession): Omit<DigestReader, 'describe'> {
  const { dialect, queries, tableAt } = session
  const from = (schema: TableSchema) => ` FROM ${tableAt(schema.table)} WHERE ${tenantCondition(dialect, schema.table.database)}`
  return {
    ...comparing(session),
    async count(schema, signal) {
      const [[rows] = []] = await queries.rows(`counting ${tableName(schema.table)}`, `SELECT CAST(COUNT(*) AS STRING)${from(schema)}`, signal)
      return Number(rows)
    },
    async newest(schema, atMost, signal) {
      const columns = pickColumns(schema.columns, Object.keys(atMost)).map((column) => warehouseColumn(dialect, schema, column))
      if (columns.length === 0) return {}
      const newest = columns.map((column) => {
        const name = dialect.quoteName(column.name)
        const bound = literal(dialect, column, Buffer.from(atMost[column.column.name] ?? ''))
        return dialect.textOf(`MAX(IF(${name} <= ${bound}, ${name}, NULL))`, column.type)
      })
      const [row = []] = await queries.rows(`reading ${tableName(schema.table)}`, `SELECT ${newest.join(', ')}${from(schema)}`, signal)
      return Object.fromEntries(columns.map((column, i) => [column.column.name, cellOf(column, row[i] ?? null) as string | null]))
    },
    async *read(request) {
      for (const sql of readStatements(dialect, request, from(request.schema))) yield* batches(session, request, sql)
    },
  }
}

function* readStatements(dialect: Dialect, { schema, keys, since, range, limit }: ReadRequest, from: string): Generator<string> {
  const select = `SELECT ${warehouseColumns(dialect, schema)
    .map((column) => dialect.textOf(dialect.quoteName(column.name), column.type))
    .join(
      ', ',
    )}${from}${since === undefined ? '' : ` AND ${sinceCondition(dialect, schema, since)}`}${range === undefined ? '' : ` AND ${inRange(dialect, schema, range)}`}`
  if (keys === undefined) yield `${select}${limit === undefined ? '' : ` LIMIT ${limit}`}`
  else if (schema.key.length === 0) {
    // One row for each hash: equal rows are as good as each other.
    if (keys.rowCount > 0)
      yield `${select} AND ${hashesCondition(dialect, schema, keys)} QUALIFY ROW_NUMBER() OVER (PARTITION BY ${rowHash(dialect, schema)}) = 1`
  } else {
    for (let start = 0; start < keys.rowCount; start += KEYS_PER_STATEMENT) {
      yield `${select} AND ${keysCondition(dialect, schema, keys, start, Math.min(start + KEYS_PER_STATEMENT, keys.rowCount))}`
    }
  }
}

async function* batches({ dialect, queries }: WarehouseSession, { schema, batchRows, batchBytes, signal }: ReadRequest, sql: string): AsyncGenerator<RowBatch> {
  const columns = storedColumns(schema)
  const encoded = warehouseColumns(dialect, schema)
  const packer = new RowPacker()
  for await (const page of queries.select(`reading ${tableName(schema.table)}`, sql, signal)) {
    for (const row of page) {
      for (const [i, column] of encoded.entries()) packer.cell(cellOf(column, row[i] ?? null))
      packer.endRow()
      if (packer.rowCount < batchRows && packer.byteLength < batchBytes) continue
      yield packer.take(columns)
      signal.throwIfAborted()
    }
  }
  if (packer.rowCount > 0) yield packer.take(columns)
}
