import { expect, it } from 'vitest'
import { memoryStore } from '../memory/index.ts'
import type { JsonValue } from '../model/json.ts'
import { StateRecorder } from '../state/recorder.ts'
import { databaseKey, LAST_RUN_KEY } from '../state/records.ts'
import { exportState, parseExport } from './export-file.ts'

const now = new Date('2026-06-01T00:00:00Z')
const LAST_RUN = { last_sync: '2026-05-01T00:00:00.000Z', synced_tables: ['shop.orders'], backup_point: null }

async function known(...databases: readonly string[]) {
  const state = memoryStore()
  for (const database of databases) {
    const recorder = await StateRecorder.open(state, database)
    recorder.record('copy', 'orders', { sync_status: 'SUCCESS', last_sync_time: '2026-05-01T00:00:00.000Z', target_database: `${database}_copy` })
    await recorder.flush()
  }
  return state
}

const exported = async (more: Readonly<Record<string, JsonValue | undefined>> = {}) =>
  JSON.stringify({ ...(await exportState(await known('shop'), now)), last_run: LAST_RUN, ...more })

/** Why a text is not imported. */
function refusal(text: string) {
  try {
    parseExport(text, 'state.json')
  } catch (error) {
    return error as { readonly code: string; readonly kind: string; readonly hint: string; readonly message: string }
  }
  throw new Error('it was taken')
}

it('an export has the state of every database and the last run, and nothing else that lies there', async () => {
  const state = await known('shop', 'crm')
  await state.write(LAST_RUN_KEY, LAST_RUN, undefined)
  await state.write('runs/r1', { version: 1 }, undefined)
  expect(await exportState(state, now)).toEqual({
    ...{ format: 'dbsync-state', version: 1, exported_at: '2026-06-01T00:00:00.000Z', last_run: LAST_RUN },
    databases: { shop: (await state.read(databaseKey('shop')))?.value, crm: (await state.read(databaseKey('crm')))?.value },
  })
})

it('no export is made of a state of which a part is damaged', async () => {
  const state = await known('shop')
  await state.write(databaseKey('crm'), { tables: { orders: { sync_status: 'DONE' } } }, undefined)
  await expect(exportState(state, now)).rejects.toMatchObject({ code: 'STATE_UNREADABLE', message: expect.stringContaining('crm') })
})

it('the state of one who has never run is an export too', async () => {
  const text = JSON.stringify(await exportState(memoryStore(), now))
  expect(parseExport(text, 'state.json')).toMatchObject({ databases: {}, last_run: null })
})

it.each([
  ['a last run with a backup', { last_run: { ...LAST_RUN, backup_point: 'b1' } }, { last_run: { ...LAST_RUN, backup_point: 'b1' } }],
  ['a last run of a version without backups', { last_run: { last_sync: 'x', synced_tables: [] } }, { last_run: { last_sync: 'x', synced_tables: [] } }],
  ['no word of a last run', { last_run: undefined }, { last_run: null }],
  ['no word of when it was made', { exported_at: undefined }, { exported_at: '' }],
] as const)('an export with %s is taken', async (_, more, taken) => {
  expect(parseExport(await exported(more), 'state.json')).toMatchObject(taken)
})

it.each([
  ['without a time', { ...LAST_RUN, last_sync: null }],
  ['without tables', { last_sync: LAST_RUN.last_sync }],
  ['with something else for its tables', { ...LAST_RUN, synced_tables: 'shop.orders' }],
  ['with something else for its backup', { ...LAST_RUN, backup_point: 3 }],
  ['that is a text', 'yesterday'],
  ['that is a list', []],
])('a last run %s is not taken', async (_, last_run) => {
  expect(refusal(await exported({ last_run }))).toMatchObject({ code: 'STATE_FILE' })
})

it('what is refused is named, with the file and a way out, and is a mistake of the one who called', async () => {
  const { tables } = JSON.parse(await exported()).databases.shop
  const databases = { crm: { tables: { orders: { ...tables.orders, sync_status: 'DONE' } } } }
  const refused = {
    crm: refusal(await exported({ databases })),
    orders: refusal(await exported({ databases })),
    legacy_db: refusal(await exported({ databases: { legacy_db: null } })),
    17: refusal(await exported({ version: 17 })),
    null: refusal(await exported({ version: undefined })),
    last_run: refusal(await exported({ last_run: 3 })),
    databases: refusal(await exported({ databases: [] })),
  }
  for (const [named, { message, ...error }] of Object.entries(refused)) {
    expect(error, named).toMatchObject({ code: 'STATE_FILE', kind: 'config', hint: expect.stringContaining('dbsync state export') })
    expect(message, named).toMatch(new RegExp(`state\\.json.*${named}`))
  }
})

it('a file that was cut is told from one that is something else', async () => {
  const whole = await exported()
  const [cut, other] = [refusal(whole.slice(0, -2)), refusal('{"name": "package"}')]
  expect([cut.message, other.message]).toEqual([expect.stringContaining('state.json'), expect.stringContaining('state.json')])
  expect(cut.message).not.toBe(other.message)
  expect(refusal('[]').message).toBe(other.message)
  expect(refusal('null').message).toBe(other.message)
})
