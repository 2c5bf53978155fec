import { expect, it } from 'vitest'
import type { StateStore } from '../contract/state-store.ts'
import { memoryStore } from '../memory/index.ts'
import { readPrints, writePrints } from '../state/prints.ts'
import { StateRecorder } from '../state/recorder.ts'
import { readDatabaseStatus } from '../state/status.ts'
import { forgetDatabase } from './forget.ts'

const bq = { target: 'bq', database: 'x_shop' }
const prints = new Map([['view v', { given: 'a', printed: 'b' }]])

async function record(state: StateStore, database: string, target: string, table = 'orders'): Promise<void> {
  const recorder = await StateRecorder.open(state, database)
  recorder.record(target, table, { sync_status: 'SUCCESS' })
  await recorder.flush()
}

/** By table, the targets of which the state still has something; `undefined` where it knows nothing of the database. */
async function left(state: StateStore, database = 'shop') {
  const status = await readDatabaseStatus(state, database)
  return status && Object.fromEntries(status.tables.map(({ name, targets }) => [name, Object.keys(targets)]))
}

/** A store to which somebody else writes, so many times, just before our own write. */
function busyStore(times: number) {
  const store = memoryStore()
  const here = { tries: 0 }
  const write: StateStore['write'] = async (key, value, expected) => {
    if (here.tries++ < times) await record(store, 'shop', 'other', `t${here.tries}`)
    return await store.write(key, value, expected)
  }
  return { store, here, state: { ...store, write } satisfies StateStore }
}

it('leaves what the state has of other targets and of other databases', async () => {
  const state = memoryStore()
  for (const target of ['bq', 'copy']) await record(state, 'shop', target)
  for (const database of ['shop', 'shop2']) await record(state, database, 'bq', 'users')
  await forgetDatabase(state, 'shop', [bq], false)
  expect([await left(state), await left(state, 'shop2')]).toEqual([{ orders: ['copy'] }, { users: ['bq'] }])
  await forgetDatabase(state, 'shop', [{ target: 'copy', database: 'shop' }], false)
  expect(await left(state)).toBeUndefined()
})

it('forgets the whole database where these are all targets, those that are configured no more too', async () => {
  const state = memoryStore()
  for (const target of ['bq', 'gone']) await record(state, 'shop', target)
  await forgetDatabase(state, 'shop', [bq], true)
  expect(await left(state)).toBeUndefined()
})

it('has nothing to do where the state does not know the database', async () => {
  const state = memoryStore()
  for (const everywhere of [true, false]) await forgetDatabase(state, 'shop', [bq], everywhere)
  expect(await state.list('')).toEqual([])
})

it('forgets what the target printed of the objects of these places, and of no other', async () => {
  const state = memoryStore()
  const places = [
    ['bq', 'x_shop'],
    ['bq', 'shop'],
    ['copy', 'x_shop'],
  ] as const
  for (const [target, database] of places) await writePrints(state, target, database, prints)
  await forgetDatabase(state, 'shop', [bq], false)
  const kept = await Promise.all(places.map(async ([target, database]) => (await readPrints(state, target, database)).size))
  expect(kept).toEqual([0, 1, 1])
})

it('keeps what a run into another target writes meanwhile', async () => {
  const { store, state } = busyStore(2)
  for (const target of ['bq', 'copy']) await record(store, 'shop', target)
  await forgetDatabase(state, 'shop', [bq], false)
  expect(await left(store)).toEqual({ orders: ['copy'], t1: ['other'], t2: ['other'] })
})

it('gives up where somebody else is always quicker, and has forgotten nothing', async () => {
  const { store, state } = busyStore(1000)
  for (const target of ['bq', 'copy']) await record(store, 'shop', target)
  await expect(forgetDatabase(state, 'shop', [bq], false)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
  expect(await left(store)).toMatchObject({ orders: ['bq', 'copy'] })
})

it('tries once where the store is broken', async () => {
  const store = memoryStore()
  for (const target of ['bq', 'copy']) await record(store, 'shop', target)
  for (const fault of [new Error('disk full'), Object.assign(new Error('not ours'), { code: 'STATE_CONFLICT' })]) {
    let tries = 0
    const write = async (): Promise<never> => {
      tries++
      throw fault
    }
    await expect(forgetDatabase({ ...store, write }, 'shop', [bq], false)).rejects.toBe(fault)
    expect(tries).toBe(1)
  }
})
