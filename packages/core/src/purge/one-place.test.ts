import { expect, it } from 'vitest'
import { memoryDatabase, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import { StateRecorder } from '../state/recorder.ts'
import { databaseKey } from '../state/records.ts'
import { executePurge, type PurgeEnds, planPurge } from './purge.ts'

const { signal } = new AbortController()

/** A target that has one place for whatever is synced, with a row in it, and a state that says where databases were synced to. */
async function placeOf(synced: Readonly<Record<string, string>>) {
  const db = memoryDatabase()
  const columns = [{ name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }] as const
  const rest = { key: ['id'], uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true }
  putTable(db, { table: { database: 'all', name: 'orders' }, columns, ...rest }, [['1']])
  const state = memoryStore()
  for (const [database, target_database] of Object.entries(synced)) {
    const recorder = await StateRecorder.open(state, database)
    recorder.record('bq', 'orders', { sync_status: 'SUCCESS', target_database })
    recorder.record('lake', 'orders', { sync_status: 'SUCCESS', target_database: 'all' })
    await recorder.flush()
  }
  const target = memoryTarget(db, { supports: { sharedTables: true } })
  const ends: PurgeEnds = { targets: [{ name: 'bq', type: 'memory', database: 'all', target }], everywhere: false, state }
  return { ends, tables: () => db.databases.get('all')?.size }
}

const purge = async (ends: PurgeEnds, ...names: string[]) => executePurge(ends, await planPurge(ends, names, signal), signal)

it('is purged of the database that is there', async () => {
  const { ends, tables } = await placeOf({ shop7: 'all', old: 'old' })
  expect(await purge(ends, 'shop7')).toMatchObject({ databases: ['shop7'], rows: 1 })
  expect(tables()).toBe(0)
})

it('keeps the rows of the database that is there when another one leaves, which was synced to another place', async () => {
  const { ends, tables } = await placeOf({ shop7: 'all', old: 'old' })
  for (const names of [['old'], ['shop7', 'old']]) {
    await expect(purge(ends, ...names)).rejects.toMatchObject({ code: 'PURGE_UNKNOWN', kind: 'config', message: expect.stringContaining('old') })
  }
  expect(tables()).toBe(1)
})

it('is left alone where several databases came there', async () => {
  const { ends, tables } = await placeOf({ shop7: 'all', old: 'all' })
  for (const name of ['old', 'shop7']) await expect(purge(ends, name)).rejects.toMatchObject({ code: 'PURGE_UNKNOWN' })
  expect(tables()).toBe(1)
})

it('is left alone where the state of some database cannot be read', async () => {
  const { ends, tables } = await placeOf({ shop7: 'all' })
  await ends.state.write(databaseKey('cut'), { tables: { orders: 'text' } }, undefined)
  await expect(purge(ends, 'shop7')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
  expect(tables()).toBe(1)
})
