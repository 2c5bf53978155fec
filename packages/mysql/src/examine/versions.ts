import type { Finding } from '@dbsync/core/plugin'
import type { ServerFacts } from '../server.ts'

/** Series with long support: the day on which their makers stop mending them. https://mariadb.org/about/#maintenance-policy, https://www.mysql.com/support/ */
const ENDS: Readonly<Record<ServerFacts['flavour'], readonly (readonly [series: string, end: string])[]>> = {
  mariadb: [
    ['10.6', '2026-07-06'],
    ['10.11', '2028-02-16'],
    ['11.4', '2029-05-29'],
    ['11.8', '2028-06-04'],
  ],
  mysql: [
    ['8.0', '2026-04-30'],
    ['8.4', '2032-04-30'],
  ],
}

/** Locks of one session are given up for the next one before these: two runs would write at once. */
const LEAST = { mariadb: { number: 100002, text: '10.0.2' }, mysql: { number: 50705, text: '5.7.5' } } as const
/** Nothing older was ever looked at. */
const TRIED = { mariadb: 100500, mysql: 80000 } as const
const ADVISED = { mariadb: 'MariaDB 11.4 or 11.8', mysql: 'MySQL 8.4' } as const

export function versionFindings({ flavour, version, versionNumber }: ServerFacts, now: Date): readonly Finding[] {
  const name = flavour === 'mysql' ? 'MySQL' : 'MariaDB'
  const fix = { by: 'hand', text: `Upgrade the server, for example to ${ADVISED[flavour]}.` } as const
  const found = (level: Finding['level'], message: string): readonly Finding[] => [{ level, id: 'version', message, ...(level === 'ok' ? {} : { fix }) }]
  if (versionNumber < LEAST[flavour].number) return found('failure', `${name} ${version} is too old: dbsync needs ${LEAST[flavour].text} at least.`)
  if (versionNumber < TRIED[flavour]) return found('warning', `${name} ${version} is no longer maintained, and dbsync was never tried with it.`)
  const end = endOf(flavour, version)
  if (end === 'ended') return found('warning', `${name} ${version} is of a series that gets no security updates any more.`)
  if (end !== undefined && end <= now.toISOString().slice(0, 10)) return found('warning', `${name} ${version} has had no security updates since ${end}.`)
  return found('ok', end === undefined ? `${name} ${version}.` : `${name} ${version}, which is maintained until ${end}.`)
}

/** A series between two that are listed was a short one, and has ended with the next; one that is newer than all is not judged. */
function endOf(flavour: ServerFacts['flavour'], version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const number = (series: string) => {
    const [first = 0, second = 0] = series.split('.').map(Number)
    return first * 1000 + second
  }
  const mine = major * 1000 + minor
  const listed = ENDS[flavour].find(([series]) => number(series) === mine)
  if (listed !== undefined) return listed[1]
  const newest = Math.max(...ENDS[flavour].map(([series]) => number(series)))
  return mine < newest ? 'ended' : undefined
}
