import { SyncError } from '@dbsync/core/plugin'
import type { MysqlConnection } from './connection.ts'

/**
 * Asks over a second connection whether session `id` of `server` still works on its statement, and ends it there where it does not: a digest or a scan can be silent for many minutes,
 * and so can a dead network. False only when the server cannot be reached, has no such session, or one of us waits for bytes that never arrive:
 * it for us to take its answer, or for the rest of what we have sent already. `owing`: there is more to come from us, so that it may well wait.
 */
export async function stillWorking(id: number, server: string, owing: boolean, open: () => Promise<MysqlConnection>): Promise<boolean> {
  try {
    await using other = await open()
    const rows = await other.query('SHOW PROCESSLIST', AbortSignal.timeout(20_000))
    const session = rows.find(([number]) => number === String(id))
    if (session === undefined) return false
    const [, , , , command, , state] = session
    const stuck =
      command === 'Sleep' || /writing to net|sending to client/i.test(state ?? '') || (!owing && /reading from net|receiving from client/i.test(state ?? ''))
    // The server may take days to notice, and keeps the session's locks so long; whoever tries again would wait for them.
    if (stuck && other.server.id === server) await other.execute(`KILL CONNECTION ${id}`, AbortSignal.timeout(20_000))
    return !stuck
  } catch (error) {
    // "Too many connections" is an answer too: the server lives.
    if (SyncError.is(error)) return error.kind !== 'connection' && error.kind !== 'cancelled' && error.code !== 'MYSQL_CONNECTION_LOST'
    throw error
  }
}
