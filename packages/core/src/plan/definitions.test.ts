import { describe, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { Target } from '../contract/target.ts'
import { memoryDatabase, memoryTarget } from '../memory/index.ts'
import { mustHave } from '../model/must.ts'
import type { ForeignKey, TableSchema } from '../model/schema.ts'
import type { AlterPart, DiffOptions, SchemaDiff } from '../model/schema-diff.ts'
import { int, schemaOf, text } from '../run/testing.ts'
import { readDefinitions } from './definitions.ts'
import type { RouteFacts } from './gather.ts'
import { factsOf, named, partial } from './testing.ts'

const plain = memoryTarget(memoryDatabase())
const same: SchemaDiff = { changes: [], kept: [], conflicts: [] }

/** The definitions of these routes, and what the target was asked to compare. */
async function read(all: readonly RouteFacts[], over: Partial<Target> = {}, config: Partial<Config> = {}) {
  const asked: { readonly name: string; readonly options: DiffOptions }[] = []
  const target: Target = {
    ...plain,
    ...over,
    diff(actual, wanted, options) {
      asked.push({ name: `${wanted.table.database}.${wanted.table.name}`, options })
      return over.diff?.(actual, wanted, options) ?? same
    },
  }
  const found = await readDefinitions({ ...plainConfig, ...config }, all, new Map([['copy', target]]), new AbortController().signal)
  return {
    asked,
    of: (name: string, route = all[0] as RouteFacts) => mustHave(mustHave(found, route), name),
    names: [...mustHave(found, all[0] as RouteFacts).keys()],
  }
}

describe('the tables whose definitions are compared', () => {
  it('are those that are synced, beside what the target has under the name that it gives them', async () => {
    const facts = factsOf({ database: 'copy_of_shop', tables: ['Orders', 'items', 'users', 'own'].map((name) => named(name)), existing: [named('orders')] })
    const fit: Target['fit'] = (schema, { database, name }) => ({ ...schema, table: { database, name: name.toLowerCase() } })
    const { names, of, asked } = await read([facts], { fit, reserved: (name) => name === 'own' }, { excludeTables: ['users'] })
    expect(names).toEqual(['Orders', 'items'])
    expect(of('Orders')).toMatchObject({ wanted: { table: { database: 'copy_of_shop', name: 'orders' } }, existing: { table: { name: 'orders' } } })
    expect(of('items')).toMatchObject({ existing: undefined, diff: same, misfits: [] })
    expect(asked.map(({ name }) => name)).toEqual(['copy_of_shop.orders'])
  })

  it('have their rows looked at, and those that are not there have none', async () => {
    const looked: string[] = []
    const misfits: Target['misfits'] = async ({ table }) => {
      looked.push(table.name)
      return [{ part: 'column:id', why: '3 rows are too long', canWait: false }]
    }
    const { of } = await read([factsOf({ tables: [named('orders'), named('items')], existing: [named('orders')] })], { misfits })
    expect(looked).toEqual(['orders'])
    expect(of('orders').misfits).toMatchObject([{ why: '3 rows are too long' }])
    expect(of('items').misfits).toEqual([])
  })
})

it.each<[DiffOptions['drop'], string, Partial<RouteFacts>, Config['allow']]>([
  ['definitions', 'without data', {}, []],
  ['all', 'where it is allowed', {}, ['destructive']],
  ['nothing', 'where the source may hide some of it', { visibility: partial }, []],
  ['nothing', 'where the source may hide some of it, whatever is allowed', { visibility: partial }, ['destructive']],
])('lets %s go of what only the target has %s', async (drop, _where, facts, allow) => {
  const { of } = await read([factsOf({ tables: [named('orders')], existing: [named('orders')], ...facts })], {}, { allow })
  expect(of('orders').options).toEqual({ drop })
})

describe('a column that changes its type', () => {
  const key = (name: string, table: string, column: string): ForeignKey => ({
    ...{ name, columns: ['id'], references: { database: 'shop', name: table }, referencedColumns: ['shop', column], rewritesRows: false },
  })
  const part = (over: Partial<AlterPart>): AlterPart => ({ kind: 'column', action: 'change', name: 'ID', clauses: [], ...over })
  const alters =
    (over: Partial<AlterPart>): NonNullable<Target['diff']> =>
    (_actual, { table }) =>
      table.name === 'orders' ? { ...same, changes: [{ type: 'alter-table', table, parts: [part(over)] }] } : same
  const tables: readonly TableSchema[] = [
    named('orders'),
    named('items', { foreignKeys: [key('to_orders', 'orders', 'id'), key('to_column', 'orders', 'other'), key('to_users', 'users', 'id')] }),
    named('lines', { foreignKeys: [key('of_new', 'orders', 'id')] }),
  ]
  const existing = [named('orders'), named('items', { foreignKeys: [key('was_there', 'orders', 'id'), key('to_orders', 'orders', 'id')] })]

  it('has the foreign keys that lead to it taken away and put back, at both ends of the change', async () => {
    const { asked, of } = await read([factsOf({ tables, existing })], { diff: alters({ retypes: true }) })
    expect(of('items').options).toEqual({ drop: 'definitions', remake: ['to_orders', 'was_there'] })
    expect(asked.map(({ name, options }) => [name, options.remake])).toEqual([
      ['shop.orders', undefined],
      ['shop.items', undefined],
      ['shop.items', ['to_orders', 'was_there']],
    ])
    expect(of('orders').options, 'nothing leads from it').toEqual({ drop: 'definitions' })
    expect(of('lines').options, 'it is not there').toEqual({ drop: 'definitions' })
  })

  it('has none in its way where its type stays', async () => {
    const { asked } = await read([factsOf({ tables, existing })], { diff: alters({}) })
    expect(asked.map(({ name }) => name)).toEqual(['shop.orders', 'shop.items'])
  })
})

describe('a table that databases share', () => {
  const columns = (...names: readonly string[]) => schemaOf('orders', [int('id'), ...names.map(text)])
  const share: Target['share'] = (existing, wanted) => {
    const all = [...(existing === undefined ? [] : [existing]), ...wanted].flatMap((schema) => schema.columns)
    return { ...(wanted[0] as TableSchema), columns: [...new Map(all.map((column) => [column.name, column])).values()] }
  }
  const names = (schema: TableSchema | undefined) => schema?.columns.map(({ name }) => name)
  const routesOf = (existing: readonly TableSchema[] = []) => [
    factsOf({ source: 'a', database: 'a', tables: [columns('x')], existing }),
    factsOf({ source: 'b', database: 'b', tables: [columns('y'), named('items')], existing }),
  ]

  it('is compared with what all of them become, and made as that', async () => {
    const routes = routesOf()
    const { of, asked } = await read(routes, { share })
    for (const route of routes) {
      expect(names(of('orders', route).options.shared)).toEqual(['id', 'x', 'y'])
      expect(names(of('orders', route).makes), 'whichever of them can be planned').toEqual(['id', 'x', 'y'])
    }
    expect(names(of('items', routes[1]).makes)).toEqual(['id'])
    expect(asked.map(({ name }) => name)).toEqual(['a.orders', 'b.orders', 'b.items'])
  })

  it('is not made where it is there', async () => {
    const routes = routesOf([columns('z')])
    const { of } = await read(routes, { share })
    for (const route of routes) {
      expect(of('orders', route)).not.toHaveProperty('makes')
      expect(names(of('orders', route).options.shared)?.sort()).toEqual(['id', 'x', 'y', 'z'])
    }
  })

  it('is not made for one whose columns do not go into it', async () => {
    const routes = routesOf()
    const diff: Target['diff'] = (_actual, { table }) => ({ ...same, conflicts: table.database === 'a' ? ['x is a number'] : [] })
    const { of } = await read(routes, { share, diff })
    expect(of('orders', routes[0])).not.toHaveProperty('makes')
    expect(names(of('orders', routes[1]).makes)).toEqual(['id', 'x', 'y'])
  })
})
