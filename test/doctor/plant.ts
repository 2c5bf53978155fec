import { appendFile, chmod, mkdir, readdir, readFile, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { quote, type TestServer } from '@dbsync/testkit'
import { expect } from 'vitest'
import { dbsync, said, startDbsync } from '../dbsync.ts'
import type { Project } from '../project.ts'
import type { PrivateCrontab } from '../schedule/private-crontab.ts'
import type { Settings } from './report.ts'
import type { Patient } from './treat.ts'

export type Sick = Pick<Patient, 'work' | 'path'> & { readonly source: TestServer; readonly target: TestServer; readonly crontab: PrivateCrontab }

/** Every fault that is looked for, all at once; the answer says what only a person can do about some of them. */
export async function plant(sick: Sick): Promise<Patient['byHand']> {
  await stoppedRollback(sick)
  const byHand = { ...(await servers(sick)), ...(await configuration(sick)), ...(await state(sick.work)) }
  await tables(sick)
  await rights(sick)
  await machine(sick)
  return byHand
}

/** Stopped where its statement that exchanges the tables waits for a reader. */
async function stoppedRollback({ work, target, path }: Sick): Promise<void> {
  const reader = await target.connect({ database: work.target.database })
  await reader.query('START TRANSACTION')
  await reader.query('SELECT COUNT(*) FROM t')
  const { process, ended } = startDbsync(['rollback', 'latest', '--yes'], { cwd: work.directory, env: { PATH: path } })
  const waits = async () => {
    const rows = await target.query("SELECT id FROM information_schema.PROCESSLIST WHERE state LIKE 'Waiting for table metadata lock%'")
    return rows.length > 0
  }
  let over = false
  void ended.then(() => {
    over = true
  })
  while (!over && !(await waits())) await sleep(50)
  expect(over, over ? said(await ended) : '').toBe(false)
  process.kill('SIGKILL')
  await ended
  const [waiting] = await target.query("SELECT id FROM information_schema.PROCESSLIST WHERE state LIKE 'Waiting for table metadata lock%'")
  if (waiting !== undefined) await target.query(`KILL ${Number(waiting.id)}`)
  reader.destroy()
}

const CLOCK = "init_connect = 'SET timestamp = UNIX_TIMESTAMP() + 7200'\n"
const VERSION = 'version = 10.6.5-MariaDB-old\n'

async function servers({ work, source, target }: Sick): Promise<Patient['byHand']> {
  const options = join(source.directory, 'server.cnf')
  await appendFile(options, `${CLOCK}${VERSION}sql_mode =\nmax_user_connections = 3\nmax_allowed_packet = 128M\n`)
  await source.restart()
  const without = (line: string) => async () => {
    await writeFile(options, (await readFile(options, 'utf8')).replace(line, ''))
    await source.restart()
  }
  // As if the copy were larger than any disk. Statistics are read when a server starts.
  await target.query(`UPDATE mysql.innodb_table_stats SET clustered_index_size = 1000000000000 WHERE database_name = '${work.target.database}'`)
  await target.restart()
  const settings = {
    binlog_format: "'STATEMENT'",
    expire_logs_days: 0,
    local_infile: 0,
    max_allowed_packet: 4 * 1024 * 1024,
    read_only: 1,
    log_bin_trust_function_creators: 0,
  }
  for (const [name, value] of Object.entries(settings)) await target.query(`SET GLOBAL ${name} = ${value}`)
  // Settles by itself once a run asks for fewer connections.
  return { 'clocks/clock': without(CLOCK), 'source/version': without(VERSION), 'tables/plan': async () => {} }
}

async function configuration({ work }: Sick): Promise<Patient['byHand']> {
  const read = async (file: string) => JSON.parse(await work.read(file)) as Settings
  const { db_ssl: _, ...params } = await read('params.json')
  const { copy } = params.targets as { readonly copy: Settings }
  const two = `${work.database}_two`
  await work.write('params.json', {
    ...params,
    db_pass: work.password,
    db_list: [work.database, two],
    lookback_minutes: 0,
    targets: { copy: { ...copy, ssl: { mode: 'required' } } },
  })
  const { sync_settings: settings, ...config } = await read('sync-config.json')
  const { reconcile_every: __, ...others } = settings as Settings
  const frozen = { table_settings: { tables: { small: { schema_policy: 'freeze' } } } }
  await work.write('sync-config.json', { ...config, ...frozen, sync_settings: others, sync_setings: {} })
  await work.write('.env', (await work.read('.env')).replace(/HOOK=.*\n/, ''))
  await chmod(join(work.directory, '.env'), 0o644)
  await chmod(join(work.directory, 'params.json'), 0o640)
  const change = (file: string, to: (before: Settings) => Settings) => async () => work.write(file, to(await read(file)))
  const hook = async () => {
    if (!(await work.read('.env')).includes('HOOK=')) await appendFile(join(work.directory, '.env'), 'HOOK=http://127.0.0.1:9/\n')
  }
  return {
    'configuration/plain-secret': change('params.json', (before) => ({ ...before, db_pass: 'env:SOURCE_PASSWORD' })),
    'configuration/unknown-key': change('sync-config.json', ({ sync_setings: ___, ...before }) => before),
    'tables/refused': change('sync-config.json', ({ table_settings: ____, ...before }) => before),
    'alerts/alerts': hook,
    'schedule/schedule-variables': hook,
  }
}

async function state(work: Project): Promise<Patient['byHand']> {
  const damaged = join(work.directory, 'sync_status', 'damaged.json')
  await writeFile(damaged, '{"tables": {')
  const legacy = join(work.directory, 'sync_status', `${work.database}_two_x.json`)
  await writeFile(
    legacy,
    JSON.stringify({ table_name: 'x', last_sync_time: '2024-01-01T00:00:00', sync_status: 'SUCCESS', sync_mode: 'FULL', records_synced: 1 }),
  )
  const locks = join(work.directory, 'sync_status', '.dbsync', '%locks')
  await mkdir(locks, { recursive: true })
  const lock = join(locks, `copy%2F${work.target.database}.lock`)
  const owner = { pid: 4_000_000, host: 'another', machine: 'gone', started: null, since: '2024-01-01T00:00:00.000Z', token: 'x' }
  await writeFile(lock, JSON.stringify(owner))
  await utimes(lock, new Date('2024-01-01'), new Date('2024-01-01'))
  const manifests = (await readdir(join(work.directory, 'backups', 'database'))).filter((name) => name.endsWith('.json'))
  for (const name of manifests) {
    const file = `backups/database/${name}`
    const manifest = JSON.parse(await work.read(file)) as Settings
    await work.write(file, { ...manifest, restoredAt: manifest.restoredAt === null ? null : '2020-01-01T00:00:00.000Z' })
  }
  return { 'state/state': () => unlink(damaged) }
}

async function tables({ work, source }: Sick): Promise<void> {
  const here = quote(work.database)
  await source.query(`ALTER TABLE ${here}.t DROP KEY updated_at`)
  await source.query(`UPDATE ${here}.t SET updated_at = NULL WHERE id = 3`)
  await source.query(`CREATE TABLE ${here}.unsafe (id INT PRIMARY KEY) ENGINE=MyISAM`)
  await source.query(`CREATE DATABASE ${quote(`${work.database}_two`)}`)
  await source.query(`CREATE TABLE ${quote(`${work.database}_two`)}.x (id INT PRIMARY KEY)`)
  await source.query(`ANALYZE TABLE ${here}.t`)
  // A change that the configuration forbids to follow.
  await source.query(`ALTER TABLE ${here}.small ADD COLUMN later INT`)
}

async function rights({ work, source, target }: Sick): Promise<void> {
  await source.query(`GRANT INSERT ON ${quote(work.database.replaceAll('_', '\\_'))}.* TO ${work.sourceUser}@'%'`)
  await target.query(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${work.targetUser}@'%'`)
  await target.query(`GRANT SELECT, INSERT, CREATE ON ${quote(work.target.database.replaceAll('_', '\\_'))}.* TO ${work.targetUser}@'%'`)
}

/** As if it had been installed long ago, and nothing had come since. */
async function machine({ work, crontab }: Sick): Promise<void> {
  crontab.write(Buffer.alloc(0))
  const log = 'logs/db-backup.log'
  await work.write(log, (await work.read(log)).replaceAll(/"time":"[^"]+"/g, '"time":"2024-01-01T00:00:00.000Z"'))
  const folder = join(work.directory, 'dbsync-plugin-old')
  await mkdir(join(folder, 'node_modules'), { recursive: true })
  const hooks = { 'dbsync:register': './register.js' }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'dbsync-plugin-old', version: '1.0.0', type: 'module', oclif: { hooks } }))
  await writeFile(join(folder, 'register.js'), 'export default async () => ({ apiVersion: 99, targets: [] })')
  const linked = await dbsync(['plugins', 'link', '--no-install', folder], { cwd: work.directory })
  expect(linked.code, said(linked)).toBe(0)
}
