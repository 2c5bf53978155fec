#!/usr/bin/env node
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startServer, type TestServer } from '@dbsync/testkit'
import { makeTable } from './data.ts'
import { measure, median, spread } from './measure.ts'

/*
 * `dbsync verify` of an equal table, by digest and by checksum, beside pt-table-checksum, and `dbsync verify --repair` of 1 % scattered rows beside pt-table-sync, on the same two
 * private servers in turn, in random order. Needs Debian's percona-toolkit. pt-table-checksum works through replication, so the target replicates the source
 * for that part. Neither way makes a backup point. Run it after `pnpm build`, on a machine that does nothing else. Options: --rows, --rounds.
 */
const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } } })
const rows = Number(values.rows)
const rounds = Number(values.rounds)
const dbsync = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules', '.bin', 'dbsync')
const say = (line: string) => process.stdout.write(`${line}\n`)

const settings = { innodb_buffer_pool_size: '1G', innodb_log_file_size: '512M', max_allowed_packet: '64M' }
await using stack = new AsyncDisposableStack()
const source = stack.use(await startServer({ settings: { ...settings, server_id: '1' }, binlog: true, onDisk: true }))
const target = stack.use(await startServer({ settings: { ...settings, server_id: '2' }, binlog: true, onDisk: true }))
const folder = await mkdtemp(join(tmpdir(), 'dbsync-bench-'))
stack.defer(() => rm(folder, { recursive: true, force: true }))
const { host, port, user, password } = target
await writeFile(
  join(folder, 'params.json'),
  JSON.stringify({
    db_host: source.host,
    db_port: source.port,
    db_user: source.user,
    db_pass: source.password,
    db_list: 'bench',
    targets: { copy: { type: 'mysql', host, port, user, password } },
  }),
)
await writeFile(join(folder, 'sync-config.json'), JSON.stringify({ sync_settings: { backup_before_sync: false } }))

say(`${rows.toLocaleString('en')} rows, ${rounds} rounds`)
for (const server of [source, target]) await makeTable(server, 'bench', rows)
const dsn = (server: TestServer, more = '') => `h=${server.host},P=${server.port},u=${server.user},p=${server.password}${more}`

// The tables become known to dbsync: rows that it has never synced are guarded.
await measure(dbsync, ['run', '--json'], { cwd: folder })
await replicate()
const theirs = () => [
  'pt-table-checksum',
  dsn(source),
  '--databases=bench',
  '--no-check-binlog-format',
  '--no-version-check',
  `--recursion-method=dsn=D=percona,t=dsns`,
]
// Their sums have 32 bits, as a checksum has; a digest has 64.
for (const level of ['checksum', 'digest']) {
  await compare(`Verify an equal table by ${level}`, 'pt-table-checksum', { theirs, ours: () => [dbsync, 'verify', '--level', level, '--json'] })
}
await target.query('STOP SLAVE')
await target.query('RESET SLAVE ALL')
await compare('Repair 1 % scattered rows', 'pt-table-sync', {
  before: async () => void (await target.query('UPDATE bench.narrow SET k = k + 1, updated_at = updated_at WHERE id % 100 = 7')),
  theirs: () => ['pt-table-sync', '--execute', '--no-version-check', dsn(source, ',D=bench,t=narrow'), dsn(target)],
  ours: () => [dbsync, 'verify', '--repair', '--json'],
  // pt-table-sync ends with 2 where it changed something.
  codes: [0, 2],
  after: mustBeEqual,
})
say('Both agree: equal before, equal after each repair (CHECKSUM TABLE too).')

type Contest = {
  readonly before?: () => Promise<void>
  readonly theirs: () => readonly string[]
  readonly ours: () => readonly string[]
  readonly codes?: readonly number[]
  readonly after?: () => Promise<void>
}

async function compare(title: string, name: string, { before, theirs, ours, codes = [0], after }: Contest): Promise<void> {
  const seconds = { theirs: [] as number[], ours: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    for (const way of Math.random() < 0.5 ? (['theirs', 'ours'] as const) : (['ours', 'theirs'] as const)) {
      await before?.()
      const [command = '', ...args] = way === 'theirs' ? theirs() : ours()
      const run = await measure(command, args, { cwd: folder, codes: way === 'theirs' ? codes : [0] })
      seconds[way].push(run.seconds)
      await after?.()
    }
  }
  const [a, b] = [median(seconds.theirs), median(seconds.ours)]
  say(
    `${title}: ${name} ${a.toFixed(2)} s (${spread(seconds.theirs)}), dbsync ${b.toFixed(2)} s (${spread(seconds.ours)}): ${(a / b).toFixed(2)} × as fast (goal: at least 3 ×)`,
  )
}

async function mustBeEqual(): Promise<void> {
  await measure(dbsync, ['verify', '--json'], { cwd: folder })
  const sums = await Promise.all([source, target].map(async (server) => JSON.stringify(await server.query('CHECKSUM TABLE bench.narrow EXTENDED'))))
  if (sums[0] !== sums[1]) throw new Error(`the tables differ after a repair: ${sums.join(' and ')}`)
}

async function replicate(): Promise<void> {
  await source.query("CREATE USER repl@'%' IDENTIFIED BY 'repl'")
  await source.query("GRANT REPLICATION SLAVE ON *.* TO repl@'%'")
  const [at] = await source.query('SHOW MASTER STATUS')
  await target.query(
    `CHANGE MASTER TO MASTER_HOST='${source.host}', MASTER_PORT=${source.port}, MASTER_USER='repl', MASTER_PASSWORD='repl', MASTER_LOG_FILE='${String(at?.File)}', MASTER_LOG_POS=${String(at?.Position)}`,
  )
  await target.query('START SLAVE')
  await source.query('CREATE DATABASE percona')
  await source.query('CREATE TABLE percona.dsns (id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT, dsn VARCHAR(255) NOT NULL)')
  await source.query(`INSERT INTO percona.dsns (dsn) VALUES ('${dsn(target)}')`)
}
