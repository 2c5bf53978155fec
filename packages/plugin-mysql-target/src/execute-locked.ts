import type { TableRef } from '@dbsync/core/plugin'
import { type MysqlConnection, mysqlError, tokens } from '@dbsync/mysql'
import { lockTable, releaseTable } from './lock.ts'

/**
 * Executes a statement on definitions. One that alters a table holds that table's lock, as every writer does: it goes on at the server
 * when its client is killed, and whoever comes next waits for it instead of planning with a definition that is about to change.
 */
export async function executeLocked(session: MysqlConnection, sql: string, signal: AbortSignal): Promise<void> {
  const table = alteredTable(sql)
  if (table !== undefined) await lockTable(session, table, signal)
  try {
    await session.execute(sql, signal)
  } catch (error) {
    throw mysqlError(error, { doing: `altering the copy with ${sql.slice(0, 120)}`, label: session.server.label, user: session.user })
  }
  // After a failure the connection is closed, and the lock goes with it.
  if (table !== undefined) await releaseTable(session, table)
}

function alteredTable(sql: string): TableRef | undefined {
  if (!sql.startsWith('ALTER ')) return undefined
  const [database, name] = tokens(sql.slice(0, 600)).filter(({ kind }) => kind === 'name')
  return database === undefined || name === undefined ? undefined : { database: database.text, name: name.text }
}
