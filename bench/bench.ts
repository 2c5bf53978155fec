#!/usr/bin/env node
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareDatabases, startServer, type TestServer } from '@dbsync/testkit'
import { changeOnePercent, makeTable } from './data.ts'
import { measure, median, spread } from './measure.ts'

/*
 * Speed as ratios within one run: `pnpm bench`. Every round runs the ways in random order on the same two private servers, and
 * after each the copy is compared, or the time would not count. Options: --rows, --rounds.
 */
const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } } })
const rows = Number(values.rows)
const rounds = Number(values.rounds)
const dbsync = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules', '.bin', 'dbsync')
const say = (line: string) => process.stdout.write(`${line}\n`)

const settings = { innodb_buffer_pool_size: '1G', innodb_log_file_size: '512M', max_allowed_packet: '64M' }
await using stack = new AsyncDisposableStack()
const source = stack.use(await startServer({ settings, binlog: true, onDisk: true }))
const target = stack.use(await startServer({ settings, onDisk: true }))
const folder = await mkdtemp(join(tmpdir(), 'dbsync-bench-'))
stack.defer(() => rm(folder, { recursive: true, force: true }))
await writeParams(folder, source, target)

await startUp()
say(`\n${rows.toLocaleString('en')} rows, ${rounds} rounds`)
await makeTable(source, 'bench', rows)
const full = await fullCopy()
await byTime(full)

async function startUp(): Promise<void> {
  const bare: number[] = []
  const help: number[] = []
  for (let i = 0; i < 9; i++) {
    bare.push((await measure(process.execPath, ['-e', '0'])).seconds)
    help.push((await measure(dbsync, ['--help'], { cwd: folder })).seconds)
  }
  const [a, b] = [Math.min(...bare), Math.min(...help)]
  say(`Start-up, best of 9: node -e 0 ${a.toFixed(3)} s, dbsync --help ${b.toFixed(3)} s: ${(b / a).toFixed(1)} × (goal: at most 5 ×)`)
}

type Full = { readonly seconds: number; readonly wire: number }

async function fullCopy(): Promise<Full> {
  const seconds = { dump: [] as number[], dbsync: [] as number[] }
  const peaks: number[] = []
  let wire = 0
  const ways = {
    dump: async () => {
      await target.query('DROP DATABASE IF EXISTS bench')
      await target.query('CREATE DATABASE bench')
      const at = (server: TestServer) => `--no-defaults --socket=${server.socket} --user=${server.user} --password=${server.password}`
      const pipe = `mariadb-dump ${at(source)} --single-transaction --quick bench | mariadb ${at(target)} bench`
      seconds.dump.push((await measure('bash', ['-o', 'pipefail', '-c', pipe])).seconds)
    },
    dbsync: async () => {
      await target.query('DROP DATABASE IF EXISTS bench')
      const run = await measure(dbsync, ['run', '--full', '--json'], { cwd: folder })
      seconds.dbsync.push(run.seconds)
      peaks.push(run.peakMiB)
      wire = wireBytes(run.stdout)
    },
  }
  for (let round = 0; round < rounds; round++) {
    for (const way of Math.random() < 0.5 ? [ways.dump, ways.dbsync] : [ways.dbsync, ways.dump]) {
      await way()
      await mustBeEqual()
    }
  }
  const [dump, ours] = [median(seconds.dump), median(seconds.dbsync)]
  say(
    `Full copy: mariadb-dump | mariadb ${dump.toFixed(2)} s (${spread(seconds.dump)}), dbsync run --full ${ours.toFixed(2)} s (${spread(seconds.dbsync)}): ${(dump / ours).toFixed(2)} × as fast`,
  )
  say(`Peak memory of dbsync: ${Math.max(...peaks).toFixed(0)} MiB; on the wire, both ends: ${(wire / 1e6).toFixed(0)} MB`)
  return { seconds: ours, wire }
}

async function byTime(full: Full): Promise<void> {
  await measure(dbsync, ['run', '--full', '--json'], { cwd: folder })
  const seconds: number[] = []
  let wire = 0
  for (let round = 0; round < rounds; round++) {
    await changeOnePercent(source, 'bench')
    const run = await measure(dbsync, ['run', '--json'], { cwd: folder })
    seconds.push(run.seconds)
    if (round === 0) wire = wireBytes(run.stdout)
    await mustBeEqual()
  }
  // The first round alone counts for bytes: in later ones the lookback reads the rounds before again.
  const time = seconds[0] ?? Number.NaN
  say(
    `By time, 1 % changed: ${time.toFixed(2)} s (all rounds ${spread(seconds)}), ${((100 * time) / full.seconds).toFixed(1)} % of the full copy's time (goal: under 10 %)`,
  )
  say(`On the wire: ${(wire / 1e6).toFixed(1)} MB, ${((100 * wire) / full.wire).toFixed(1)} % of the full copy's bytes (goal: under 5 %)`)
}

async function mustBeEqual(): Promise<void> {
  const [difference] = await compareDatabases({ server: source, database: 'bench' }, { server: target, database: 'bench' })
  if (difference !== undefined) throw new Error(`the copy differs: ${JSON.stringify(difference)}`)
}

function wireBytes(json: string): number {
  const { report } = JSON.parse(json) as { report: { totals: { wire: { source: number; targets: number } } } }
  return report.totals.wire.source + report.totals.wire.targets
}

async function writeParams(directory: string, from: TestServer, to: TestServer): Promise<void> {
  const { host, port, user, password } = to
  const params = {
    db_host: from.host,
    db_port: from.port,
    db_user: from.user,
    db_pass: from.password,
    db_list: 'bench',
    targets: { copy: { type: 'mysql', host, port, user, password } },
  }
  await writeFile(join(directory, 'params.json'), JSON.stringify(params, null, 2))
  // The copy itself is measured: what backup points and verification cost is in journal.ts and verify.ts.
  await writeFile(join(directory, 'sync-config.json'), JSON.stringify({ sync_settings: { backup_before_sync: false, verify_after_sync: false } }, null, 2))
}
