import type { RunRecord } from '@dbsync/core'
import { expect, test } from 'vitest'
import { type StatusOutcome, staleTables } from '../services/status.ts'
import { statusText } from './status.ts'
import { idOf, NOW } from './testing.ts'

const table = (name: string, lastSync: string | null) =>
  ({ name, status: 'SUCCESS', mode: 'INCREMENTAL', lastSync, rows: 1234, error: null, comparedAt: null, targets: {} }) as const
const state = { databases: [{ name: 'sh\u001bop', tables: [table('users', '2026-01-01T00:30:00Z'), table('orders', null)] }], lastRun: null }

const NOTHING: StatusOutcome = {
  health: 'healthy',
  status: { databases: [], lastRun: null },
  running: [],
  runs: [],
  next: [],
  zone: 'UTC',
  failures: [],
  stale: [],
  isStale: false,
  warnings: [],
  exit: 0,
}

const record = (more: Partial<RunRecord>): RunRecord => ({
  version: 1,
  run: 'r1',
  kind: 'run',
  mode: 'incremental',
  status: 'ok',
  process: { host: 'h\u001b', pid: 7 },
  startedAt: '2026-01-01T01:00:00Z',
  seenAt: '2026-01-01T01:00:30Z',
  finishedAt: '2026-01-01T01:00:30Z',
  tables: { total: 3, done: 3 },
  rows: 9_000,
  working: [],
  rates: { everyMs: 1000, rows: [3000, 6000] },
  ...more,
})

test('what is at work, the last runs, what comes next, and tables by database', async () => {
  const running = record({
    run: 'r2',
    startedAt: '2026-01-01T01:59:30Z',
    tables: { total: 3, done: 1 },
    working: [{ id: idOf('users'), phase: 'copy', rows: 4_000, total: 10_000 }],
  })
  const outcome: StatusOutcome = {
    ...NOTHING,
    health: 'failing',
    status: state,
    running: [running],
    runs: [record({ status: 'partial' }), record({ run: 'v1', kind: 'verify', status: 'equal' }), record({ run: 'r0', status: 'running', finishedAt: null })],
    next: [{ job: 'daily', at: '2026-01-02T02:00:00Z' }],
    failures: ['sh\u001bop.users: \u001b[31mno'],
    stale: ['shop.orders'],
  }
  expect(await statusText(outcome, NOW)).toBe(
    [
      'Failing: 1 thing is wrong; see below. 2 tables of 1 database.',
      '',
      'Running now',
      '  incremental run r2, for 30 s, process 7 on h\\u{1b}',
      '    1 of 3 tables, 9,000 rows, 6,000 rows/s',
      '    shop.users: copy, 4,000 of about 10,000 rows',
      '',
      'Last runs  What         Ended    Tables   Rows  Time',
      'r1         incremental  partial     3/3  9,000  30 s',
      'v1         verify       equal       3/3  9,000  30 s',
      'r0         incremental  killed      3/3  9,000',
      '',
      'Next',
      '  daily: 2026-01-02 02:00 UTC (in 1 d)',
      '',
      'sh\\u{1b}op',
      'Table   Status   Mode         Last sync  Rows moved  Compared in full',
      'users   SUCCESS  INCREMENTAL  1 h ago         1,234  never',
      'orders  SUCCESS  INCREMENTAL  never           1,234  never',
      '',
      'Older than allowed',
      '  shop.orders',
      '',
      'Wrong',
      '  sh\\u{1b}op.users: \\u{1b}[31mno',
    ].join('\n'),
  )
})

test('nothing yet', async () => {
  expect(await statusText(NOTHING, NOW)).toBe('Nothing has been synced yet.')
})

test('older than asked for, or never synced', () => {
  expect(staleTables(state, 2 * 3_600_000, NOW)).toEqual(['sh\u001bop.orders'])
  expect(staleTables(state, 3_600_000, NOW)).toEqual(['sh\u001bop.users', 'sh\u001bop.orders'])
})
