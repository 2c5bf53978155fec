import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import { emitter } from '../events/event.ts'
import { memoryStore } from '../memory/index.ts'
import type { Plan } from '../plan/plan.ts'
import type { RunReport, TableReport } from '../run/report.ts'
import type { TableVerification, VerifyReport } from '../verify/report.ts'
import { type RunRecord, readRuns } from './record.ts'
import { type HistoryOptions, RunHistory } from './recorder.ts'

const BEGIN = '2026-06-01T00:00:00.000Z'
const differences = [{ kind: 'missing', key: [{ name: 'email', value: 'ada@example.com' }], columns: [] }] as const
const report = {
  run: 'r1',
  status: 'partial',
  finishedAt: '2026-06-01T00:09:00.000Z',
  warnings: ['slow'],
  tables: [
    { id: 'copy/shop.a', verified: { level: 'digest', scope: 'table', rows: 3, equal: false, differences } },
    { id: 'copy/shop.b', verified: { level: 'digest', scope: 'table', rows: 3, equal: true } },
    { id: 'copy/shop.c', rowsRead: 4 },
  ],
} as unknown as RunReport
const verification = {
  run: 'r1',
  status: 'different',
  finishedAt: '2026-06-01T00:08:00.000Z',
  tables: [{ id: 'copy/shop.a', outcome: 'different', missing: 1, differences }],
} as unknown as VerifyReport

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(BEGIN) })
})
afterEach(() => {
  vi.useRealTimers()
})

const open = (state: StateStore, more: Partial<HistoryOptions> = {}) =>
  RunHistory.open({ state, run: 'r1', kind: 'run', mode: 'incremental', redact: (value) => value, onLost: expect.unreachable, ...more })

/** What is left of a run after it has ended. */
async function ended(end: (history: RunHistory) => void, more: Partial<HistoryOptions> = {}): Promise<RunRecord | undefined> {
  const state = memoryStore()
  {
    await using history = await open(state, more)
    end(history)
  }
  return (await readRuns(state))[0]
}

test('a run is there for others from the moment it begins', async () => {
  const state = memoryStore()
  await using _ = await open(state, { kind: 'verify', mode: 'full' })
  expect(await readRuns(state)).toEqual([
    {
      ...{ version: 1, run: 'r1', kind: 'verify', mode: 'full', status: 'running', startedAt: BEGIN, seenAt: BEGIN, finishedAt: null },
      ...{ process: { host: expect.any(String), pid: process.pid }, tables: { total: 0, done: 0 }, rows: 0, working: [] },
      rates: { everyMs: 1_000, rows: [] },
    },
  ])
})

test('while it runs others see how far it is, and that it lives', async () => {
  const state = memoryStore()
  await using history = await open(state)
  const emit = emitter('r1', [history.listener])
  const two = { databases: [{ tables: ['a', 'b'] }, { tables: ['c'] }] }
  emit({ type: 'run.planned', plan: { targets: [two, two] } as unknown as Plan })
  emit({ type: 'table.progress', id: 'copy/shop.a', phase: 'copy', rows: 30, total: 90, bytes: 1 })
  emit({ type: 'table.progress', id: 'copy/shop.b', phase: 'compare', rows: 5, bytes: 1 })
  await vi.advanceTimersByTimeAsync(4_999)
  expect(await readRuns(state)).toMatchObject([{ seenAt: BEGIN, rows: 0 }])
  await vi.advanceTimersByTimeAsync(1)
  const [seen] = await readRuns(state)
  expect(seen).toMatchObject({
    status: 'running',
    startedAt: BEGIN,
    seenAt: '2026-06-01T00:00:05.000Z',
    finishedAt: null,
    tables: { total: 6, done: 0 },
    rows: 35,
  })
  expect(seen?.working).toEqual([
    { id: 'copy/shop.a', phase: 'copy', rows: 30, total: 90 },
    { id: 'copy/shop.b', phase: 'compare', rows: 5 },
  ])
  expect(seen?.rates.rows.slice(0, 4)).toEqual([35, 0, 0, 0])
  emit({ type: 'table.finished', id: 'copy/shop.a', report: {} as TableReport })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await readRuns(state)).toMatchObject([{ seenAt: '2026-06-01T00:00:10.000Z', tables: { total: 6, done: 1 }, working: [{ id: 'copy/shop.b' }] }])
  emit({ type: 'table.verified', id: 'copy/shop.b', result: {} as TableVerification })
  expect(history.snapshot()).toMatchObject({ tables: { total: 6, done: 2 }, working: [] })
})

test('each row counts once: not again as its table goes on, but in every phase, and after a retry only what is new', async () => {
  await using history = await open(memoryStore())
  const emit = emitter('r1', [history.listener])
  const rows = (phase: 'compare' | 'copy', count: number, id = 'copy/shop.a') => {
    emit({ type: 'table.progress', id, phase, rows: count, bytes: 0 })
    return history.snapshot().rows
  }
  expect([rows('compare', 10), rows('compare', 25), rows('copy', 8), rows('copy', 9)]).toEqual([10, 25, 33, 34])
  expect([rows('copy', 0), rows('copy', 4), rows('copy', 3, 'copy/shop.b')]).toEqual([34, 38, 41])
})

test('what has ended says when and how, has nothing at work, and is not written again', async () => {
  const state = memoryStore()
  const history = await open(state)
  const emit = emitter('r1', [history.listener])
  emit({ type: 'table.progress', id: 'copy/shop.a', phase: 'copy', rows: 30, bytes: 1 })
  vi.setSystemTime('2026-06-01T00:10:00.000Z')
  history.ran(report)
  expect(history.snapshot()).toMatchObject({ status: 'partial', finishedAt: report.finishedAt })
  await history[Symbol.asyncDispose]()
  const left = await readRuns(state)
  expect(left).toMatchObject([{ status: 'partial', finishedAt: '2026-06-01T00:10:00.000Z', working: [], rows: 30, rates: { rows: [30] } }])
  expect(vi.getTimerCount()).toBe(0)
})

test("a run's report is kept, without the rows that differ", async () => {
  const {
    tables: [a, ...others],
  } = report
  const kept = await ended((history) => history.ran(report))
  expect(kept?.report).toEqual({ ...report, tables: [{ ...a, verified: { level: 'digest', scope: 'table', rows: 3, equal: false } }, ...others] })
})

test("a verification's report is kept, without the rows that differ", async () => {
  const kept = await ended((history) => {
    history.verified(verification)
    expect(history.snapshot().finishedAt).toBe(verification.finishedAt)
  })
  expect(kept).toMatchObject({ status: 'different', verification: { tables: [{ id: 'copy/shop.a', outcome: 'different', missing: 1 }] } })
  expect(kept?.verification?.tables[0]?.differences).toEqual([])
})

test('a run that could not go on has failed, with the error', async () => {
  const error = new SyncError('SOURCE_DOWN', 'The source is down.', { kind: 'connection', hint: 'Start it.' })
  const kept = await ended((history) => history.failed(error))
  expect(kept).toMatchObject({ status: 'failed', finishedAt: BEGIN, error: { code: 'SOURCE_DOWN', kind: 'connection', hint: 'Start it.' } })
  expect(kept).not.toHaveProperty('report')
  expect((await ended((history) => history.failed(new TypeError('x is undefined'))))?.error).toMatchObject({ kind: 'bug', message: 'x is undefined' })
})

test('a run that was cancelled is told from one that failed', async () => {
  const kept = await ended((history) => history.failed(new SyncError('CANCELLED', 'Cancelled.', { kind: 'cancelled' })))
  expect(kept?.status).toBe('cancelled')
})

test('a run that ends without a word has failed', async () => {
  expect(await ended(() => {})).toMatchObject({ status: 'failed', finishedAt: BEGIN })
})

test('no secret is kept', async () => {
  const redact = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('hunter2', '***')) as T
  const kept = await ended((history) => history.failed(new Error('cannot log in with hunter2')), { redact })
  expect(kept?.error?.message).toBe('cannot log in with ***')
})
