import { SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import { type MysqlConnection, mysqlError, type StatementResult } from '@dbsync/mysql'

/** A load answers "success" after it has cut, bent or dropped values: nothing but a clean answer counts. */
export async function requireExact(
  connection: MysqlConnection,
  live: TableRef,
  result: Omit<StatementResult, 'info'>,
  sent: number,
  signal: AbortSignal,
): Promise<void> {
  if (result.warnings === 0 && result.affectedRows === sent) return
  const [first] = result.warnings === 0 ? [] : await connection.query('SHOW WARNINGS LIMIT 1', signal)
  const trouble = first === undefined ? '' : `: ${first[2]} (${first[1]})`
  throw new SyncError(
    'MYSQL_LOAD_INEXACT',
    `${connection.server.label}, loading ${tableName(live)}: ${sent} rows were sent, ${result.affectedRows} arrived, with ${result.warnings} warnings${trouble}`,
    {
      kind: 'data',
      table: live,
      hint: 'Nothing was changed in the table. Compare types, character sets and collations of the table at both ends.',
    },
  )
}

/** Why rows for `live` could not be loaded: of what went wrong, an error that names the server and the table. */
export const loadError = (connection: MysqlConnection, live: TableRef, error: unknown): Error =>
  mysqlError(error, { doing: 'loading', table: live, label: connection.server.label, user: connection.user })
