#!/usr/bin/env node
import { makeSmall, makeTable } from './data.ts'
import { median } from './measure.ts'
import { rounds, rows, say } from './options.ts'
import { benchPair } from './pair.ts'

/*
 * Somebody who reads the copy all the time while `run --full` replaces it: one large table and fifty small ones. Fails where a table is missing or empty once, and prints the
 * longest that a read had to wait. Run it after `pnpm build`, on a machine that does nothing else. Options: --rows, --rounds.
 */
await using pair = await benchPair()
const { source, target, dbsync, same } = pair
const DATABASES = ['narrow', 'small']
await makeTable(source, 'narrow', rows)
await makeSmall(source, 'small', 50)
await dbsync(DATABASES, 'run', '--full')

const session = await target.connect()
const tables = ['narrow.narrow', ...Array.from({ length: 50 }, (_, i) => `small.t${i}`)]
const longest: number[] = []
let reads = 0
for (let round = 0; round < rounds; round++) {
  const running = dbsync(DATABASES, 'run', '--full')
  let done = false
  running.finally(() => (done = true)).catch(() => {})
  let most = 0
  for (let i = 0; !done; i++) {
    const table = i % 2 === 0 ? 'narrow.narrow' : (tables[i % tables.length] ?? '')
    const started = performance.now()
    const [found] = await session.query(`SELECT id FROM ${table} LIMIT 1`)
    most = Math.max(most, performance.now() - started)
    if (!Array.isArray(found) || found.length !== 1) throw new Error(`${table} was empty`)
    reads++
  }
  await running
  longest.push(most)
}
await session.end()
await same(DATABASES)
say(
  `\n${reads} reads of 51 tables during ${rounds} runs --full: none found a table missing or empty; the longest of a run took ${median(longest).toFixed(0)} ms (at most ${Math.max(...longest).toFixed(0)} ms)`,
)
