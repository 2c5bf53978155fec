#!/usr/bin/env node
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { changeOnePercent, makeSmall, makeTable, makeWide } from './data.ts'
import { type Call, cpuTree, flameGraph, heapTree, selfTimes, total } from './flame.ts'
import { measure } from './measure.ts'
import { isWanted, rows, say } from './options.ts'
import { benchPair, PROGRAM } from './pair.ts'

/*
 * CPU and heap of each stage of the work, as flame graphs in bench/profiles and as the functions that took most. Run it after `pnpm build`, on a machine that does nothing else.
 * Options: --rows, --only start|small|narrow|wide|time|digest|verify.
 */
const PROFILES = join(import.meta.dirname, 'profiles')

await using pair = await benchPair()
const { source, target, folder, dbsync } = pair
await makeTable(source, 'narrow', rows)
await makeWide(source, 'wide', rows / 2)
await makeSmall(source, 'small', 50)
await makeSmall(source, 'one', 1)

type Stage = { readonly database: string; readonly args: readonly string[]; readonly before?: () => Promise<unknown> }
const gone = (database: string) => () => target.query(`DROP DATABASE IF EXISTS ${database}`)
const there = (database: string) => () => dbsync([database], 'run', '--full')
const STAGES: Readonly<Record<string, Stage>> = {
  start: { database: 'one', args: ['run'], before: there('one') },
  small: { database: 'small', args: ['run', '--full'], before: gone('small') },
  narrow: { database: 'narrow', args: ['run', '--full'], before: gone('narrow') },
  wide: { database: 'wide', args: ['run', '--full'], before: gone('wide') },
  time: { database: 'narrow', args: ['run'], before: () => there('narrow')().then(() => changeOnePercent(source, 'narrow')) },
  digest: {
    database: 'narrow',
    args: ['run', '--reconcile'],
    before: () => there('narrow')().then(() => target.query('UPDATE narrow.narrow SET k = k + 1, updated_at = updated_at WHERE id % 100 = 7')),
  },
  verify: { database: 'narrow', args: ['verify'], before: there('narrow') },
}

await mkdir(PROFILES, { recursive: true })
for (const [name, { database, args, before }] of Object.entries(STAGES)) {
  if (!isWanted(name)) continue
  for (const [kind, flag, tree, unit] of [
    ['cpu', '--cpu-prof', cpuTree, 'ms'],
    ['heap', '--heap-prof', heapTree, 'MB'],
  ] as const) {
    await before?.()
    const raw = join(folder, `${name}-${kind}`)
    await rm(raw, { recursive: true, force: true })
    // Writes params.json for this database.
    await dbsync([database], 'status')
    await measure(process.execPath, [flag, `${flag}-dir=${raw}`, PROGRAM, ...args, '--json'], { cwd: folder })
    const [file = ''] = await readdir(raw)
    const root = (tree as (profile: unknown) => Call)(JSON.parse(await readFile(join(raw, file), 'utf8')))
    await writeFile(join(PROFILES, `${name}-${kind}.svg`), flameGraph(`dbsync ${args.join(' ')}, ${name}`, unit, root))
    const all = total(root)
    say(`\n${name}, ${kind}: ${all.toFixed(kind === 'cpu' ? 0 : 1)} ${unit}`)
    for (const [label, amount] of selfTimes(root).slice(0, 8)) say(`${((100 * amount) / all).toFixed(1).padStart(6)} %  ${label}`)
  }
}
