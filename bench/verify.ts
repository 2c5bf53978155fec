#!/usr/bin/env node
import { makeTable } from './data.ts'
import { measure } from './measure.ts'
import { rounds, rows, say } from './options.ts'
import { benchPair } from './pair.ts'
import { board, race } from './race.ts'

/*
 * `dbsync verify` of an equal table, by digest and by checksum, beside pt-table-checksum, and `dbsync verify --repair` of 1 % scattered rows beside pt-table-sync, on the same
 * two private servers, in random order. Needs Debian's percona-toolkit. pt-table-checksum works through replication, so the target replicates the source
 * for that part. Neither way makes a backup point. Run it after `pnpm build`, on a machine that does nothing else. Options: --rows, --rounds.
 */
await using pair = await benchPair()
const { source, target, dbsync, same, percona } = pair
const ONE = ['narrow']
await makeTable(source, 'narrow', rows)
// The table becomes known to dbsync: rows that it has never synced are guarded.
await dbsync(ONE, 'run', '--full')
await pair.replicate()
const looks = [
  { name: 'dbsync verify', run: () => dbsync(ONE, 'verify') },
  // Sums of 32 bits, as those of pt-table-checksum are; digests have 64.
  { name: 'dbsync verify --level checksum', run: () => dbsync(ONE, 'verify', '--level', 'checksum') },
  { name: 'pt-table-checksum', run: () => measure('pt-table-checksum', pair.checksum(ONE)) },
]
say(`Verify an equal table of ${rows} rows, ${rounds} rounds`)
say(board(await race(looks, rounds, pair)))

await target.query('STOP SLAVE')
await target.query('RESET SLAVE ALL')
const before = async () => void (await target.query('UPDATE narrow.narrow SET k = k + 1, updated_at = updated_at WHERE id % 100 = 7'))
const check = () => same(ONE)
// pt-table-sync ends with 2 where it changed something.
const sync = ['--execute', '--no-version-check', `${percona.source},D=narrow,t=narrow`, percona.target]
const repairs = [
  { name: 'dbsync verify --repair', before, run: () => dbsync(ONE, 'verify', '--repair'), check },
  { name: 'pt-table-sync', before, run: () => measure('pt-table-sync', sync, { codes: [0, 2] }), check },
]
say(`\nRepair 1 % scattered rows, ${rounds} rounds`)
say(board(await race(repairs, rounds, pair)))
