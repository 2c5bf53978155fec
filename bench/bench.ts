#!/usr/bin/env node
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measure } from './measure.ts'
import { parts, say } from './options.ts'

/*
 * Speed as ratios within one run: `pnpm bench [start copy changes verify duckdb readers line link profile] [--rows 1000000] [--rounds 5] [--only NAME]`. Every round runs the ways in random order on the
 * same two private servers, and after each the copy is compared, or the time would not count. For a machine that does nothing else. What a tool is not installed for is left out.
 */
const PARTS: Readonly<Record<string, () => Promise<unknown>>> = {
  start: startUp,
  copy: () => import('./copy.ts'),
  changes: () => import('./changes.ts'),
  verify: () => import('./verify.ts'),
  duckdb: () => import('./duckdb.ts'),
  readers: () => import('./readers.ts'),
  line: () => import('./line.ts'),
  link: () => import('./link.ts'),
  profile: () => import('./profile.ts'),
}
for (const [name, run] of Object.entries(PARTS)) if (parts.length === 0 || parts.includes(name)) await run()

async function startUp(): Promise<void> {
  const dbsync = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules', '.bin', 'dbsync')
  const bare: number[] = []
  const help: number[] = []
  for (let i = 0; i < 9; i++) {
    bare.push((await measure(process.execPath, ['-e', '0'])).seconds)
    help.push((await measure(dbsync, ['--help'])).seconds)
  }
  const [a, b] = [Math.min(...bare), Math.min(...help)]
  say(`Start-up, best of 9: node -e 0 ${a.toFixed(3)} s, dbsync --help ${b.toFixed(3)} s: ${(b / a).toFixed(1)} × (goal: at most 5 ×)`)
}
