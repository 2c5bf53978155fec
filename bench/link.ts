#!/usr/bin/env node
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProxy } from '@dbsync/testkit'
import { makeWide } from './data.ts'
import { measure, median, spread } from './measure.ts'
import { rounds, rows, say } from './options.ts'
import { benchPair, DBSYNC } from './pair.ts'

/*
 * `compress` over slow lines: a full copy of the wide table from a source behind a line of so many megabits a second, as it is and compressed.
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

say(`\n${rows / 2} wide rows over a line, ${rounds} rounds`)
for (const megabits of [undefined, 1000, 100, 20]) {
  line.setFault(megabits === undefined ? undefined : { type: 'slow', bytesPerSecond: (megabits * 1e6) / 8 })
  const said: string[] = []
  for (const compress of [false, true]) {
    const seconds: number[] = []
    for (let round = 0; round < rounds; round++) {
      await target.query('DROP DATABASE IF EXISTS wide')
      const config = { sync_settings: { backup_before_sync: false, verify_after_sync: false }, performance_settings: { compress } }
      await writeFile(join(folder, 'sync-config.json'), JSON.stringify(config))
      seconds.push((await measure(DBSYNC, ['run', '--full', '--json'], { cwd: folder })).seconds)
    }
    said.push(`${compress ? 'compressed' : 'as it is'} ${median(seconds).toFixed(1)} s (${spread(seconds)})`)
  }
  say(`${megabits === undefined ? 'no limit' : `${megabits} Mbit/s`}: ${said.join(', ')}`)
}
await pair.same(['wide'])
