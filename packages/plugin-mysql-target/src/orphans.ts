import type { ForeignKey, TableSchema } from '@dbsync/core/plugin'
import { type MysqlConnection, quoteId, quoteTable, serverErrno } from '@dbsync/mysql'

/** Child rows whose parent row, or whose whole parent table, is missing. */
export async function countOrphans(
  connection: MysqlConnection,
  schema: Pick<TableSchema, 'table'>,
  key: Pick<ForeignKey, 'columns' | 'references' | 'referencedColumns'>,
  signal: AbortSignal,
): Promise<number> {
  const children = `SELECT COUNT(*) FROM ${quoteTable(schema.table)} AS c WHERE ${key.columns.map((name) => `c.${quoteId(name)} IS NOT NULL`).join(' AND ')}`
  const same = key.columns.map((name, i) => `p.${quoteId(key.referencedColumns[i] as string)} = c.${quoteId(name)}`).join(' AND ')
  const count = async (sql: string) => Number((await connection.query(sql, signal))[0]?.[0])
  try {
    return await count(`${children} AND NOT EXISTS (SELECT 1 FROM ${quoteTable(key.references)} AS p WHERE ${same})`)
  } catch (error) {
    if (serverErrno(error) !== 1146) throw error
    return await count(children)
  }
}
