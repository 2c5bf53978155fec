#!/usr/bin/env node
// Everything that CI has a sample of, at full length, one part after the other: hours. `pnpm torture` runs all parts, `pnpm torture cuts starts` some,
// `pnpm torture --list` names them. Its figures stand in docs/guarantees.md.
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

type Part = {
  readonly name: string
  readonly what: string
  readonly files: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Lines of its output that are kept for the end. */
  readonly figures: RegExp
}

const PARTS: readonly Part[] = [
  {
    name: 'kills',
    what: '400 runs, 60 rollbacks and 60 runs with a journal killed, and target servers with them',
    files: ['test/kill.test.ts', 'test/rollback-kill.test.ts', 'packages/plugin-mysql-target/src/journal/killed.db.test.ts'],
    env: { DBSYNC_KILL_TRIALS: '200', DBSYNC_ROLLBACK_KILLS: '60', DBSYNC_JOURNAL_KILLS: '60' },
    figures: /^Moments of|^ {2,}\d+ {2}\S/,
  },
  {
    name: 'cuts',
    what: '300 connections cut, and 5 that go without a word',
    files: ['test/random-cuts.test.ts', 'test/network.test.ts'],
    env: { DBSYNC_CUTS: '300', DBSYNC_SILENCE: '1' },
    figures: /cut connections|^silence of/,
  },
  { name: 'starts', what: '200 pairs of runs at once', files: ['test/double-start.test.ts'], env: { DBSYNC_DOUBLE_STARTS: '200' }, figures: /double starts/ },
  {
    name: 'schedules',
    what: '10,000 schedules of transactions against runs by time',
    files: ['packages/core/src/run/schedules.test.ts'],
    env: { DBSYNC_SCHEDULES: '10000' },
    figures: /schedules, seed/,
  },
  {
    name: 'mutations',
    what: '1,000 changes of 100,000 rows, each found by verify',
    files: ['test/verify/power.test.ts'],
    env: { DBSYNC_VERIFY_MUTATIONS: '1000', DBSYNC_VERIFY_ROWS: '100000' },
    figures: /all found/,
  },
  {
    name: 'schemas',
    what: '60 random changes of random tables',
    files: ['test/schema-random.test.ts'],
    env: { DBSYNC_SCHEMA_ROUNDS: '60' },
    figures: /SEED/,
  },
  {
    name: 'values',
    what: 'every type, shape and name through every way to copy, in four time zones, to strict and loose servers and into warehouses',
    files: ['test/corpus'],
    env: { DBSYNC_CORPUS: 'all' },
    figures: /^Corpus/,
  },
  {
    name: 'limits',
    what: '3,000,000 rows, a cell of 100 MB, 10,000 tables and 500 databases, in a heap of 256 MiB',
    files: ['test/limits'],
    env: { DBSYNC_LIMITS: 'all' },
    figures: /^limits: /,
  },
  {
    name: 'warehouses',
    what: '50 kills and 100 lost answers, rate limits, faults and resets in BigQuery, 50 kills in DuckDB, all conformance checks, all of Sakila three times',
    files: ['test/bigquery-faults.test.ts', 'test/duckdb/kill.test.ts', 'test/sakila-warehouses.test.ts', 'packages/plugin-bigquery-target'],
    env: {
      ...{ DBSYNC_BIGQUERY_KILLS: '50', DBSYNC_BIGQUERY_TRIALS: '100', DBSYNC_DUCKDB_KILL_TRIALS: '50' },
      ...{ DBSYNC_BIGQUERY_SAKILA: '1', DBSYNC_BIGQUERY_CONFORMANCE: '1' },
    },
    figures: /killed and made good|DuckDB kills|^(BigQuery|DuckDB), /,
  },
  { name: 'soak', what: 'an hour of everything at once', files: ['test/soak'], env: { DBSYNC_SOAK_MINUTES: '60' }, figures: /^Soak of/ },
]

const { values, positionals } = parseArgs({ allowPositionals: true, options: { list: { type: 'boolean', default: false } } })
const unknown = positionals.filter((name) => !PARTS.some((part) => part.name === name))
if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(', ')}: --list names them.`)
const wanted = PARTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const say = (line: string) => void process.stdout.write(`${line}\n`)

if (values.list) for (const { name, what } of PARTS) say(`${name.padEnd(12)}${what}`)
else process.exitCode = await torture()

async function torture(): Promise<number> {
  const ends: { readonly part: Part; readonly ok: boolean; readonly minutes: number; readonly figures: readonly string[] }[] = []
  for (const part of wanted) {
    say(`\n=== ${part.name}: ${part.what}`)
    const started = performance.now()
    const { ok, figures } = await run(part)
    ends.push({ part, ok, minutes: (performance.now() - started) / 60_000, figures })
  }
  say('\n=== All parts')
  for (const { part, ok, minutes, figures } of ends) {
    say(`${ok ? 'passed' : 'FAILED'}  ${part.name.padEnd(12)}${minutes.toFixed(1).padStart(6)} min  ${part.what}`)
    for (const line of figures) say(`          ${line}`)
  }
  return ends.every(({ ok }) => ok) ? 0 : 1
}

async function run({ files, env, figures }: Part): Promise<{ readonly ok: boolean; readonly figures: readonly string[] }> {
  const child = spawn('vitest', ['run', ...files], { env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    process.stdout.write(text)
  })
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { ok: code === 0, figures: output.split('\n').filter((line) => figures.test(line) || /^ +Tests /.test(line)) }
}
