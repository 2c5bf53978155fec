import { hostname } from 'node:os'
import { expect, it } from 'vitest'
import { memoryStore } from '../memory/index.ts'
import type { JsonValue } from '../model/json.ts'
import { processExists, type RunRecord, readRuns, runIsAlive, runKey } from './record.ts'

const NOW = new Date('2026-06-01T00:01:00.000Z')
/** Above the highest number that a system gives. */
const NO_PROCESS = 2 ** 30

const running: RunRecord = {
  ...{ version: 1, run: 'r1', kind: 'run', mode: 'incremental', status: 'running', tables: { total: 0, done: 0 }, rows: 0, working: [] },
  ...{ startedAt: '2026-06-01T00:00:00.000Z', seenAt: '2026-06-01T00:00:59.000Z', finishedAt: null, rates: { everyMs: 1000, rows: [] } },
  process: { host: hostname(), pid: process.pid },
}

it('knows which processes there are on this machine, whoever they belong to', () => {
  expect([process.pid, process.ppid, 1, NO_PROCESS].map(processExists)).toEqual([true, true, true, false])
})

it('a run of this machine lives as long as its process', () => {
  expect(runIsAlive(running, NOW)).toBe(true)
  expect(runIsAlive({ ...running, process: { host: hostname(), pid: NO_PROCESS } }, NOW)).toBe(false)
})

it('of another machine only what was last heard counts', () => {
  const elsewhere: RunRecord = { ...running, process: { host: `not-${hostname()}`, pid: NO_PROCESS } }
  expect(runIsAlive(elsewhere, NOW)).toBe(true)
  expect(runIsAlive({ ...elsewhere, seenAt: '2026-06-01T00:00:30.001Z' }, NOW)).toBe(true)
  expect(runIsAlive({ ...elsewhere, seenAt: '2026-06-01T00:00:30.000Z' }, NOW)).toBe(false)
})

it('a run that was not heard of for long is dead, whatever has its process number now', () => {
  expect(runIsAlive({ ...running, seenAt: '2026-06-01T00:00:30.000Z' }, NOW)).toBe(false)
})

it.each(['failed', 'cancelled', 'ok', 'partial', 'equal', 'held-up'] as const)('a run that has ended as %s is not at work', (status) => {
  expect(runIsAlive({ ...running, status }, NOW)).toBe(false)
})

it('lists the newest run first, whatever the order of the names', async () => {
  const state = memoryStore()
  for (const [run, day] of Object.entries({ c: '02', a: '01', d: '04', b: '03' }))
    await state.write(runKey(run), { ...running, run, startedAt: `2026-06-${day}T00:00:00.000Z` }, undefined)
  expect((await readRuns(state)).map(({ run }) => run)).toEqual(['d', 'b', 'c', 'a'])
})

it('passes over what is no run, or was written by another version', async () => {
  const state = memoryStore()
  const others: readonly JsonValue[] = [null, 'version', 7, [], {}, { ...running, version: 2 }, { ...running, version: '1' }]
  for (const [i, value] of others.entries()) await state.write(runKey(`other-${i}`), value, undefined)
  await state.write('database/shop', { ...running }, undefined)
  await state.write('last-run', { ...running }, undefined)
  await state.write(runKey('r1'), running, undefined)
  expect(await readRuns(state)).toEqual([running])
})

it('passes over what is damaged, so that all others can be looked at', async () => {
  const state = memoryStore()
  const damaged: readonly JsonValue[] = [
    { version: 1 },
    ...(['run', 'status', 'startedAt', 'seenAt', 'process'] as const).map((name) => ({ ...running, [name]: null })),
    { ...running, process: 'a' },
  ]
  for (const [i, value] of damaged.entries()) await state.write(runKey(`damaged-${i}`), value, undefined)
  await state.write(runKey('r1'), running, undefined)
  const runs = await readRuns(state)
  expect(runs).toEqual([running])
  expect(runs.map((run) => runIsAlive(run, NOW))).toEqual([true])
})
