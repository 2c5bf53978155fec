import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname, networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dbsync, type Outcome, said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'
import { type PrivateCrontab, privateCrontab } from '../schedule/private-crontab.ts'
import { certificates } from './certificates.ts'
import { plant } from './plant.ts'
import { expectPrinted, type Found, findings, type Settings, troubles } from './report.ts'
import { type Patient, treat } from './treat.ts'

/** An address of this machine that is not the loopback one: what is reached over it counts as another machine. */
const OUTSIDE =
  Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.internal === false && each.family === 'IPv4')?.address ?? hostname()

let folder: string
let source: TestServer
let target: TestServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-doctor-'))
  await certificates(folder, OUTSIDE)
  const settings = { bind_address: '0.0.0.0', ssl_cert: join(folder, 'server.pem'), ssl_key: join(folder, 'server.key') }
  ;[source, target] = await Promise.all([
    startServer({ timeZone: '-05:00', settings }),
    startServer({ timeZone: '+09:00', binlog: true, settings: { ...settings, expire_logs_days: '7' } }),
  ])
})

afterAll(async () => {
  await source?.[Symbol.asyncDispose]()
  await target?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** A set-up that is as it should be: synced, with a point that was proved, and jobs in a crontab of its own. */
async function healthy(): Promise<Patient & { readonly crontab: PrivateCrontab } & AsyncDisposable> {
  const work = await project({
    backups: true,
    servers: { source, target },
    sourceRights: 'SELECT, TRIGGER',
    config: {
      sync_settings: { reconcile_every: '7d' },
      objects: ['triggers'],
      schedules: { daily: {} },
      alerts: { webhooks: [{ url: 'env:HOOK' }] },
    },
  })
  const { copy } = work.params.targets as { readonly copy: Settings }
  const ssl = { mode: 'verify-identity', ca: 'ca.pem' }
  await work.write('params.json', { ...work.params, db_host: OUTSIDE, db_ssl: ssl, targets: { copy: { ...copy, host: OUTSIDE, ssl, bulkInsert: false } } })
  await work.write('ca.pem', await readFile(join(folder, 'ca.pem'), 'utf8'))
  await work.write('.env', `${await work.read('.env')}HOOK=http://127.0.0.1:9/\n`)
  for (const purpose of ['restore', 'check']) await target.query(`GRANT ALL ON \`\\_dbsync\\_${purpose}\\_%\`.* TO ${work.targetUser}@'%'`)
  await target.query('SET GLOBAL log_bin_trust_function_creators = 1')
  const stamped = 'updated_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP'
  await work.at.query(`CREATE TABLE t (id INT PRIMARY KEY, v INT, ${stamped}, KEY (updated_at))`)
  await work.at.query("INSERT INTO t SELECT seq, seq, '2024-01-01' FROM seq_1_to_20000")
  await work.at.query('CREATE TABLE small (id INT PRIMARY KEY)')
  await work.at.query('ANALYZE TABLE t, small')
  const crontab = await privateCrontab(join(folder, `cron-${work.database}`))
  const path = `${crontab.bin}:${process.env.PATH}`
  await work.sync()
  await work.at.query('UPDATE t SET v = 0 WHERE id = 1')
  await work.sync()
  for (const args of [
    ['backup', 'check', 'latest', '--restore'],
    ['schedule', 'install'],
  ]) {
    const outcome = await dbsync(args, { cwd: work.directory, env: { PATH: path } })
    expect(outcome.code, said(outcome)).toBe(0)
  }
  return { work, source, target, path, crontab, byHand: {}, [Symbol.asyncDispose]: () => work[Symbol.asyncDispose]() }
}

const doctor = ({ work, path }: Patient, ...args: readonly string[]): Promise<Outcome> =>
  dbsync(['doctor', ...args], { cwd: work.directory, env: { PATH: path } })

/** As `group/what`. */
const PLANTED = [
  'alerts/alerts',
  'backups/backup-proved',
  'backups/backup-room',
  'backups/rollback',
  'clocks/clock',
  'configuration/file-mode',
  'configuration/plain-secret',
  'configuration/unknown-key',
  'plugins/plugins',
  'schedule/overdue',
  'schedule/schedule',
  'source/engine',
  'source/max_user_connections',
  'source/rights',
  'source/rights-surplus',
  'source/sql_mode',
  'source/timestamp-index',
  'source/timestamp-null',
  'source/tls',
  'source/version',
  'state/lock',
  'state/state',
  'state/state-legacy',
  'tables/lookback',
  'tables/reconcile',
  'tables/refused',
  'target/binlog_expire',
  'target/binlog_format',
  'target/local_infile',
  'target/log_bin_trust_function_creators',
  'target/max_allowed_packet',
  'target/read_only',
  'target/rights',
  'target/rights-rollback',
  'target/row-limit',
  'target/tls',
]

test('a good set-up has nothing to be said of; every planted fault is found, and what the output says puts it right', { timeout: 300_000 }, async () => {
  await using patient = await healthy()
  const { work } = patient
  const good = await doctor(patient, '--json')
  expect(troubles(findings(good)), said(good)).toEqual([])
  expect(good.code).toBe(0)

  const byHand = await plant({ work, source, target, path: patient.path, crontab: patient.crontab })
  const before = await traces(work)
  const bad = await doctor(patient, '--json')
  const printed = await doctor(patient)
  expect(await traces(work), 'looking writes nothing').toEqual(before)
  expect(bad.code, said(bad)).toBe(2)
  expect(printed.code).toBe(2)
  expectPrinted(findings(bad), printed.stdout)
  expect(printed.stdout + printed.stderr + bad.stdout).not.toContain(work.password)

  // What a fault hides comes to light when that one has gone.
  const seen = new Set<string>()
  let left = troubles(findings(bad))
  for (let round = 1; left.length > 0; round++) {
    expect(round, JSON.stringify(left, null, 2)).toBeLessThan(8)
    for (const { name } of left) seen.add(name)
    for (const found of due(left)) await treat({ ...patient, byHand }, found)
    left = troubles(findings(await doctor(patient, '--json')))
  }
  expect([...seen]).toEqual(expect.arrayContaining(PLANTED))
  const cured = await doctor(patient)
  expect(cured.code, said(cured)).toBe(0)
  expect(cured.stdout).toMatch(/^All is well: (?:\d+ notes?, )?\d+ ok\.$/m)
})

/** What can be done now: commands need what the rest puts right, and a run needs all of it. */
function due(left: readonly Found[]): readonly Found[] {
  const rank = ({ fix }: Found) => (fix?.by !== 'command' ? 0 : fix.commands.some((command) => /^dbsync (?:schedule )?run\b/.test(command)) ? 2 : 1)
  const fixable = left.filter(({ level }) => level !== 'unchecked')
  const first = fixable.filter((found) => rank(found) < 2)
  return (first.length > 0 ? first : fixable).toSorted((a, b) => rank(a) - rank(b))
}

/** All that could be written to: the project's files, and the target's binary log. */
async function traces({ directory }: Project): Promise<readonly string[]> {
  const files = (await readdir(directory, { recursive: true })).filter((name) => !name.startsWith('.home')).sort()
  const [log] = await target.query('SHOW MASTER STATUS')
  const lines = await Promise.all(files.map(async (name) => `${name} ${(await stat(join(directory, name))).mtimeMs}`))
  return [...lines, JSON.stringify(log)]
}

test('the GRANT as printed fits a hostile name, and the right that a pattern gives stays', { timeout: 120_000 }, async () => {
  await using work = await project({ servers: { source, target }, suffix: '`\'"_%ü☃' })
  const patient = { work, source, target, path: String(process.env.PATH), byHand: {} }
  const missing = async () => findings(await doctor(patient, '--json')).filter(({ name, level }) => name === 'target/rights' && level !== 'ok')
  await target.query(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${work.targetUser}@'%'`)
  await target.query(`GRANT SELECT, INSERT ON \`t%\`.* TO ${work.targetUser}@'%'`)
  const found = await missing()
  expect(found.map(({ level }) => level)).toEqual(['failure', 'warning'])
  for (const each of found) await treat(patient, each)
  expect(await missing()).toEqual([])
})

test('a broken end keeps nothing else from being looked at, and what could not be says why', { timeout: 120_000 }, async () => {
  await using work = await project({ servers: { source, target } })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY) ENGINE=MyISAM')
  const { copy } = work.params.targets as { readonly copy: Settings }
  const patient = { work, source, target, path: String(process.env.PATH), byHand: {} }
  const look = async () => findings(await doctor(patient, '--json'))
  const levels = (found: readonly Found[], name: string) => found.filter((each) => each.name === name).map(({ level }) => level)

  await work.write('params.json', {
    ...work.params,
    targets: { copy, other: { ...copy, port: 1 }, third: { ...copy, database: 'third_{database}', password: 'env:NOT_SET' } },
  })
  const halves = await doctor(patient, '--json')
  expect(halves.code, said(halves)).toBe(2)
  const found = findings(halves)
  expect(levels(found, 'target/connection'), said(halves)).toEqual(['ok', 'failure', 'failure'])
  expect(levels(found, 'source/engine')).toEqual(['warning'])
  expect(levels(found, 'tables/strategy')).toEqual(['ok'])
  expect(levels(found, 'backups/backups')).toEqual(expect.arrayContaining(['unchecked']))

  await work.write('params.json', { ...work.params, db_port: 1 })
  const blind = await doctor(patient)
  expect(blind.code, said(blind)).toBe(3)
  expect(blind.stdout).toMatch(/^Target copy\n {2}ok {8}Connected/m)
  expect(blind.stdout).toMatch(/^Tables\n {2}unchecked .*the source cannot be/m)

  await work.write('params.json', '{"db_host": 1')
  expect(levels(await look(), 'configuration/configuration')).toEqual(['failure'])
  expect((await doctor(patient)).code).toBe(2)
})
