#!/usr/bin/env node
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { assertSameDatabases, startServer } from '@dbsync/testkit'
import { changeOnePercent, makeTable } from './data.ts'
import { measure, median, spread } from './measure.ts'

/*
 * What a backup point costs a run by time over a table of which one row in a hundred has changed: none, a journal, a dump. Every round takes
 * them in random order on the same two private servers: `node --conditions=dbsync-source bench/journal.ts`. Options: --rows, --rounds.
 */
const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } } })
const rows = Number(values.rows)
const dbsync = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules', '.bin', 'dbsync')
const say = (line: string) => process.stdout.write(`${line}\n`)

const settings = { innodb_buffer_pool_size: '1G', innodb_log_file_size: '512M', max_allowed_packet: '64M' }
await using stack = new AsyncDisposableStack()
const source = stack.use(await startServer({ settings, onDisk: true }))
const target = stack.use(await startServer({ settings, onDisk: true }))
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

type Way = 'none' | 'journal' | 'dump'
const WAYS: readonly Way[] = ['none', 'journal', 'dump']
type Report = { readonly report: { readonly backups: readonly { readonly kind: string; readonly bytes: number }[] } }

async function run(way: Way): Promise<{ readonly seconds: number; readonly bytes: number }> {
  const config = { sync_settings: { backup_before_sync: way !== 'none' }, backup_settings: { mode: way === 'none' ? 'dump' : way } }
  await writeFile(join(folder, 'sync-config.json'), JSON.stringify(config))
  const { seconds, stdout } = await measure(dbsync, ['run', '--json'], { cwd: folder })
  const [point] = (JSON.parse(stdout) as Report).report.backups
  if ((point?.kind ?? 'none') !== way) throw new Error(`${point?.kind} was made instead of ${way}`)
  return { seconds, bytes: point?.bytes ?? 0 }
}

await makeTable(source, 'bench', rows)
await run('none')
const seconds: Record<Way, number[]> = { none: [], journal: [], dump: [] }
const bytes: Record<Way, number> = { none: 0, journal: 0, dump: 0 }
for (let round = 0; round < Number(values.rounds); round++) {
  for (const way of WAYS.toSorted(() => Math.random() - 0.5)) {
    await changeOnePercent(source, 'bench')
    const done = await run(way)
    seconds[way].push(done.seconds)
    bytes[way] = done.bytes
  }
}
await assertSameDatabases({ server: source, database: 'bench' }, { server: target, database: 'bench' }, { ignoreAutoIncrement: true })

say(`${rows.toLocaleString('en')} rows, 1 % changed, ${values.rounds} rounds`)
const without = median(seconds.none)
for (const way of WAYS) {
  const time = median(seconds[way])
  const size = way === 'none' ? '' : `, ${(bytes[way] / 1e6).toFixed(2)} MB`
  say(`Backup point ${way}: ${time.toFixed(2)} s (${spread(seconds[way])}), ${(time / without).toFixed(2)} × the run without one${size}`)
}
say(`The journal has ${((100 * bytes.journal) / bytes.dump).toFixed(1)} % of the dump's bytes`)
