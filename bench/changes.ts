#!/usr/bin/env node
import { makeSmall, makeTable, makeWide } from './data.ts'
import { measure } from './measure.ts'
import { isWanted, rounds, rows, say } from './options.ts'
import { benchPair } from './pair.ts'
import { board, race } from './race.ts'

/*
 * What changes cost: 1 % of the rows by time beside a reload by mariadb-dump, by digest beside pt-table-sync, scattered over the table and in one place, and nothing at all in 52 tables
 * beside pt-table-checksum. In random order on the same two private servers, and each result compared. Run it after `pnpm build`, on a machine that does nothing else.
 * Options: --rows, --rounds, --only time|scattered|clustered|nothing.
 */
await using pair = await benchPair()
const { source, target, dbsync, same, percona } = pair
const ONE = ['narrow']
await makeTable(source, 'narrow', rows)
await dbsync(ONE, 'run', '--full')
const check = () => same(ONE)

if (isWanted('time')) {
  let hour = 0
  // A run an hour, and the changes of that hour all over it: the last of them are read twice, for the lookback.
  const before = async () => {
    hour++
    await source.query(
      `UPDATE narrow.narrow SET k = k + 1, updated_at = '2026-03-01 00:00:00' + INTERVAL ${hour} HOUR + INTERVAL id * 3600 DIV ${rows} SECOND WHERE id % 100 = ${hour % 100}`,
    )
  }
  say(`\n1 % of ${rows} rows by time, ${rounds} rounds`)
  const ways = [
    { name: 'dbsync run', before, run: () => dbsync(ONE, 'run'), check },
    {
      name: 'reload by mariadb-dump | mariadb',
      before,
      run: () => pair.reload(ONE),
      // And its rows are none of those that dbsync finds the next time.
      check: () =>
        check()
          .then(() => dbsync(ONE, 'run'))
          .then(check),
    },
  ]
  say(board(await race(ways, rounds, pair)))
}

await pair.settings({ mode: 'reconcile' })
for (const [name, where] of [
  ['scattered', 'id % 100 = 7'],
  ['clustered', `id BETWEEN ${rows * 0.4} AND ${rows * 0.41}`],
] as const) {
  if (!isWanted(name)) continue
  // At the target, so that the next way finds the same to do.
  const before = async () => void (await target.query(`UPDATE narrow.narrow SET k = k + 1, updated_at = updated_at WHERE ${where}`))
  say(`\n1 % of ${rows} rows by digest, ${name}, ${rounds} rounds`)
  const sync = ['--execute', '--no-version-check', `${percona.source},D=narrow,t=narrow`, percona.target]
  const ways = [
    { name: 'dbsync run --reconcile', before, run: () => dbsync(ONE, 'run', '--reconcile'), check },
    { name: 'pt-table-sync', before, run: () => measure('pt-table-sync', sync, { codes: [0, 2] }), check },
  ]
  say(board(await race(ways, rounds, pair)))
}

if (isWanted('nothing')) {
  await makeWide(source, 'wide', rows / 2)
  await makeSmall(source, 'small', 50)
  const all = ['narrow', 'small', 'wide']
  await dbsync(all, 'run')
  await pair.replicate()
  say(`\nNothing changed in 52 tables, ${rounds} rounds`)
  const ways = [
    { name: 'dbsync run --reconcile', run: () => dbsync(all, 'run', '--reconcile') },
    { name: 'dbsync verify', run: () => dbsync(all, 'verify') },
    { name: 'dbsync verify --level checksum', run: () => dbsync(all, 'verify', '--level', 'checksum') },
    { name: 'pt-table-checksum', run: () => measure('pt-table-checksum', pair.checksum(all)) },
  ]
  say(board(await race(ways, rounds, pair)))
}
