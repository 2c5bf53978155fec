import { expect, it } from 'vitest'
import type { StateStore } from '../contract/state-store.ts'
import { memoryStore } from '../memory/index.ts'
import { lockPlace } from '../run/run-locks.ts'
import { StateRecorder } from '../state/recorder.ts'
import { databaseKey, LAST_RUN_KEY } from '../state/records.ts'
import { afterReset, executeReset, planReset, type ResetSelection } from './reset.ts'

const { signal } = new AbortController()
const now = new Date('2026-06-01T00:00:00Z')
const TARGETS = [{ name: 'copy', template: '{database}_copy' }]
const SYNCED = '2026-05-01T00:00:00.000Z'

/** Each database with two tables at two targets. */
async function known(...databases: readonly string[]): Promise<StateStore> {
  const state = memoryStore()
  for (const database of databases) {
    const recorder = await StateRecorder.open(state, database)
    for (const target of ['copy', 'other']) {
      for (const table of ['items', 'orders']) {
        recorder.record(target, table, {
          ...{ source_id: 's', target_id: 't', target_database: `${database}_${target}`, sync_status: 'SUCCESS', last_sync_time: SYNCED },
          ...{ position: { since: SYNCED }, compared_at: SYNCED, records_synced: 7, sync_mode: 'INCREMENTAL', first_contact: true },
          source_print: { by: 'digest', rows: 7, sum: '1', form: 'f', at: SYNCED },
        })
      }
    }
    await recorder.flush()
  }
  await state.write(LAST_RUN_KEY, { last_sync: SYNCED, synced_tables: ['shop.orders'], backup_point: null }, undefined)
  await state.write('runs/r1', { version: 1 }, undefined)
  return state
}

/** What a selection resets, as `target/database.table`. */
const selected = async (state: StateStore, selection: ResetSelection) =>
  (await planReset(state, selection, now)).tables.map(({ target, database, table }) => `${target}/${database}.${table}`).toSorted()

async function reset(state: StateStore, selection: ResetSelection): Promise<void> {
  await executeReset(state, TARGETS, await planReset(state, selection, now), signal)
}

const documents = async (state: StateStore, but = '') => (await state.list('')).filter(({ key }) => key !== databaseKey(but))

it.each([
  [{ databases: ['shop'] }, ['copy/shop.items', 'copy/shop.orders', 'other/shop.items', 'other/shop.orders']],
  [{ databases: ['s*'], tables: ['items'], targets: ['other'] }, ['other/shop.items', 'other/spare.items']],
  [{ tables: ['crm.orders'] }, ['copy/crm.orders', 'other/crm.orders']],
  [{ targets: ['c*'], tables: ['orders'] }, ['copy/crm.orders', 'copy/shop.orders', 'copy/spare.orders']],
])('%j resets these tables: %j', async (selection, tables) => {
  expect(await selected(await known('crm', 'shop', 'spare'), selection)).toEqual(tables)
})

it('without a selection everything is reset', async () => {
  expect(await selected(await known('crm', 'shop'), {})).toHaveLength(8)
})

it('a plan writes nothing, and would write only to databases of which something is reset', async () => {
  const state = await known('crm', 'shop')
  const before = await documents(state)
  const plan = await planReset(state, { tables: ['shop.items'] }, now)
  expect(plan.writes.map(({ database }) => database)).toEqual(['shop'])
  expect(await documents(state)).toEqual(before)
})

it('of a table that is reset everything is forgotten by which a run would go on, and nothing else', async () => {
  const state = await known('shop')
  const { source_print: print, ...before } = { ...(await StateRecorder.open(state, 'shop')).of('copy', 'orders') }
  expect(print).toBeDefined()
  await reset(state, { tables: ['orders'], targets: ['copy'] })
  const after = await StateRecorder.open(state, 'shop')
  expect(after.of('copy', 'orders')).not.toHaveProperty('source_print')
  expect(after.of('copy', 'orders')).toEqual({
    ...before,
    ...{ last_sync_time: null, sync_status: 'RUNNING', position: null, compared_at: null, source_id: '', target_id: '' },
    ...{ error_message: expect.stringMatching(/./), updated_at: now.toISOString() },
  })
  expect(after.state?.tables['orders']).toMatchObject({ sync_status: 'RUNNING', last_sync_time: null })
  expect(after.state?.tables['items']).toMatchObject({ sync_status: 'SUCCESS', last_sync_time: SYNCED })
})

it('other databases, the last run and the history stay as they are, to the revision', async () => {
  const state = await known('crm', 'shop')
  const before = await documents(state, 'shop')
  await reset(state, { databases: ['shop'] })
  expect(await documents(state, 'shop')).toEqual(before)
  expect(await documents(state)).toHaveLength(before.length + 1)
})

it('a database that went away meanwhile is passed over', async () => {
  const state = await known('crm', 'shop')
  const read: StateStore['read'] = async (key) => (key === databaseKey('crm') ? undefined : await state.read(key))
  expect(await selected({ ...state, read }, { tables: ['orders'] })).toEqual(['copy/shop.orders', 'other/shop.orders'])
})

it('where nothing fits some of what is known is named, and not thousands', async () => {
  const many = await known(...Array.from({ length: 25 }, (_, i) => `db${String(i).padStart(2, '0')}_`))
  const error = await planReset(many, { databases: ['nope'] }, now).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'STATE_NOTHING', kind: 'config' })
  expect((error as { hint: string }).hint.match(/db\d\d_/g)).toHaveLength(20)
  await expect(planReset(memoryStore(), {}, now)).rejects.toMatchObject({ code: 'STATE_NOTHING' })
})

it('a state that cannot be read is not reset', async () => {
  const state = await known('shop')
  await state.write(databaseKey('crm'), { tables: 'damaged' }, undefined)
  await expect(planReset(state, {}, now)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
})

it('the state as it would be shows what is reset and all the rest, and cannot be changed', async () => {
  const state = await known('crm', 'shop')
  const plan = await planReset(state, { databases: ['shop'] }, now)
  await using seen = afterReset(state, plan)
  const before = await documents(state)
  const [listed, one, none] = [await seen.list(''), await seen.read(databaseKey('crm')), await seen.read(databaseKey('nope'))]
  for (const change of [seen.write(databaseKey('shop'), {}, undefined), seen.delete(databaseKey('shop')), seen.lock('x')])
    await expect(change).rejects.toBeInstanceOf(Error)
  expect(await documents(state)).toEqual(before)
  expect([one, none]).toEqual([await state.read(databaseKey('crm')), undefined])
  await executeReset(state, TARGETS, plan, signal)
  const values = (entries: Awaited<ReturnType<StateStore['list']>>) => entries.map(({ key, value }) => [key, value])
  expect(values(listed)).toEqual(values(await documents(state)))
})

it('stops between two databases when it is told to, and lets go of what it held', async () => {
  const state = await known('crm', 'shop')
  const stop = new AbortController()
  const write: StateStore['write'] = async (...args) => {
    stop.abort()
    return await state.write(...args)
  }
  const plan = await planReset(state, {}, now)
  await expect(executeReset({ ...state, write }, TARGETS, plan, stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
  const status = async (database: string) => (await StateRecorder.open(state, database)).of('copy', 'orders')?.sync_status
  expect([await status('crm'), await status('shop')]).toEqual(['RUNNING', 'SUCCESS'])
  await using _ = await state.lock(lockPlace('copy', 'shop_copy'))
})
