import { describe, expect, it } from 'vitest'
import type { TargetSupports } from '../contract/target.ts'
import { apart, refuseCollisions } from './collisions.ts'
import type { DatabasePlan, TablePlan } from './plan.ts'
import { factsOf, named } from './testing.ts'

const plain: TargetSupports = { deletes: true, keylessDeletes: true, concurrentTables: 1 }
const folding: TargetSupports = { ...plain, foldsNames: true }
const sharing: TargetSupports = { ...folding, sharedTables: true }

/** A table of this database that becomes `database.name` at the target. */
function planOf(source: string, database: string, name: string): TablePlan {
  const schema = named(name, { table: { database: source, name } })
  return {
    ...{ id: `copy/${source}.${name}`, schema, wanted: { ...schema, table: { database, name } }, strategy: { kind: 'full' }, reason: '' },
    ...{ guarantee: { level: 'exact' }, changes: [], statements: [], warnings: [] },
  }
}
const databaseOf = (source: string, database: string, ...names: readonly string[]): DatabasePlan => ({
  ...{ source, target: database, statements: [], tables: names.map((name) => planOf(source, database, name)), targetOnly: [] },
  objects: factsOf().objects,
})
const refusedOf = (databases: readonly DatabasePlan[], supports: TargetSupports) =>
  refuseCollisions(databases, supports).flatMap(({ tables }) => tables.flatMap(({ id, refused }) => (refused === undefined ? [] : [id])))

describe('tables whose names differ only by case', () => {
  const shop = databaseOf('shop', 'shop', 'Orders', 'items', 'orders', 'ORDERS')

  it('are all refused where the target takes them for one, and each is told of all the others', () => {
    expect(refusedOf([shop], folding)).toEqual(['copy/shop.Orders', 'copy/shop.orders', 'copy/shop.ORDERS'])
    const [first] = refuseCollisions([shop], folding)[0]?.tables ?? []
    expect(first?.refused).toMatchObject({ code: 'TABLES_COLLIDE', kind: 'refused' })
    expect(first?.refused?.message).toContain('shop.Orders and shop.orders and shop.ORDERS')
    expect(first?.schema.table.name, 'the plan is all there').toBe('Orders')
  })

  it('are tables of their own where the target tells them apart', () => {
    expect(refusedOf([shop], plain)).toEqual([])
    expect(refuseCollisions([shop], plain)).toEqual([shop])
  })
})

describe('databases that become one', () => {
  const same = [databaseOf('Shop', 'Shop', 'orders', 'items'), databaseOf('shop', 'shop', 'orders', 'users')]

  it('have only those of their tables refused that meet', () => {
    expect(refusedOf(same, folding)).toEqual(['copy/Shop.orders', 'copy/shop.orders'])
    expect(refusedOf(same, plain)).toEqual([])
  })

  it('may have tables of one name where tables are shared, but each none that meet', () => {
    expect(refusedOf([databaseOf('a', 'shop', 'orders'), databaseOf('b', 'shop', 'orders')], sharing)).toEqual([])
    expect(refusedOf([databaseOf('a', 'shop', 'orders', 'Orders'), databaseOf('b', 'shop', 'orders')], sharing)).toEqual(['copy/a.orders', 'copy/a.Orders'])
  })
})

describe('names that a target tells apart from all others', () => {
  const names = ['Orders', 'items', 'orders']

  it('are all of them, or those that differ by more than case', () => {
    expect([...apart(names, plain)]).toEqual(names)
    expect([...apart(names, folding)]).toEqual(['items'])
  })
})
