#!/usr/bin/env node
import { makeTable } from './data.ts'
import { median, spread } from './measure.ts'
import { rounds, rows, say } from './options.ts'
import { benchPair } from './pair.ts'

/*
 * What a full copy costs against the size of its table: a tenth, once and ten times `--rows` rows. A straight line is what a row more costs between the two outer sizes, on top of what
 * a run costs by itself (that of a table without rows). Run it after `pnpm build`, on a machine that does nothing else. Options: --rows, --rounds.
 */
// The largest table fits into the servers' memory: what they do where it does not is theirs.
await using pair = await benchPair({ settings: { innodb_buffer_pool_size: '5G', innodb_log_file_size: '2G' } })
const { source, target, dbsync, settled } = pair
const sizes = [0, rows / 10, rows, rows * 10]
for (const size of sizes) await makeTable(source, `n${size}`, size)

const seconds = new Map<number, number[]>(sizes.map((size) => [size, []]))
for (let round = 0; round < rounds; round++) {
  for (const size of sizes) {
    await target.query(`DROP DATABASE IF EXISTS n${size}`)
    await settled()
    seconds.get(size)?.push((await dbsync([`n${size}`], 'run', '--full')).seconds)
  }
}
await pair.same([`n${rows}`])
const took = (size: number) => median(seconds.get(size) ?? [])
const each = (size: number) => (1e6 * (took(size) - took(0))) / size
say(`\nA full copy against its size, ${rounds} rounds; without rows ${took(0).toFixed(2)} s`)
for (const size of sizes.slice(1)) {
  const off = 100 * (each(size) / each(rows) - 1)
  const beside = size === rows ? '' : `, ${Math.abs(off).toFixed(0)} % ${off > 0 ? 'more' : 'less'} than at ${rows.toLocaleString('en')}`
  say(
    `${size.toLocaleString('en').padStart(12)} rows  ${took(size).toFixed(2).padStart(7)} s (${spread(seconds.get(size) ?? [])})  ${each(size).toFixed(2)} µs a row${beside}`,
  )
}
