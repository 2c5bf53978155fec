import { expect, it } from 'vitest'
import type { StateStore } from '../contract/state-store.ts'
import { memoryStore } from '../memory/index.ts'
import { StateRecorder, type StateUpdate } from './recorder.ts'
import { databaseKey, LAST_RUN_KEY } from './records.ts'
import { readDatabaseStatus, readStatus } from './status.ts'

const at = (day: number) => `2026-01-0${day}T00:00:00.000Z`

async function storeOf(documents: Readonly<Record<string, readonly (readonly [target: string, table: string, change: StateUpdate])[]>>): Promise<StateStore> {
  const state = memoryStore()
  for (const [database, records] of Object.entries(documents)) {
    const recorder = await StateRecorder.open(state, database)
    for (const [target, table, change] of records) recorder.record(target, table, change)
    await recorder.flush()
  }
  return state
}

/** As another tool wrote it before there were targets. */
const older = { table_name: 'a', last_sync_time: at(1), sync_status: 'SUCCESS', sync_mode: 'FULL', records_synced: 4, error_message: null, updated_at: at(1) }

it('knows nothing where nothing was synced', async () => {
  expect(await readStatus(memoryStore())).toEqual({ databases: [], lastRun: null })
  expect(await readDatabaseStatus(memoryStore(), 'shop')).toBeUndefined()
})

it('shows of a table the worst status, and of each target its own', async () => {
  const state = await storeOf({
    shop: [
      ['copy', 'orders', { sync_status: 'SUCCESS', last_sync_time: at(3), compared_at: at(2), records_synced: 8 }],
      ['lake', 'orders', { sync_status: 'FAILED', last_sync_time: at(1), compared_at: at(1), records_synced: 5, error_message: 'no room', sync_mode: 'FULL' }],
    ],
  })
  const table = { name: 'orders', status: 'FAILED', mode: 'FULL', lastSync: at(1), rows: 5, error: 'no room', comparedAt: at(1) } as const
  const targets = { copy: { status: 'SUCCESS', lastSync: at(3), comparedAt: at(2) }, lake: { status: 'FAILED', lastSync: at(1), comparedAt: at(1) } } as const
  expect(await readDatabaseStatus(state, 'shop')).toEqual({ name: 'shop', tables: [{ ...table, targets }] })
})

it('counts a table as compared only where every target was', async () => {
  const state = await storeOf({
    shop: [
      ['copy', 'a', { sync_status: 'SUCCESS', compared_at: at(2) }],
      ['lake', 'a', { sync_status: 'RUNNING' }],
    ],
  })
  expect(await readDatabaseStatus(state, 'shop')).toMatchObject({ tables: [{ comparedAt: null, targets: { copy: { comparedAt: at(2) } } }] })
})

it('shows a table of an older tool, which has no targets', async () => {
  const state = memoryStore()
  await state.write(databaseKey('shop'), { tables: { a: older } }, undefined)
  expect((await readDatabaseStatus(state, 'shop'))?.tables).toEqual([
    { name: 'a', status: 'SUCCESS', mode: 'FULL', lastSync: at(1), rows: 4, error: null, comparedAt: null, targets: {} },
  ])
})

it('lists the databases by name in whatever order the store has them, and the last run beside them', async () => {
  const done = { sync_status: 'SUCCESS' } as const
  const state = await storeOf({ 'b/c': [['copy', 'x', done]], a: [['copy', 'y', done]], c: [['copy', 'z', done]] })
  const lastRun = { last_sync: at(4), synced_tables: ['a.y'], backup_point: null }
  await state.write(LAST_RUN_KEY, lastRun, undefined)
  const names = ['a', 'b/c', 'c']
  for (const shuffle of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ] as const) {
    const list: StateStore['list'] = async (prefix) => {
      const entries = await state.list(prefix)
      return shuffle.flatMap((i) => entries[i] ?? [])
    }
    const status = await readStatus({ ...state, list })
    expect(status.databases.map(({ name, tables }) => [name, tables.map((table) => table.name)])).toEqual([
      [names[0], ['y']],
      [names[1], ['x']],
      [names[2], ['z']],
    ])
    expect(status.lastRun).toEqual(lastRun)
  }
  expect(await readDatabaseStatus(state, 'b')).toBeUndefined()
})

it('names the database whose document is damaged, and reads the others one by one', async () => {
  const state = await storeOf({ shop: [['copy', 'x', { sync_status: 'SUCCESS' }]] })
  await state.write(databaseKey('cut'), { tables: { x: { ...older, sync_status: 'DONE' } } }, undefined)
  const damaged = { code: 'STATE_UNREADABLE', message: expect.stringContaining('cut') }
  await expect(readStatus(state)).rejects.toMatchObject(damaged)
  await expect(readDatabaseStatus(state, 'cut')).rejects.toMatchObject(damaged)
  expect(await readDatabaseStatus(state, 'shop')).toMatchObject({ tables: [{ name: 'x' }] })
})
