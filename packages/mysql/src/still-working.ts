import { SyncError } from '@dbsync/core/plugin'
import type { MysqlConnection } from './connection.ts'

/**
 * Asks over a second connection whether session `id` still works on its statement: a digest or a scan can be silent for many minutes,
 * and so can a dead network. False only when the server cannot be reached, has no such session, or waits for us to take bytes that never arrive.
 */
export async function stillWorking(id: number, open: () => Promise<MysqlConnection>): Promise<boolean> {
  try {
    await using other = await open()
    const rows = await other.query('SHOW PROCESSLIST', AbortSignal.timeout(20_000))
    const session = rows.find(([number]) => number === String(id))
    if (session === undefined) return false
    const [, , , , command, , state] = session
    return command !== 'Sleep' && !/writing to net|sending to client/i.test(state ?? '')
  } catch (error) {
    // "Too many connections" is an answer too: the server lives.
    if (SyncError.is(error)) return error.kind !== 'connection' && error.kind !== 'cancelled' && error.code !== 'MYSQL_CONNECTION_LOST'
    throw error
  }
}
