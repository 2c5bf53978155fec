import { expect, it } from 'vitest'
import type { LegacyFile, StateStore } from '../contract/state-store.ts'
import { memoryStore } from '../memory/index.ts'
import { holdRuns } from './hold-runs.ts'
import { StateRecorder } from './recorder.ts'
import { databaseKey } from './records.ts'

const copy = { name: 'copy', template: 'x_{database}' }
const older = { sync_status: 'SUCCESS', last_sync_time: null }

/** A store that knows of each database one table, at each of these places of a target. */
async function storeOf(known: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<StateStore> {
  const state = memoryStore()
  for (const [database, places] of Object.entries(known)) {
    const recorder = await StateRecorder.open(state, database)
    for (const [target, target_database] of Object.entries(places)) recorder.record(target, 'orders', { sync_status: 'SUCCESS', target_database })
    await recorder.flush()
  }
  return state
}

/** Those of some places that a run could not take now. */
async function heldOf(state: StateStore, ...places: readonly string[]): Promise<readonly string[]> {
  const answers = await Promise.allSettled(places.map((place) => state.lock(place)))
  for (const answer of answers) if (answer.status === 'fulfilled') await answer.value[Symbol.asyncDispose]()
  return places.filter((_, i) => answers[i]?.status === 'rejected')
}

it('holds a database at every target that is configured, and nothing else', async () => {
  const state = await storeOf({ other: { copy: 'x_other' } })
  const places = ['copy/x_shop', 'lake/$&', 'copy/x_$&', 'copy/x_other', 'lake/shop', 'lake/x_shop']
  {
    await using _ = await holdRuns(state, [copy, { name: 'lake', template: '{database}' }], ['shop', '$&'])
    expect(await heldOf(state, ...places)).toEqual(['copy/x_shop', 'lake/$&', 'copy/x_$&', 'lake/shop'])
  }
  expect(await heldOf(state, ...places)).toEqual([])
})

it('holds a database too where only the state knows that it was synced to', async () => {
  const state = await storeOf({ shop: { copy: 'shop_before', gone: 'shop' }, other: { gone: 'other' } })
  await using _ = await holdRuns(state, [copy], ['shop'])
  const places = ['copy/x_shop', 'copy/shop_before', 'gone/shop']
  expect(await heldOf(state, ...places, 'gone/other')).toEqual(places)
})

it('takes a place once that several databases lead to', async () => {
  const state = await storeOf({ shop: { copy: 'all' }, other: { copy: 'all' } })
  await using _ = await holdRuns(state, [{ name: 'copy', template: 'all' }], ['shop', 'other'])
  expect(await heldOf(state, 'copy/all')).toEqual(['copy/all'])
})

it('does not wait for a run, and gives back what it had taken', async () => {
  const state = await storeOf({ shop: { gone: 'shop' } })
  await using _ = await state.lock('gone/shop')
  await expect(holdRuns(state, [copy], ['shop'])).rejects.toMatchObject({ code: 'RUN_LOCKED' })
  expect(await heldOf(state, 'copy/x_shop')).toEqual([])
})

it('stops at a damaged document, from which nobody can tell who is at work', async () => {
  const state = memoryStore()
  await state.write(databaseKey('shop'), { tables: [] }, undefined)
  await expect(holdRuns(state, [copy], ['shop'])).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
  expect(await heldOf(state, 'copy/x_shop')).toEqual([])
})

it('holds what an older tool wrote without targets', async () => {
  const state = memoryStore()
  await state.write(databaseKey('shop'), { tables: { orders: older } }, undefined)
  await using _ = await holdRuns(state, [copy], ['shop'])
  expect(await heldOf(state, 'copy/x_shop')).toEqual(['copy/x_shop'])
})

it('reads no document in whose place a file of an older tool lies, and all others', async () => {
  const files = ['shop', 'other'].map((name): LegacyFile => {
    return { path: `/s/${name}.json`, name, revision: '', occupies: databaseKey(name), content: { kind: 'table', value: older } }
  })
  const known = await storeOf({ shop_eu: { gone: 'shop_eu' } })
  const asked: string[] = []
  const read: StateStore['read'] = async (key) => {
    if (key === databaseKey('shop')) throw new Error('that is no document')
    return await known.read(key)
  }
  const list = async (wanted: (name: string) => boolean = () => true) => {
    const found = files.filter(({ name }) => wanted(name))
    asked.push(...found.map(({ name }) => name))
    return { own: [], files: found }
  }
  const state = { ...known, read, legacy: { aside: '/s/old', list, setAside: async () => [] } }
  await using _ = await holdRuns(state, [copy], ['shop', 'shop_eu'])
  expect(asked).toEqual(['shop'])
  expect(await heldOf(state, 'copy/x_shop', 'gone/shop_eu')).toEqual(['copy/x_shop', 'gone/shop_eu'])
})
