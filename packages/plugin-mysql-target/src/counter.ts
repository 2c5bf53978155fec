import type { TableSchema } from '@dbsync/core/plugin'
import { type MysqlConnection, parseCreateTable, quoteId, quoteTable, showCreate } from '@dbsync/mysql'

/** What AUTO_INCREMENT gives next, and the smallest number to which it could be set. `undefined`: there is no counter, or no table. */
export async function readCounter(connection: MysqlConnection, schema: TableSchema, signal: AbortSignal): Promise<{ next: string; least: string } | undefined> {
  if (schema.counter === undefined) return undefined
  // Not information_schema: MySQL answers from a cache there.
  const create = await showCreate(connection, schema.table)
  if (create === undefined) return undefined
  const [row] = await connection.query(`SELECT MAX(${quoteId(schema.counter.column)}) FROM ${quoteTable(schema.table)}`, signal)
  const greatest = BigInt(row?.[0] ?? 0)
  return { next: parseCreateTable(create).autoIncrement ?? '1', least: String(greatest < 0n ? 1n : greatest + 1n) }
}
