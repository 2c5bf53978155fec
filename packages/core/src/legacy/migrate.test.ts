import { expect, it } from 'vitest'
import type { LegacyFile, LegacyFiles, StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryStore } from '../memory/index.ts'
import { lockPlace } from '../run/run-locks.ts'
import { databaseKey, parseDatabaseState } from '../state/records.ts'
import { executeMigration, previewMigration } from './migrate.ts'
import { type MigrationPlan, planMigration } from './plan-migration.ts'

const { signal } = new AbortController()

const file = (database: string, table: string, updated = '2026-05-01 12:00:05'): LegacyFile => ({
  ...{ path: `/s/${database}_${table}.json`, name: `${database}_${table}`, revision: '1', occupies: databaseKey(`${database}_${table}`) },
  content: { kind: 'table', value: { table_name: table, sync_status: 'SUCCESS', sync_mode: 'FULL', last_sync_time: updated, updated_at: updated } },
})

const planOf = (files: readonly LegacyFile[], ...known: readonly string[]): MigrationPlan =>
  planMigration({
    ...{ listing: { own: [], files }, known: { names: new Set(known), plausible: () => false }, zone: 'UTC', assumedZone: false },
    targets: [{ name: 'copy', template: '{database}_copy' }],
  })

/** A store with files of an older tool, and what happens to both, one after the other. */
function place({ cannotMove = false } = {}) {
  const did: string[] = []
  const documents = memoryStore()
  const legacy: LegacyFiles = {
    aside: '/s/old',
    list: async () => ({ own: [], files: [] }),
    async setAside(files) {
      if (cannotMove) throw new SyncError('STATE_CONFLICT', 'It has changed.', { kind: 'locked' })
      for (const { name } of files) did.push(`move ${name}`)
      return files.map(({ name }) => `/s/old/${name}.json`)
    },
  }
  const state: StateStore = {
    ...documents,
    legacy,
    async write(key, value, expected) {
      did.push(`write ${key}`)
      return await documents.write(key, value, expected)
    },
  }
  return { state, legacy, did }
}

const tablesOf = async (state: StateStore, database: string) => {
  const entry = await state.read(databaseKey(database))
  return entry && Object.keys(parseDatabaseState(database, entry.value).tables)
}

const FILES = [file('shop', 'a'), file('shop', 'b'), file('crm', 'c')]
const PLAN = planOf(FILES, 'shop', 'crm')

it('takes each file over, and then moves it away: the state of a database is safe before its files go', async () => {
  const { state, legacy, did } = place()
  const report = await executeMigration(state, legacy, PLAN, signal)
  expect(did).toEqual(['write database/crm', 'move crm_c', 'write database/shop', 'move shop_a', 'move shop_b'])
  expect([await tablesOf(state, 'shop'), await tablesOf(state, 'crm')]).toEqual([['a', 'b'], ['c']])
  expect(report.moved).toEqual([
    { from: '/s/crm_c.json', to: '/s/old/crm_c.json' },
    { from: '/s/shop_a.json', to: '/s/old/shop_a.json' },
    { from: '/s/shop_b.json', to: '/s/old/shop_b.json' },
  ])
  expect(report.databases.map(({ database, tables }) => [database, tables.map(({ table, taken }) => `${table} ${taken}`)])).toEqual([
    ['crm', ['c new']],
    ['shop', ['a new', 'b new']],
  ])
})

it('a preview tells what will be taken, and changes nothing', async () => {
  const { state, legacy, did } = place()
  const preview = await previewMigration(state, PLAN)
  expect(did).toEqual([])
  expect(await state.list('')).toEqual([])
  expect(preview).toEqual({ databases: (await executeMigration(state, legacy, PLAN, signal)).databases, moved: [] })
})

it('what was taken over already says nothing new, is not written again, and its files still go', async () => {
  const { state, legacy, did } = place()
  await executeMigration(state, legacy, PLAN, signal)
  const before = await state.list('')
  did.length = 0
  const taken = ({ databases }: Awaited<ReturnType<typeof previewMigration>>) => databases.flatMap(({ tables }) => tables.map((table) => table.taken))
  expect(taken(await previewMigration(state, PLAN))).toEqual(['older', 'older', 'older'])
  expect(taken(await executeMigration(state, legacy, PLAN, signal))).toEqual(['older', 'older', 'older'])
  expect(did).toEqual(['move crm_c', 'move shop_a', 'move shop_b'])
  expect(await state.list('')).toEqual(before)
})

it('adds to what is known of a database, and takes nothing from it', async () => {
  const { state, legacy } = place()
  await executeMigration(state, legacy, planOf([file('shop', 'a')], 'shop'), signal)
  const newer = planOf([file('shop', 'a', '2026-05-02 00:00:00'), file('shop', 'b')], 'shop')
  const report = await executeMigration(state, legacy, newer, signal)
  expect(report.databases[0]?.tables.map(({ taken }) => taken)).toEqual(['newer', 'new'])
  expect(await tablesOf(state, 'shop')).toEqual(['a', 'b'])
})

it('a database whose name a file has is previewed as one of which nothing is known', async () => {
  const { state } = place()
  await state.write(databaseKey('shop_a'), { table_name: 'a' }, undefined)
  const preview = await previewMigration(state, planOf([file('shop', 'a'), file('shop_a', 'x')], 'shop', 'shop_a'))
  expect(preview.databases.map(({ database, tables }) => [database, tables[0]?.taken])).toEqual([
    ['shop', 'new'],
    ['shop_a', 'new'],
  ])
})

it('a state that cannot be read is written over by no migration, and its files stay', async () => {
  const { state, legacy, did } = place()
  await state.write(databaseKey('shop'), { tables: 'damaged' }, undefined)
  did.length = 0
  await expect(previewMigration(state, PLAN)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
  await expect(executeMigration(state, legacy, PLAN, signal)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
  expect(did).toEqual([])
})

it('waits for no run: while one is at work nothing is changed', async () => {
  const { state, legacy, did } = place()
  {
    await using _ = await state.lock(lockPlace('copy', 'shop_copy'))
    await expect(executeMigration(state, legacy, PLAN, signal)).rejects.toMatchObject({ code: 'RUN_LOCKED' })
  }
  expect(did).toEqual([])
  await executeMigration(state, legacy, PLAN, signal)
})

it('keeps runs away until it has ended, however it ends', async () => {
  const { state, legacy } = place({ cannotMove: true })
  let locked: unknown
  const write: StateStore['write'] = async (...args) => {
    locked = await state.lock(lockPlace('copy', 'shop_copy')).catch((error: unknown) => error)
    return await state.write(...args)
  }
  await expect(executeMigration({ ...state, write }, legacy, PLAN, signal)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
  expect(locked).toMatchObject({ code: 'RUN_LOCKED' })
  await using _ = await state.lock(lockPlace('copy', 'shop_copy'))
})

it('stops between two databases when it is told to, and goes on from there the next time', async () => {
  const { state, legacy, did } = place()
  const stop = new AbortController()
  const setAside: LegacyFiles['setAside'] = async (files) => {
    stop.abort()
    return await legacy.setAside(files)
  }
  await expect(executeMigration(state, { ...legacy, setAside }, PLAN, stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
  expect(did).toEqual(['write database/crm', 'move crm_c'])
  await executeMigration(state, legacy, planOf(FILES.slice(0, 2), 'shop', 'crm'), signal)
  expect([await tablesOf(state, 'shop'), await tablesOf(state, 'crm')]).toEqual([['a', 'b'], ['c']])
})
