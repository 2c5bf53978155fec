import { storedColumns, type TableChecksum, type TableSchema } from '@dbsync/core/plugin'
import type { MysqlConnection } from './connection.ts'
import { quoteId, quoteTable } from './identifiers.ts'
import { baseType } from './types.ts'

/**
 * The server's own 32-bit sum over the stored bytes of all rows. It joins the cells of a row without anything between them, so that a byte that moves from
 * one cell to the next leaves it as it is: the lengths of each column are summed as well.
 */
export async function tableChecksum(connection: MysqlConnection, schema: TableSchema, signal: AbortSignal): Promise<TableChecksum | undefined> {
  const table = quoteTable(schema.table)
  const [[, sum] = []] = await connection.query(`CHECKSUM TABLE ${table} EXTENDED`, signal)
  // What is wrong with the table the server says in a warning, and any other statement in an error.
  if (sum === undefined || sum === null) return undefined
  // Of all but one: together with the cells' text, that follows from the others.
  const lengths = varying(schema).slice(1)
  const [[rows, ...sums] = []] = await connection.query(
    `SELECT ${['COUNT(*)', ...lengths.map((name) => `SUM(LENGTH(${name}))`)].join(', ')} FROM ${table}`,
    signal,
  )
  return { rows: Number(rows), sum: [sum, ...sums].join() }
}

const FIXED = new Set(['char', 'binary', 'uuid', 'inet4', 'inet6'])

const varying = (schema: TableSchema): readonly string[] =>
  storedColumns(schema)
    .filter((column) => ['text', 'bytes', 'json', 'geometry'].includes(column.type.kind) && !FIXED.has(baseType(column)))
    .map(({ name }) => quoteId(name))
