import type { EndClock } from '@dbsync/core/plugin'
import type { MysqlConnection } from '../connection.ts'

/** The server's clock against ours, and the zone in which it fills a DATETIME. The quickest of three answers is the most exact one. */
export async function examineClock(connection: MysqlConnection, signal: AbortSignal): Promise<EndClock> {
  const answers: EndClock[] = []
  for (let i = 0; i < 3; i++) answers.push(await askOnce(connection, signal))
  return answers.reduce((best, each) => (each.uncertainMs < best.uncertainMs ? each : best))
}

async function askOnce(connection: MysqlConnection, signal: AbortSignal): Promise<EndClock> {
  const before = Date.now()
  const [[utc, local] = []] = await connection.query("SELECT UTC_TIMESTAMP(3), CONVERT_TZ(UTC_TIMESTAMP(3), '+00:00', @@global.time_zone)", signal)
  const after = Date.now()
  if (!utc || !local) throw new Error('the server does not tell its clock')
  const moment = (text: string) => Date.parse(`${text.replace(' ', 'T')}Z`)
  return {
    aheadMs: Math.round(moment(utc) - (before + after) / 2),
    uncertainMs: Math.ceil((after - before) / 2),
    zoneMinutes: Math.round((moment(local) - moment(utc)) / 60_000),
  }
}
