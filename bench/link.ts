#!/usr/bin/env node
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProxy } from '@dbsync/testkit'
import { makeWide } from './data.ts'
import { measure, median, spread } from './measure.ts'
import { rounds, rows, say } from './options.ts'
import { benchPair, DBSYNC } from './pair.ts'

/*
 * Full copies of the wide table from a source behind a line of so many megabits a second: as it is and compressed, by one reader and by several that share the table.
 * Run it after `pnpm build`, on a machine that does nothing else. Options: --rows (the wide table has half as many), --rounds.
 */
await using pair = await benchPair()
const { source, target, folder } = pair
await makeWide(source, 'wide', rows / 2)
await using line = await startProxy(source)
const { host, port, user, password } = target
const params = {
  ...{ db_host: line.host, db_port: line.port, db_user: source.user, db_pass: source.password, db_list: 'wide' },
  targets: { copy: { type: 'mysql', host, port, user, password } },
}
await writeFile(join(folder, 'params.json'), JSON.stringify(params))

async function copies(settings: Readonly<Record<string, unknown>>): Promise<string> {
  const seconds: number[] = []
  for (let round = 0; round < rounds; round++) {
    await target.query('DROP DATABASE IF EXISTS wide')
    const config = { sync_settings: { backup_before_sync: false, verify_after_sync: false }, performance_settings: settings }
    await writeFile(join(folder, 'sync-config.json'), JSON.stringify(config))
    seconds.push((await measure(DBSYNC, ['run', '--full', '--json'], { cwd: folder })).seconds)
  }
  return `${median(seconds).toFixed(1)} s (${spread(seconds)})`
}

say(`\n${rows / 2} wide rows over a line, ${rounds} rounds`)
for (const megabits of [undefined, 1000, 100, 20]) {
  line.setFault(megabits === undefined ? undefined : { type: 'slow', bytesPerSecond: (megabits * 1e6) / 8 })
  const [plain, compressed] = [await copies({ compress: false }), await copies({ compress: true })]
  say(`${megabits === undefined ? 'no limit' : `${megabits} Mbit/s`}: as it is ${plain}, compressed ${compressed}`)
}
await pair.same(['wide'])

say('\nthe same where each connection has a line of its own')
for (const megabits of [100, 20]) {
  line.setFault({ type: 'slow', bytesPerSecond: (megabits * 1e6) / 8, each: true })
  const [one, more] = [await copies({ parallel_tables: 1 }), await copies({ parallel_tables: 4 })]
  say(`${megabits} Mbit/s each: one reader ${one}, up to four ${more}`)
}
await pair.same(['wide'])
