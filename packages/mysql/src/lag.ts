import type { MysqlConnection } from './connection.ts'
import { serverErrno } from './errors.ts'

const DENIED = new Set([1227, 1045, 1142])

/** The place of Seconds_Behind_Master (Seconds_Behind_Source) in SHOW SLAVE STATUS, which only ever grew at its end. */
const SECONDS_BEHIND = 32

/** Seconds that this server is behind its source, the largest of several; `undefined`: it is no replica; `unknown`: it does not say, or not to us. */
export async function replicationLag(connection: MysqlConnection, signal: AbortSignal): Promise<number | 'unknown' | undefined> {
  const { flavour, versionNumber } = connection.server
  // MariaDB tells of all its connections, with two columns more in front.
  const [sql, place] =
    flavour === 'mariadb'
      ? (['SHOW ALL SLAVES STATUS', SECONDS_BEHIND + 2] as const)
      : ([versionNumber >= 80022 ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS', SECONDS_BEHIND] as const)
  try {
    const lags = (await connection.query(sql, signal)).map((row) => row[place] ?? null)
    if (lags.length === 0) return undefined
    return lags.some((lag) => lag === null) ? 'unknown' : Math.max(...lags.map(Number))
  } catch (error) {
    if (DENIED.has(serverErrno(error) ?? 0)) return 'unknown'
    throw error
  }
}
