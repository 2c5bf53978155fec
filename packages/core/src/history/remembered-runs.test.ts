import { expect, it } from 'vitest'
import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryStore } from '../memory/index.ts'
import type { RunReport } from '../run/report.ts'
import { type RunRecord, readRuns, runKey } from './record.ts'
import { RunHistory } from './recorder.ts'

const ok = { status: 'ok', tables: [] } as unknown as RunReport

const open = (state: StateStore, run: string, onLost: (message: string) => void = expect.unreachable) =>
  RunHistory.open({ state, run, kind: 'run', mode: 'incremental', redact: (value) => value, onLost })

/** A run that comes to an end. */
async function run(state: StateStore, name: string): Promise<void> {
  await using history = await open(state, name)
  history.ran(ok)
}

/** A store that remembers so many runs, the first of them the oldest. */
async function remembering(count: number, more: Partial<RunRecord> = {}): Promise<StateStore> {
  const state = memoryStore()
  await run(state, 'template')
  const [template] = await readRuns(state)
  if (template === undefined) throw new Error('nothing was recorded')
  await state.delete(runKey('template'))
  for (let i = 0; i < count; i++) {
    const startedAt = new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString()
    await state.write(runKey(`old-${i}`), { ...template, run: `old-${i}`, startedAt, ...(i === 0 ? more : {}) }, undefined)
  }
  return state
}

const names = async (state: StateStore) => (await readRuns(state)).map(({ run: name }) => name)

it('fifty runs are remembered: the newest', async () => {
  const state = await remembering(49)
  await run(state, 'a')
  expect(await names(state)).toHaveLength(50)
  await run(state, 'b')
  await run(state, 'c')
  const left = await names(state)
  expect(left).toHaveLength(50)
  expect(left).toEqual(expect.arrayContaining(['a', 'b', 'c', 'old-2', 'old-48']))
})

it('of the state nothing but old runs is forgotten', async () => {
  const state = await remembering(60)
  await state.write('database/shop', {}, undefined)
  await state.write(runKey('newer-version'), { version: 2 }, undefined)
  await run(state, 'a')
  expect(await state.read('database/shop')).toBeDefined()
  expect(await state.read(runKey('newer-version'))).toBeDefined()
})

it('a run that only found another one at work is forgotten, and takes no other with it', async () => {
  const state = await remembering(50)
  const before = await readRuns(state)
  {
    await using history = await open(state, 'held-up')
    history.failed(new SyncError('RUN_LOCKED', 'Another run is at work.', { kind: 'locked' }))
  }
  expect(await readRuns(state)).toEqual(before)
})

it('several at once each have their own record, and the end of one leaves the others', async () => {
  const state = memoryStore()
  await using first = await open(state, 'first')
  const second = await open(state, 'second')
  second.ran(ok)
  await second[Symbol.asyncDispose]()
  const statuses = Object.fromEntries((await readRuns(state)).map(({ run: name, status }) => [name, status]))
  expect(statuses).toEqual({ first: 'running', second: 'ok' })
  first.ran(ok)
})

it('a long run is not forgotten while it is at work, however many others come and go', async () => {
  const state = await remembering(60, { status: 'running', seenAt: new Date().toISOString() })
  await run(state, 'a')
  const left = await names(state)
  expect(left).toContain('old-0')
  expect(left).not.toContain('old-1')
})

it('a run that was killed is forgotten in its turn', async () => {
  const state = await remembering(60, { status: 'running', seenAt: '2026-01-01T00:00:00.000Z' })
  await run(state, 'a')
  expect(await names(state)).not.toContain('old-0')
})

it.each(['write', 'list', 'delete'] as const)('a store that cannot %s fails no run, and that is told once', async (operation) => {
  const lost: string[] = []
  const broken = async (): Promise<never> => {
    throw new SyncError('STATE_WRITE', 'The disk is full.', { kind: 'config' })
  }
  const state = { ...(await remembering(60)), [operation]: broken }
  {
    await using history = await open(state, 'a', (message) => lost.push(message))
    history.ran(ok)
  }
  expect(lost).toEqual([expect.stringMatching(/The disk is full\..*STATE_WRITE/)])
})

it('a store that can do nothing at all is told of once', async () => {
  const lost: string[] = []
  const broken = async (): Promise<never> => {
    throw new Error('gone')
  }
  {
    await using history = await open({ ...memoryStore(), write: broken, list: broken }, 'a', (message) => lost.push(message))
    history.ran(ok)
  }
  expect(lost).toHaveLength(1)
})

it('what is no longer as this run wrote it is left alone', async () => {
  const lost: string[] = []
  const state = memoryStore()
  {
    await using history = await open(state, 'a', (message) => lost.push(message))
    const entry = await state.read(runKey('a'))
    await state.write(runKey('a'), { by: 'another' }, entry?.revision)
    history.ran(ok)
  }
  expect((await state.read(runKey('a')))?.value).toEqual({ by: 'another' })
  expect(lost).toHaveLength(1)
})
