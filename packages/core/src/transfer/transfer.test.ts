import { expect, it } from 'vitest'
import { memoryStore } from '../memory/index.ts'
import { lockPlace } from '../run/run-locks.ts'
import { StateRecorder } from '../state/recorder.ts'
import { databaseKey, LAST_RUN_KEY } from '../state/records.ts'
import { exportState, isExport, parseExport } from './export-file.ts'
import { executeImport, planImport } from './import-state.ts'
import { afterReset, executeReset, planReset } from './reset.ts'

const { signal } = new AbortController()
const now = new Date('2026-06-01T00:00:00Z')
const TARGETS = [{ name: 'copy', template: '{database}_copy' }]

/** Databases with two tables each, at two targets. */
async function known(...databases: readonly string[]) {
  const state = memoryStore()
  for (const database of databases) {
    const recorder = await StateRecorder.open(state, database)
    for (const target of ['copy', 'other']) {
      for (const table of ['orders', '__proto__']) {
        const servers = { source_id: 's', target_id: 't', target_database: `${database}_${target}` }
        recorder.record(target, table, { ...servers, sync_status: 'SUCCESS', last_sync_time: '2026-05-01T00:00:00.000Z', position: { columns: { at: null } } })
      }
    }
    await recorder.flush()
  }
  await state.write(LAST_RUN_KEY, { last_sync: '2026-05-01T00:00:00.000Z', synced_tables: ['shop.orders'], backup_point: null }, undefined)
  return state
}

const documents = async (state: ReturnType<typeof memoryStore>) => (await state.list('')).map(({ key, value }) => [key, value])

it('an export brings back what it was made of, whatever the names, and then changes nothing', async () => {
  const state = await known('shop', '__proto__', "it's ../")
  const text = JSON.stringify(await exportState(state, now))
  const elsewhere = memoryStore()
  const plan = await planImport(elsewhere, parseExport(text, 'f'))
  expect(plan.databases.map(({ name, added }) => [name, added.length])).toEqual([
    ['__proto__', 2],
    ["it's ../", 2],
    ['shop', 2],
  ])
  await executeImport(elsewhere, TARGETS, plan, signal)
  expect(await documents(elsewhere)).toEqual(await documents(state))
  expect((await planImport(elsewhere, parseExport(text, 'f'))).writes).toEqual([])
})

it('an import replaces the databases of its file, and no other', async () => {
  const state = await known('shop', 'shop2')
  const { shop2: _, ...databases } = (await exportState(state, now)).databases
  const exported = { ...parseExport(JSON.stringify(await exportState(state, now)), 'f'), databases }
  const recorder = await StateRecorder.open(state, 'shop')
  for (const table of ['orders', 'more']) recorder.record('copy', table, { sync_status: 'FAILED' })
  await recorder.flush()
  const plan = await planImport(state, exported)
  expect(plan.databases).toEqual([{ name: 'shop', added: [], changed: ['orders'], removed: ['more'], same: 1 }])
  const before = await state.read(databaseKey('shop2'))
  await executeImport(state, TARGETS, plan, signal)
  expect((await state.read(databaseKey('shop')))?.value).toEqual(exported.databases['shop'])
  expect(await state.read(databaseKey('shop2'))).toEqual(before)
})

it('what has changed since it was planned is not written over', async () => {
  const state = await known('shop')
  const plan = await planReset(state, {}, now)
  const recorder = await StateRecorder.open(state, 'shop')
  recorder.record('copy', 'orders', { sync_status: 'SUCCESS' })
  await recorder.flush()
  await expect(executeReset(state, TARGETS, plan, signal)).rejects.toMatchObject({ code: 'STATE_CONFLICT' })
})

it.each(['copy/shop_copy', 'other/shop_other'])('a run at %s, configured or only known, keeps the state as it is', async (place) => {
  const state = await known('shop')
  const plan = await planReset(state, {}, now)
  const file = await exportState(memoryStore(), now)
  await using _ = await state.lock(place)
  expect(lockPlace('copy', 'shop_copy')).toBe('copy/shop_copy')
  await expect(executeReset(state, TARGETS, plan, signal)).rejects.toMatchObject({ code: 'RUN_LOCKED' })
  const { databases } = await exportState(await known('shop'), now)
  const imported = await planImport(state, { ...file, databases: { shop: { ...(databases['shop'] as object), tables: {} } } })
  await expect(executeImport(state, TARGETS, imported, signal)).rejects.toMatchObject({ code: 'RUN_LOCKED' })
})

it('a reset forgets what was selected, and that the rows are ours it remembers', async () => {
  const state = await known('shop', 'shop2')
  const plan = await planReset(state, { databases: ['shop'], tables: ['shop.ord*'], targets: ['copy'] }, now)
  expect(plan.tables).toEqual([{ database: 'shop', table: 'orders', target: 'copy', lastSync: '2026-05-01T00:00:00.000Z' }])
  const seen = await StateRecorder.open(afterReset(state, plan), 'shop')
  await executeReset(state, TARGETS, plan, signal)
  const recorder = await StateRecorder.open(state, 'shop')
  expect(recorder.state).toEqual(seen.state)
  const forgotten = { last_sync_time: null, position: null, compared_at: null, source_id: '', target_id: '', target_database: 'shop_copy' }
  expect(recorder.of('copy', 'orders')).toMatchObject(forgotten)
  expect([recorder.of('other', 'orders'), recorder.of('copy', '__proto__')]).toMatchObject([{ source_id: 's' }, { source_id: 's' }])
  await expect(planReset(state, { tables: ['nope'] }, now)).rejects.toMatchObject({ code: 'STATE_NOTHING', hint: expect.stringContaining('shop2') })
})

it('no file that is cut, of another shape or something else is imported', async () => {
  const whole = JSON.stringify(await exportState(await known('shop'), now))
  const value = JSON.parse(whole)
  const bad = {
    cut: whole.slice(0, -9),
    empty: '',
    other: '{"table_name": "x"}',
    list: '[]',
    newer: JSON.stringify({ ...value, version: 2 }),
    none: JSON.stringify({ ...value, databases: undefined }),
    document: JSON.stringify({ ...value, databases: { shop: [] } }),
    status: whole.replace('"SUCCESS"', '"DONE"'),
    time: whole.replace('"2026-05-01T00:00:00.000Z"', '"soon"'),
    position: whole.replace('{"at":null}', '{"at":"soon"}'),
    run: JSON.stringify({ ...value, last_run: { last_sync: 3 } }),
  }
  for (const [name, text] of Object.entries(bad)) expect(() => parseExport(text, 'state.json'), name).toThrow(expect.objectContaining({ code: 'STATE_FILE' }))
  expect([isExport(whole), isExport(bad.newer), isExport(bad.other), isExport(bad.cut)]).toEqual([true, true, false, false])
  expect(parseExport(whole, 'f')).toEqual(value)
})
