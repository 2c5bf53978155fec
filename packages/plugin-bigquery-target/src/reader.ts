import { pickColumns, type ReadRequest, type RowBatch, RowPacker, storedColumns, type TableReader, type TableSchema, tableName } from '@dbsync/core/plugin'
import { cellExpression, cellOf, literal } from './cells.ts'
import { encodedColumn, encodedColumns } from './columns.ts'
import { hashesCondition, keysCondition, sinceCondition, tenantCondition } from './conditions.ts'
import { type Place, tableAt } from './ddl.ts'
import type { Tables } from './describe.ts'
import { rowHash } from './digest.ts'
import type { Jobs } from './jobs.ts'
import { inRange } from './ranges.ts'
import type { Rest } from './rest.ts'
import { quoteName } from './sql.ts'

export type Session = { readonly rest: Rest; readonly jobs: Jobs; readonly place: Place; readonly tables: Tables }

/** Statements may have a million characters. */
const KEYS_PER_STATEMENT = 500

/** The rows of one tenant: `schema.table.database` says which. */
export function bigqueryReader({ rest, jobs, place, tables }: Session): TableReader {
  const from = (schema: TableSchema) => ` FROM ${tableAt(place, schema.table)} WHERE ${tenantCondition(schema.table.database)}`
  return {
    describe: (tenant, names) => tables.describe(tenant, names),
    async count(schema, signal) {
      const [[rows] = []] = await jobs.rows(`counting ${tableName(schema.table)}`, `SELECT CAST(COUNT(*) AS STRING)${from(schema)}`, signal)
      return Number(rows)
    },
    async newest(schema, atMost, signal) {
      const columns = pickColumns(schema.columns, Object.keys(atMost)).map((column) => encodedColumn(schema, column))
      if (columns.length === 0) return {}
      const newest = columns.map((column) => {
        const name = quoteName(column.name)
        const bound = literal(column, Buffer.from(atMost[column.column.name] ?? ''))
        return cellExpression(column).replace(name, () => `MAX(IF(${name} <= ${bound}, ${name}, NULL))`)
      })
      const [row = []] = await jobs.rows(`reading ${tableName(schema.table)}`, `SELECT ${newest.join(', ')}${from(schema)}`, signal)
      return Object.fromEntries(columns.map((column, i) => [column.column.name, cellOf(column, row[i] ?? null) as string | null]))
    },
    async *read(request) {
      for (const sql of readStatements(request, from(request.schema))) yield* batches(jobs, request, sql)
    },
    traffic: () => rest.traffic(),
  }
}

function* readStatements({ schema, keys, since, range, limit }: ReadRequest, from: string): Generator<string> {
  const select = `SELECT ${encodedColumns(schema)
    .map((column) => cellExpression(column))
    .join(', ')}${from}${since === undefined ? '' : ` AND ${sinceCondition(schema, since)}`}${range === undefined ? '' : ` AND ${inRange(schema, range)}`}`
  if (keys === undefined) yield `${select}${limit === undefined ? '' : ` LIMIT ${limit}`}`
  else if (schema.key.length === 0) {
    // One row for each hash: equal rows are as good as each other.
    if (keys.rowCount > 0) yield `${select} AND ${hashesCondition(schema, keys)} QUALIFY ROW_NUMBER() OVER (PARTITION BY ${rowHash(schema)}) = 1`
  } else {
    for (let start = 0; start < keys.rowCount; start += KEYS_PER_STATEMENT) {
      yield `${select} AND ${keysCondition(schema, keys, start, Math.min(start + KEYS_PER_STATEMENT, keys.rowCount))}`
    }
  }
}

async function* batches(jobs: Jobs, { schema, batchRows, batchBytes, signal }: ReadRequest, sql: string): AsyncGenerator<RowBatch> {
  const columns = storedColumns(schema)
  const encoded = encodedColumns(schema)
  const packer = new RowPacker()
  for await (const page of jobs.select(`reading ${tableName(schema.table)}`, sql, signal)) {
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
