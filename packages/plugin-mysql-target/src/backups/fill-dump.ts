import type { BackupPoint, RestoreOptions } from '@dbsync/core/plugin'
import { quoteText, SESSION_TEXT } from '@dbsync/mysql'
import type { Fill } from '../restore/restore.ts'
import { loadPoint } from './load-point.ts'

/** Builds the tables of a dump with their triggers, for a restore. */
export function fillFromDump(point: BackupPoint, { tables, progress }: Pick<RestoreOptions, 'tables' | 'progress'>): Fill {
  return async (connection, scratch, signal) => {
    const [first] = tables
    const wanted = {
      tables: tables.filter(({ absent }) => absent !== true),
      ...(point.manifest === undefined && first !== undefined ? { database: first.database } : {}),
      ...(progress === undefined ? {} : { progress }),
    }
    const { triggers } = await loadPoint(connection, point, { scratch, signal, ...wanted })
    for (const trigger of triggers) {
      const { sqlMode, collation } = trigger
      const reading = collation === undefined ? '' : `, collation_connection = ${quoteText(collation)}`
      await connection.execute(`SET sql_mode = ${quoteText(sqlMode)}${reading}`, signal)
      await connection.execute(trigger.into(scratch(trigger.table.database)), signal)
      await connection.execute(SESSION_TEXT, signal)
    }
  }
}
