import { type MysqlConnection, quoteText, sameName } from '@dbsync/mysql'

export type Listed = { readonly name: string; readonly kind: 'table' | 'versioned' | 'other' }

/** Everything in a database that has a name among its tables; views and sequences are `other`. */
export async function listTables(connection: MysqlConnection, database: string, signal?: AbortSignal): Promise<readonly Listed[]> {
  const rows = await connection.query(
    `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(database)} ORDER BY TABLE_NAME`,
    signal,
  )
  return rows
    .filter(([schema]) => sameName(connection, schema ?? '', database))
    .map(([, name, type]) => ({ name: name ?? '', kind: type === 'BASE TABLE' ? 'table' : type === 'SYSTEM VERSIONED' ? 'versioned' : 'other' }))
}

export async function listDatabases(connection: MysqlConnection, signal?: AbortSignal): Promise<readonly string[]> {
  return (await connection.query('SHOW DATABASES', signal)).map(([name]) => name ?? '')
}
