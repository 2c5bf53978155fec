import { describe, expect, test } from 'vitest'
import { memoryDatabase, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import type { TableSchema } from '../model/schema.ts'
import type { DatabasePlan, TablePlan, TargetPlan } from '../plan/plan.ts'
import { StateRecorder } from '../state/recorder.ts'
import { pointState, pointTables } from './point-tables.ts'

const schemaOf = (database: string, name: string, rows?: number): TableSchema => ({
  table: { database, name },
  columns: [{ name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }],
  key: ['id'],
  uniqueKeys: [],
  foreignKeys: [],
  referencedBy: [],
  triggers: [],
  transactional: true,
  ...(rows === undefined ? {} : { estimate: { rows, bytes: rows } }),
})

const planned = (name: string, more: Partial<TablePlan> = {}): TablePlan => ({
  id: `copy/shop.${name}`,
  schema: schemaOf('shop', name, 77),
  wanted: schemaOf('shop_copy', name),
  strategy: { kind: 'digest' },
  reason: '',
  guarantee: { level: 'exact' },
  changes: [],
  statements: [],
  warnings: [],
  ...more,
})

const planOf = (...databases: readonly Partial<DatabasePlan>[]): TargetPlan => ({
  name: 'copy',
  type: 'memory',
  label: 'copy',
  databases: databases.map((database) => ({
    source: 'shop',
    target: 'shop_copy',
    statements: [],
    tables: [],
    targetOnly: [],
    objects: { views: [], triggers: [], routines: [], events: [], sequences: [] },
    ...database,
  })),
})

function targetWith(...schemas: readonly TableSchema[]) {
  const db = memoryDatabase()
  for (const schema of schemas) putTable(db, schema)
  return memoryTarget(db)
}

describe('the tables of a point', () => {
  test('are those that are planned or dropped, not those that are refused or not planned', async () => {
    const refused = { code: 'X', kind: 'refused', message: 'x' } as const
    const plan = planOf({
      tables: [
        planned('orders', { existing: schemaOf('shop_copy', 'orders', 5) }),
        planned('fresh'),
        planned('lines', { existing: schemaOf('shop_copy', 'lines') }),
        planned('odd', { refused }),
      ],
      drops: [{ table: { database: 'shop_copy', name: 'gone' }, statements: [] }],
    })
    const target = targetWith(schemaOf('shop_copy', 'orders'), schemaOf('shop_copy', 'odd'), schemaOf('shop_copy', 'own'), schemaOf('shop_copy', 'gone'))
    expect(await pointTables(plan, target, 'touched')).toEqual([
      { table: { database: 'shop_copy', name: 'orders' }, source: { database: 'shop', name: 'orders' }, estimate: 5 },
      { table: { database: 'shop_copy', name: 'fresh' }, source: { database: 'shop', name: 'fresh' } },
      { table: { database: 'shop_copy', name: 'lines' }, source: { database: 'shop', name: 'lines' } },
      { table: { database: 'shop_copy', name: 'gone' }, source: { database: 'shop', name: 'gone' } },
    ])
  })

  test('are with all of them those of its databases too, each once, by the name that the source has', async () => {
    const plan = planOf(
      { tables: [planned('orders', { schema: schemaOf('shop', 'Orders'), existing: schemaOf('shop_copy', 'orders', 5) })] },
      { source: 'crm', target: 'crm_copy' },
    )
    const target = targetWith(schemaOf('shop_copy', 'orders', 9), schemaOf('shop_copy', 'own', 3), schemaOf('crm_copy', 'orders'), schemaOf('other', 'orders'))
    expect(await pointTables(plan, target, 'all')).toEqual([
      { table: { database: 'shop_copy', name: 'orders' }, source: { database: 'shop', name: 'Orders' }, estimate: 5 },
      { table: { database: 'shop_copy', name: 'own' }, source: { database: 'shop', name: 'own' }, estimate: 3 },
      { table: { database: 'crm_copy', name: 'orders' }, source: { database: 'crm', name: 'orders' } },
    ])
  })
})

test('a point keeps what the state knows of each table at its target, and null of what it does not know', async () => {
  const store = memoryStore()
  const recorder = await StateRecorder.open(store, 'shop')
  for (const name of ['orders', '__proto__', 'other']) recorder.record('copy', name, { sync_status: 'SUCCESS', records_synced: 7 })
  recorder.record('lake', 'orders', { sync_status: 'FAILED' })
  recorder.record('lake', 'lines', { sync_status: 'FAILED' })
  await recorder.flush()
  const tables = [
    ['shop', 'orders'],
    ['shop', 'lines'],
    ['crm', 'orders'],
    ['shop', '__proto__'],
  ].map(([database = '', name = '']) => ({ table: { database: `${database}_copy`, name: `copy_of_${name}` }, source: { database, name } }))
  const state = pointState(tables, 'copy', new Map([['shop', recorder]]))
  expect(Object.keys(state.tables)).toEqual(['shop', 'crm'])
  expect(state.tables['crm']).toEqual({ orders: null })
  expect(new Map(Object.entries(state.tables['shop'] ?? {}))).toEqual(
    new Map([
      ['orders', expect.objectContaining({ sync_status: 'SUCCESS', records_synced: 7 })],
      ['lines', null],
      ['__proto__', expect.objectContaining({ sync_status: 'SUCCESS', records_synced: 7 })],
    ]),
  )
})
