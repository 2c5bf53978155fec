#!/usr/bin/env node
import type { TestServer } from '@dbsync/testkit'
import { makeTable } from './data.ts'
import { measure } from './measure.ts'
import { rounds, rows, say } from './options.ts'
import { benchPair, DBSYNC } from './pair.ts'
import { hasPythonTools, pythonProgram } from './python.ts'
import { board, race, type Way } from './race.ts'

/*
 * `dbsync verify` of an equal table, by digest and by checksum, beside pt-table-checksum and reladiff; of one with 1 % scattered differences beside reladiff; and `dbsync verify --repair` of
 * them beside pt-table-sync, on the same two private servers, in random order. Needs Debian's percona-toolkit; reladiff comes from PyPI (`requirements.txt`). pt-table-checksum works through replication, so the target replicates the source
 * for that part. Neither way makes a backup point. Run it after `pnpm build`, on a machine that does nothing else. Options: --rows, --rounds.
 */
await using pair = await benchPair()
const { source, target, folder, dbsync, same, percona } = pair
const ONE = ['narrow']
await makeTable(source, 'narrow', rows)
// The table becomes known to dbsync: rows that it has never synced are guarded.
await dbsync(ONE, 'run', '--full')
await pair.replicate()
const uri = ({ user, password, host, port }: TestServer) => `mysql://${user}:${password}@${host}:${port}/narrow`
// All columns, as we compare them; four threads are no quicker than one on two cores.
const reladiff = [uri(source), 'narrow', uri(target), 'narrow', '-k', 'id', '-c', '%', '--stats']
const withReladiff = (found: string): readonly Way[] =>
  hasPythonTools()
    ? [
        {
          name: 'reladiff',
          async run() {
            const lap = await measure(pythonProgram('reladiff'), reladiff, { codes: [0, 1] })
            if (!lap.stdout.includes(found)) throw new Error(`reladiff found something else:\n${lap.stdout}`)
            return lap
          },
        },
      ]
    : []
const looks: readonly Way[] = [
  { name: 'dbsync verify', run: () => dbsync(ONE, 'verify') },
  // Sums of 32 bits, as those of pt-table-checksum are; digests have 64.
  { name: 'dbsync verify --level checksum', run: () => dbsync(ONE, 'verify', '--level', 'checksum') },
  { name: 'pt-table-checksum', run: () => measure('pt-table-checksum', pair.checksum(ONE)) },
  ...withReladiff(`${rows} rows unchanged`),
]
say(`Verify an equal table of ${rows} rows, ${rounds} rounds`)
say(board(await race(looks, rounds, pair)))

await target.query('STOP SLAVE')
await target.query('RESET SLAVE ALL')
const before = async () => void (await target.query('UPDATE narrow.narrow SET k = k + 1, updated_at = updated_at WHERE id % 100 = 7'))
const check = () => same(ONE)
// pt-table-sync ends with 2 where it changed something.
const sync = ['--execute', '--no-version-check', `${percona.source},D=narrow,t=narrow`, percona.target]
await before()
const finds: readonly Way[] = [
  {
    name: 'dbsync verify',
    async run() {
      const lap = await measure(DBSYNC, ['verify', '--json'], { cwd: folder, codes: [5] })
      if (!new RegExp(`"changed": ?${rows / 100}\\b`).test(lap.stdout)) throw new Error(`verify found something else:\n${lap.stdout}`)
      return lap
    },
  },
  ...withReladiff(`${rows / 100} rows updated`),
]
say(`\nFind 1 % scattered differences, ${rounds} rounds`)
say(board(await race(finds, rounds, pair)))
// Else the next change would be one by two, of which pt-table-sync does not see every row.
await dbsync(ONE, 'verify', '--repair')

const repairs = [
  { name: 'dbsync verify --repair', before, run: () => dbsync(ONE, 'verify', '--repair'), check },
  { name: 'pt-table-sync', before, run: () => measure('pt-table-sync', sync, { codes: [0, 2] }), check },
]
say(`\nRepair 1 % scattered rows, ${rounds} rounds`)
say(board(await race(repairs, rounds, pair)))
