import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { compareDatabases, startServer, type TestServer } from '@dbsync/testkit'
import { cpuOf, type Measured, measure } from './measure.ts'

/** The built program, by itself and as Node is given it. */
export const DBSYNC = join(import.meta.dirname, '..', 'node_modules', '.bin', 'dbsync')
export const PROGRAM = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'run.js')
const SETTINGS = { innodb_buffer_pool_size: '1G', innodb_log_file_size: '512M', max_allowed_packet: '64M' }

/** Two private servers with their data on disk, and a project that copies databases of the one into the other. */
export interface BenchPair extends AsyncDisposable {
  readonly source: TestServer
  readonly target: TestServer
  /** For files of other tools. */
  readonly folder: string
  /** Runs the built program for some databases, and its `--json`. */
  readonly dbsync: (databases: readonly string[], ...args: readonly string[]) => Promise<Measured>
  /** Settings of the project beyond those that leave out backup points and verification. */
  readonly settings: (more: Readonly<Record<string, unknown>>) => Promise<void>
  /** What a dump of `source` by the server's own tools is piped into. */
  readonly reload: (databases: readonly string[]) => Promise<Measured>
  /** The options of Percona's tools for both ends. */
  readonly percona: { readonly source: string; readonly target: string }
  /** Lets the target replicate the source, which pt-table-checksum works through. */
  readonly replicate: () => Promise<void>
  /** The arguments of pt-table-checksum. */
  readonly checksum: (databases: readonly string[]) => readonly string[]
  /** CPU seconds of both servers so far. */
  readonly cpu: () => readonly number[]
  /** Megabytes that all clients have exchanged with both servers so far. */
  readonly wire: () => Promise<number>
  /** Resolves when both servers have all their pages on disk, and the system its files. */
  readonly settled: () => Promise<void>
  /** Throws where the copy is not equal. */
  readonly same: (databases: readonly string[]) => Promise<void>
}

export type PairOptions = {
  /** Where the copy goes, if not into the second server. */
  readonly into?: Readonly<Record<string, unknown>>
  /** Of both servers. */
  readonly settings?: Readonly<Record<string, string>>
}

export async function benchPair({ into, settings: more = {} }: PairOptions = {}): Promise<BenchPair> {
  await using stack = new AsyncDisposableStack()
  const source = stack.use(await startServer({ settings: { ...SETTINGS, ...more, server_id: '1' }, binlog: true, onDisk: true }))
  const target = stack.use(await startServer({ settings: { ...SETTINGS, ...more, server_id: '2' }, binlog: true, onDisk: true }))
  const folder = await mkdtemp(join(tmpdir(), 'dbsync-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const { host, port, user, password } = target
  // The copy itself is measured: backup points and verification have figures of their own.
  const settings = (more: Readonly<Record<string, unknown>>) =>
    writeFile(join(folder, 'sync-config.json'), JSON.stringify({ sync_settings: { backup_before_sync: false, verify_after_sync: false, ...more } }))
  await settings({})
  const login = (server: TestServer) => `--socket=${server.socket} --user=${server.user} --password=${server.password}`
  const dsn = (server: TestServer) => `h=${server.host},P=${server.port},u=${server.user},p=${server.password}`
  const kept = stack.move()
  return {
    source,
    target,
    folder,
    async dbsync(databases, ...args) {
      const params = {
        ...{ db_host: source.host, db_port: source.port, db_user: source.user, db_pass: source.password, db_list: databases.join(',') },
        targets: { copy: into ?? { type: 'mysql', host, port, user, password } },
      }
      await writeFile(join(folder, 'params.json'), JSON.stringify(params))
      return await measure(DBSYNC, [...args, '--json'], { cwd: folder })
    },
    settings,
    reload(databases) {
      const dump = `mariadb-dump --no-defaults ${login(source)} --single-transaction --quick --databases ${databases.join(' ')}`
      return measure('bash', ['-o', 'pipefail', '-c', `${dump} | mariadb --no-defaults ${login(target)}`])
    },
    percona: { source: dsn(source), target: dsn(target) },
    async replicate() {
      await source.query("CREATE USER IF NOT EXISTS repl@'%' IDENTIFIED BY 'repl'")
      await source.query("GRANT REPLICATION SLAVE ON *.* TO repl@'%'")
      const [at] = await source.query('SHOW MASTER STATUS')
      const where = `MASTER_LOG_FILE='${String(at?.['File'])}', MASTER_LOG_POS=${String(at?.['Position'])}`
      await target.query(`CHANGE MASTER TO MASTER_HOST='${source.host}', MASTER_PORT=${source.port}, MASTER_USER='repl', MASTER_PASSWORD='repl', ${where}`)
      await target.query('START SLAVE')
      await source.query('CREATE DATABASE percona')
      await source.query('CREATE TABLE percona.dsns (id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT, dsn VARCHAR(255) NOT NULL)')
      await source.query(`INSERT INTO percona.dsns (dsn) VALUES ('${dsn(target)}')`)
    },
    checksum: (databases) => [
      ...[dsn(source), `--databases=${databases.join(',')}`, '--no-check-binlog-format', '--no-version-check'],
      '--recursion-method=dsn=D=percona,t=dsns',
    ],
    async wire() {
      let bytes = 0
      for (const server of [source, target]) {
        for (const { Value } of await server.query("SHOW GLOBAL STATUS WHERE Variable_name IN ('Bytes_received', 'Bytes_sent')")) bytes += Number(Value)
      }
      return bytes / 1e6
    },
    async settled() {
      await Promise.all([source, target].map(flushed))
      await measure('sync', [])
    },
    cpu: () => [source, target].map(({ pid }) => cpuOf(pid)),
    async same(databases) {
      for (const database of databases) {
        const [difference] = await compareDatabases({ server: source, database }, { server: target, database })
        if (difference !== undefined) throw new Error(`the copy differs: ${JSON.stringify(difference)}`)
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function flushed(server: TestServer): Promise<void> {
  await server.query('SET GLOBAL innodb_max_dirty_pages_pct = 0, innodb_io_capacity_max = 100000, innodb_io_capacity = 100000')
  for (let dirty = Number.POSITIVE_INFINITY; dirty > 100; ) {
    const [row] = await server.query("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")
    dirty = Number(row?.['Value'])
    await sleep(50)
  }
  await server.query('SET GLOBAL innodb_max_dirty_pages_pct = DEFAULT, innodb_io_capacity = DEFAULT, innodb_io_capacity_max = DEFAULT')
}
