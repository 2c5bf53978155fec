import { createHash } from 'node:crypto'
import { SyncError } from '@dbsync/core/plugin'
import type { MysqlCode } from './codes.ts'

/** What a server says about itself. */
export type ServerFacts = {
  readonly flavour: 'mariadb' | 'mysql'
  readonly version: string
  /** 10.11.19 is 101119, 8.0.36 is 80036. */
  readonly versionNumber: number
  /** Equal exactly when two connections reach the same server, as far as a user with SELECT can tell. */
  readonly id: string
  /** `MariaDB 10.11.19 at host:port`. */
  readonly label: string
  readonly maxAllowedPacket: number
  /** Whether LOAD DATA LOCAL is allowed. */
  readonly localInfile: boolean
  readonly lowerCaseTableNames: number
  /** Whether it writes a binary log. */
  readonly binaryLog: boolean
}

const WANTED = [
  ...['version', 'hostname', 'port', 'datadir', 'socket', 'server_id', 'server_uuid'],
  ...['max_allowed_packet', 'local_infile', 'lower_case_table_names', 'log_bin'],
]

/** SHOW and not SELECT: what a flavour does not know is left out instead of being an error. */
export const FACTS_SQL = `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${WANTED.map((name) => `'${name}'`).join(', ')})`

/** Reads the answer of `FACTS_SQL`. */
export function serverFacts(rows: readonly (readonly (string | null)[])[], at: string): ServerFacts {
  const facts = new Map(rows.map(([name, value]) => [(name ?? '').toLowerCase(), value ?? '']))
  const banner = facts.get('version') ?? ''
  // MySQL alone has server_uuid; a MariaDB behind a proxy may hide its name in the version.
  const uuid = facts.get('server_uuid')
  const flavour = uuid === undefined || /mariadb/i.test(banner) ? 'mariadb' : 'mysql'
  const [, version = banner] = /^(?:5\.5\.5-)?(\d+\.\d+\.\d+)/.exec(banner) ?? []
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const place = ['hostname', 'port', 'datadir', 'socket', 'server_id'].map((name) => facts.get(name) ?? '')
  return {
    flavour,
    version,
    versionNumber: major * 10000 + minor * 100 + patch,
    id: flavour === 'mysql' && uuid ? uuid : createHash('sha256').update(place.join('\0')).digest('hex').slice(0, 32),
    label: `${flavour === 'mysql' ? 'MySQL' : 'MariaDB'} ${version} at ${at}`,
    maxAllowedPacket: Number(facts.get('max_allowed_packet')),
    localInfile: facts.get('local_infile') === 'ON',
    lowerCaseTableNames: Number(facts.get('lower_case_table_names')),
    binaryLog: facts.get('log_bin') === 'ON',
  }
}

/** Throws where a connection has reached another server than the one that a run began with: behind a load balancer, or after a failover. */
export function requireSameServer(began: ServerFacts, now: ServerFacts): void {
  if (now.id === began.id) return
  throw new SyncError('MYSQL_OTHER_SERVER' satisfies MysqlCode, `${began.label}: two connections reached two different servers`, {
    kind: 'connection',
    hint: 'Give the address of one server, not of a load balancer. If another server has taken over the address: run again with --allow new-server.',
  })
}
