import { expect, test } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { memoryStore } from '../memory/store.ts'
import type { JsonValue } from '../model/json.ts'
import { databaseKey, type TargetState } from '../state/records.ts'
import { forgetPositions, type Positions, positionsIn, readPositions, writePositions } from './positions.ts'
import { savedPosition } from './testing.ts'

const saved = (over: Partial<TargetState> = {}): TargetState => ({ ...savedPosition, target_database: 'shop_copy', ...over })

const state = (tables: Readonly<Record<string, Readonly<Record<string, TargetState>>>>): JsonValue =>
  ({
    database_info: { tenant_id: 'shop', last_updated: '', total_tables: Object.keys(tables).length, time_zone: 'UTC' },
    tables: Object.fromEntries(
      Object.entries(tables).map(([name, targets]) => [name, { table_name: name, last_sync_time: null, sync_status: 'SUCCESS', sync_mode: 'FULL', targets }]),
    ),
  }) as unknown as JsonValue

const shop = databaseKey('shop')
const in_ = (name: string) => ({ database: 'shop_copy', name })

test('positions are read by where their tables are, and put back as they were', async () => {
  const store = memoryStore()
  await store.write(
    shop,
    state({ orders: { copy: saved(), other: saved() }, ['__proto__']: { copy: saved() }, far: { copy: saved({ target_database: 'far' }) } }),
    undefined,
  )
  const then = await readPositions(store, 'copy', [in_('orders'), in_('__proto__'), in_('far')], { shop: { coming: null } })
  expect(Object.keys(then['shop'] ?? {}).sort()).toEqual(['__proto__', 'coming', 'orders'])

  const later = saved({ position: null, sync_status: 'FAILED' })
  const before = await store.read(shop)
  await store.write(
    shop,
    state({ orders: { copy: later, other: later }, ['__proto__']: { copy: later }, coming: { copy: later }, far: { copy: later } }),
    before?.revision,
  )
  await writePositions(store, 'copy', then)
  await writePositions(store, 'copy', then)
  const now = await readPositions(store, 'copy', ['orders', '__proto__', 'coming', 'far'].map(in_))
  expect(now['shop']).toEqual({ orders: saved(), ['__proto__']: saved(), far: later })
  // Those of another target are no part of it.
  expect((await readPositions(store, 'other', [in_('orders')]))['shop']?.['orders']).toEqual(later)
})

test('what was known of the source while the rows were others is not put back', async () => {
  const store = memoryStore()
  const print = { by: 'digest', rows: 1, sum: '1', form: 'f', at: '2026-11-21T02:00:00.000Z' } as const
  await writePositions(store, 'copy', { shop: { orders: saved({ source_print: print }) } })
  expect((await readPositions(store, 'copy', [in_('orders')]))['shop']).toEqual({ orders: saved() })
  await writePositions(store, 'copy', { shop: { orders: saved() } })
  await store.write(shop, state({ orders: { copy: saved({ source_print: print }) } }), (await store.read(shop))?.revision)
  await forgetPositions(store, 'copy', [in_('orders')])
  expect((await readPositions(store, 'copy', [in_('orders')]))['shop']).toEqual({ orders: saved({ position: null, compared_at: null }) })
})

test('what is forgotten is compared as a whole, and is no first contact', async () => {
  const store = memoryStore()
  await store.write(shop, state({ orders: { copy: saved() }, items: { copy: saved() } }), undefined)
  await forgetPositions(store, 'copy', [{ database: 'SHOP_COPY', name: 'Orders' }])
  expect(await readPositions(store, 'copy', [in_('orders'), in_('items')])).toEqual({
    shop: { orders: saved({ position: null, compared_at: null }), items: saved() },
  })
})

test('a database of which nothing is known stays unknown', async () => {
  const store = memoryStore()
  await writePositions(store, 'copy', { shop: { orders: null } })
  expect(await store.read(shop)).toBeUndefined()
  await writePositions(store, 'copy', { shop: { orders: saved() } })
  await writePositions(store, 'copy', { shop: { orders: null } })
  expect((await store.read(shop))?.value).toMatchObject({ database_info: { total_tables: 0 }, tables: {} })
})

test('a run into another target that writes at the same moment keeps its part', async () => {
  let meanwhile: (() => Promise<unknown>) | undefined
  const store = memoryStore({
    fault: async (moment) => {
      const once = meanwhile
      meanwhile = undefined
      if (moment === 'save') await once?.()
    },
  })
  await store.write(shop, state({ orders: { copy: saved() } }), undefined)
  const other = saved({ records_synced: 99 })
  meanwhile = async () => await store.write(shop, state({ orders: { copy: saved(), other } }), (await store.read(shop))?.revision)
  await writePositions(store, 'copy', { shop: { orders: saved({ records_synced: 1 }) } })
  expect((await readPositions(store, 'other', [in_('orders')]))['shop']).toEqual({ orders: other })
})

test('what one target does not know any more another one still knows', async () => {
  const store = memoryStore()
  await store.write(shop, state({ orders: { copy: saved(), other: saved() }, items: { copy: saved() } }), undefined)
  await writePositions(store, 'copy', { shop: { orders: null, items: null } })
  expect(await readPositions(store, 'copy', ['orders', 'items'].map(in_))).toEqual({})
  expect(await readPositions(store, 'other', [in_('orders')])).toEqual({ shop: { orders: saved() } })
  const document = (await store.read(shop))?.value
  expect(document).toMatchObject({ database_info: { total_tables: 1 }, tables: { orders: { table_name: 'orders', sync_mode: 'FULL' } } })
})

test('a table that is in the state without any target stays in it', async () => {
  const store = memoryStore()
  const written = { table_name: 'orders', last_sync_time: null, sync_status: 'SUCCESS', sync_mode: 'FULL' }
  await store.write(shop, { database_info: { tenant_id: 'shop', last_updated: '', total_tables: 1, time_zone: 'UTC' }, tables: { orders: written } }, undefined)
  await writePositions(store, 'copy', { shop: { orders: null } })
  expect((await store.read(shop))?.value).toMatchObject({ tables: { orders: written } })
})

test('what has just been put back is not forgotten', async () => {
  const store = memoryStore()
  await store.write(shop, state({ orders: { copy: saved() }, items: { copy: saved() } }), undefined)
  await forgetPositions(store, 'copy', ['orders', 'items'].map(in_), { shop: { orders: saved() }, elsewhere: { items: saved() } })
  expect(await readPositions(store, 'copy', ['orders', 'items'].map(in_))).toEqual({
    shop: { orders: saved(), items: saved({ position: null, compared_at: null }) },
  })
})

/** A store whose first writes fail, and how often it was written to. */
function failing(error: unknown, times: number) {
  const told = { writes: 0 }
  const store = memoryStore({
    fault: (moment) => {
      if (moment === 'save' && ++told.writes <= times) throw error
    },
  })
  return { store, told }
}

const conflict = new SyncError('STATE_CONFLICT', 'changed meanwhile', { kind: 'locked' })

test('positions are put back though others write again and again, and not for ever', async () => {
  const patient = failing(conflict, 19)
  await writePositions(patient.store, 'copy', { shop: { orders: saved() } })
  expect(await readPositions(patient.store, 'copy', [in_('orders')])).toEqual({ shop: { orders: saved() } })
  const hopeless = failing(conflict, 100)
  await expect(writePositions(hopeless.store, 'copy', { shop: { orders: saved() } })).rejects.toBe(conflict)
  expect(hopeless.told.writes).toBe(20)
})

test.each([new SyncError('STATE_UNWRITABLE', 'disk full', { kind: 'config' }), new TypeError('not a function')])(
  '%s is no conflict, and not tried again',
  async (error) => {
    const { store, told } = failing(error, 100)
    await expect(writePositions(store, 'copy', { shop: { orders: saved() } })).rejects.toBe(error)
    expect(told.writes).toBe(1)
  },
)

test.each<[JsonValue, Positions | undefined]>([
  [{ tables: { shop: { orders: null } } }, { shop: { orders: null } }],
  [{ tables: { shop: 5 } }, undefined],
  [{ tables: { shop: {}, stock: 5 } }, undefined],
  [{ tables: { shop: { orders: null, items: 5 } } }, undefined],
  [{ tables: { shop: { orders: 'x' } } }, undefined],
  [{ tables: [] }, undefined],
  [null, undefined],
  ['x', undefined],
])('positions in %j', (value, wanted) => {
  expect(positionsIn(value)).toEqual(wanted)
})
