#!/usr/bin/env node
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startBigQuery, startServer } from '@dbsync/testkit'
import { changeOnePercent, makeTable } from './data.ts'
import { measure } from './measure.ts'

/*
 * `dbsync run` into an emulator of BigQuery, which takes most of the time: a full copy, and a run by time after one row in a hundred has changed, each with its
 * verification, against what users were used to. Needs the emulator (bin/test installs it). `node --conditions=dbsync-source bench/ceilings.ts`.
 * Options: --rows, sizes with commas; --large adds 300,000 rows.
 */
const { values } = parseArgs({ options: { rows: { type: 'string', default: '10000,100000' }, large: { type: 'boolean', default: false } } })
const sizes = [...values.rows.split(',').map(Number), ...(values.large ? [300_000] : [])]
const dbsync = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules', '.bin', 'dbsync')
const say = (line: string) => process.stdout.write(`${line}\n`)

/** Seconds, for up to so many rows. */
const CEILINGS: readonly { readonly rows: number; readonly full: number; readonly time: number }[] = [
  { rows: 10_000, full: 30, time: 10 },
  { rows: 100_000, full: 300, time: 60 },
  { rows: Number.POSITIVE_INFINITY, full: 1_800, time: 300 },
]

await using stack = new AsyncDisposableStack()
const source = stack.use(await startServer({ settings: { innodb_buffer_pool_size: '512M' } }))
const bigquery = stack.use(await startBigQuery())
const folder = await mkdtemp(join(tmpdir(), 'dbsync-bench-'))
stack.defer(() => rm(folder, { recursive: true, force: true }))
await writeFile(join(folder, 'sync-config.json'), '{}')

type Tables = { readonly report: { readonly tables: readonly { readonly strategy: string; readonly verified?: { readonly equal: boolean } }[] } }

async function run(strategy: string, ...args: readonly string[]): Promise<{ readonly seconds: number; readonly peakMiB: number }> {
  const { stdout, ...measured } = await measure(dbsync, ['run', '--json', ...args], { cwd: folder })
  const [table] = (JSON.parse(stdout) as Tables).report.tables
  if (table?.strategy !== strategy || table.verified?.equal !== true) throw new Error(`not ${strategy}, or not equal: ${stdout.slice(0, 2_000)}`)
  return measured
}

for (const rows of sizes) {
  const database = `bench_${rows}`
  await makeTable(source, database, rows)
  const { host, port, user, password } = source
  const target = { type: 'bigquery', project: bigquery.project, dataset: database, auth: 'none', api_endpoint: bigquery.endpoint }
  const params = { db_host: host, db_port: port, db_user: user, db_pass: password, db_list: database, targets: { bq: target } }
  await writeFile(join(folder, 'params.json'), JSON.stringify(params))
  const full = await run('full', '--full')
  await changeOnePercent(source, database)
  const time = await run('time')
  const ceiling = CEILINGS.find((one) => rows <= one.rows)
  const within = full.seconds <= (ceiling?.full ?? 0) && time.seconds <= (ceiling?.time ?? 0)
  say(
    `${rows.toLocaleString('en')} rows: in full ${full.seconds.toFixed(1)} s (at most ${ceiling?.full}), by time ${time.seconds.toFixed(1)} s (at most ${ceiling?.time}), peak memory of dbsync ${Math.max(full.peakMiB, time.peakMiB).toFixed(0)} MiB: ${within ? 'within' : 'BEYOND'}`,
  )
  if (!within) process.exitCode = 1
}
