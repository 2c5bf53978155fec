import { type Column, SyncError, type TableSchema, tableName } from '@dbsync/core/plugin'
import type { MysqlConnection } from './connection.ts'
import { quoteId, quoteTable } from './identifiers.ts'

/**
 * The condition under which a cell of this column has the same text as another value: an ENUM's index 0 (an invalid value) and a SET's empty value
 * read as `''`, and so does a member that is empty. `undefined`: no such member, every text means one value.
 */
function ambiguousCondition(column: Column): string | undefined {
  if (column.type.kind !== 'enum' && column.type.kind !== 'set') return undefined
  const members = [...(column.native ?? '').matchAll(/'((?:[^']|'')*)'/g)].map(([, member]) => member)
  const empty = members.indexOf('')
  if (empty === -1) return undefined
  // Of a SET's text the server reads no empty member back.
  return column.type.kind === 'enum' ? `${quoteId(column.name)} + 0 = 0` : `(${quoteId(column.name)} + 0) & ${1n << BigInt(empty)} <> 0`
}

/** Throws when one of the rows that `conditions` select would arrive as another value than it is. */
export async function refuseAmbiguous(
  connection: MysqlConnection,
  schema: TableSchema,
  columns: readonly Column[],
  condition: string,
  signal: AbortSignal,
): Promise<void> {
  for (const column of columns) {
    const ambiguous = ambiguousCondition(column)
    if (ambiguous === undefined) continue
    const found = await connection.query(
      `SELECT 1 FROM ${quoteTable(schema.table)} WHERE ${ambiguous}${condition === '' ? '' : ` AND (${condition})`} LIMIT 1`,
      signal,
    )
    if (found.length === 0) continue
    const table = tableName(schema.table)
    throw new SyncError(
      'MYSQL_AMBIGUOUS',
      `${connection.server.label}, reading ${table}: column '${column.name}' holds a value whose text is that of another one`,
      {
        kind: 'data',
        table: schema.table,
        hint: `It reads as '' and would arrive as another value. Find it with SELECT * FROM ${quoteTable(schema.table)} WHERE ${ambiguous}, and give it a value of its own.`,
      },
    )
  }
}
