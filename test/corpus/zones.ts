import type { ServerClient } from '@dbsync/testkit'

/** Where servers, sessions and the program are. */
export type Zone = {
  /** As servers have it. */
  readonly server: string
  /** As the program has it, in `TZ`. */
  readonly program: string
}

const NEW_YORK = 'America/New_York'

/** One of them has two hours of one name in autumn, and an hour that is not there in spring. */
export const ZONES: readonly Zone[] = [
  { server: '+00:00', program: 'UTC' },
  { server: '+05:45', program: 'Asia/Kathmandu' },
  { server: '-11:00', program: 'Pacific/Pago_Pago' },
  { server: NEW_YORK, program: NEW_YORK },
]

/** A private server knows no zone by its name. */
export async function teachNewYork(server: ServerClient): Promise<void> {
  await server.query("INSERT INTO mysql.time_zone (Use_leap_seconds) VALUES ('N')")
  const [zone] = await server.query('SELECT MAX(Time_zone_id) AS id FROM mysql.time_zone')
  const id = Number(zone?.['id'])
  await server.query('INSERT INTO mysql.time_zone_name VALUES (?, ?)', [NEW_YORK, id])
  await server.query(`INSERT INTO mysql.time_zone_transition_type VALUES (${id}, 0, -14400, 1, 'EDT'), (${id}, 1, -18000, 0, 'EST')`)
  const years = Array.from({ length: 68 }, (_, i) => 1970 + i)
  const moments = years.flatMap((year) => [`(${id}, ${sunday(year, 2, 2, 7)}, 0)`, `(${id}, ${sunday(year, 10, 1, 6)}, 1)`])
  await server.query(`INSERT INTO mysql.time_zone_transition VALUES ${moments.join(', ')}`)
}

/** The n-th Sunday of a month (January is 0) at an hour of UTC, in seconds. */
function sunday(year: number, month: number, n: number, hour: number): number {
  const first = new Date(Date.UTC(year, month, 1)).getUTCDay()
  return Date.UTC(year, month, 1 + ((7 - first) % 7) + (n - 1) * 7, hour) / 1000
}
