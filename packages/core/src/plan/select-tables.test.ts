import { describe, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memoryTarget } from '../memory/index.ts'
import type { RouteFacts } from './gather.ts'
import { checkPatterns, selectTables } from './select-tables.ts'
import { factsOf, failure, named, partial, stateOf } from './testing.ts'
import { Setbacks } from './unplanned.ts'

const hidden = new SyncError('COLUMNS_HIDDEN', 'one of its columns', { kind: 'privilege' })
const config = (over: Partial<Config> = {}): Config => ({ ...plainConfig, ...over })
const target = memoryTarget(memoryDatabase())
const folding = memoryTarget(memoryDatabase(), { supports: { foldsNames: true } })
const shared = memoryTarget(memoryDatabase(), { supports: { sharedTables: true } })
const select = (facts: Partial<RouteFacts>, over: Partial<Config> = {}, to = target) => selectTables(config(over), factsOf(facts), to)
const names = (tables: readonly { readonly table: { readonly name: string } }[]) => tables.map(({ table }) => table.name)
const tables = ['orders', 'items', 'users'].map((name) => named(name))

describe('the tables that are synced', () => {
  it('are all where the configuration names none', () => {
    expect(names(select({ tables }).tables)).toEqual(['orders', 'items', 'users'])
  })

  it('are those that the configuration names, without those that it leaves out and those that the target keeps for itself', () => {
    expect(names(select({ tables }, { tables: ['orders', 'shop.users'] }).tables)).toEqual(['orders', 'users'])
    expect(names(select({ tables }, { tables: ['*s'], excludeTables: ['users'] }).tables)).toEqual(['orders', 'items'])
    expect(names(select({ tables }, {}, { ...target, reserved: (name) => name === 'items' }).tables)).toEqual(['orders', 'users'])
  })

  it('are without those that may not be read as a whole, which are named where they are wanted', () => {
    const unreadable = new Map([
      ['users', hidden],
      ['secrets', hidden],
    ])
    const selection = select({ tables: [named('orders')], unreadable }, { excludeTables: ['secrets'] })
    expect(names(selection.tables)).toEqual(['orders'])
    expect(selection.unreadable).toEqual([{ name: 'users', error: hidden }])
  })
})

describe('a table that only the target has', () => {
  it('is gone at the source where a run has brought it', () => {
    const selection = select({ tables: [named('orders')], existing: tables, state: stateOf({ orders: {}, items: {} }) })
    expect(selection.gone).toEqual(['items'])
    expect(selection.targetOnly).toEqual(['items', 'users'])
    expect(selection.warnings).toEqual([expect.stringContaining('shop.users')])
  })

  it.each([
    ['another target', stateOf({ items: {} }, 'other')],
    ['another database of the target', stateOf({ items: { target_database: 'elsewhere' } })],
    ['nowhere, as its rows were not ours to write over', stateOf({ items: { sync_status: 'FAILED', last_sync_time: null, first_contact: true } })],
  ])('is nobody knows whose where runs have brought it to %s', (_where, state) => {
    const selection = select({ tables: [named('orders')], existing: [named('items')], state })
    expect(selection.gone).toEqual([])
    expect(selection.warnings).toEqual([expect.stringContaining('shop.items')])
  })

  it('is nothing to speak of where the configuration leaves it out, or the source has it and it may not be read', () => {
    const state = stateOf({ items: {}, users: {} })
    const unreadable = new Map([['users', hidden]])
    const { gone, targetOnly, warnings } = select({ existing: tables, state, unreadable }, { excludeTables: ['items', 'orders'] })
    expect([gone, targetOnly, warnings]).toEqual([[], [], []])
  })

  it('is not gone where it could have gone only with everybody who shares it', () => {
    const facts = { tables: [named('orders')], existing: tables, state: stateOf({ orders: {}, users: {} }) }
    expect(select(facts, {}, shared)).toMatchObject({ gone: ['users'], warnings: [] })
    const hiding = { ...facts, state: stateOf({ orders: {} }), visibility: partial }
    expect(names(select(hiding, {}, shared).tables), 'of other databases nothing is expected').toEqual(['orders'])
    expect(() => select({ ...hiding, state: facts.state }, {}, shared)).toThrow('shop.users')
  })

  it('is the table of the source where the target does not tell their names apart', () => {
    const facts = { tables: [named('Orders')], existing: [named('orders')], state: stateOf({ orders: {} }) }
    expect(select(facts, {}, folding)).toMatchObject({ targetOnly: [], gone: [], warnings: [] })
    expect(names(select({ ...facts, visibility: partial }, {}, folding).tables)).toEqual(['Orders'])
    expect(select(facts)).toMatchObject({ gone: ['orders'] })
  })
})

describe('where a table may only be hidden', () => {
  it.each([
    ['the target has', { existing: [named('users')] }, 'target copy'],
    ['the state knows', { state: stateOf({ users: {} }) }, 'the state'],
  ])('nothing is planned while one is not seen that %s', (_who, facts, known) => {
    const error = failure(() => select({ tables: [named('orders')], visibility: partial, ...facts }))
    expect(error).toMatchObject({ code: 'TABLE_NOT_VISIBLE', kind: 'privilege', table: { database: 'shop', name: 'users' } })
    expect(error.message).toContain(known)
    expect(error.hint).toContain("GRANT SELECT ON `shop`.`users` TO 'sync'@'%'")
  })

  it('all is well while those are seen, left out, or not of this target', () => {
    const facts = { tables: [named('orders')], visibility: partial, existing: [named('orders')], state: stateOf({ orders: {} }) }
    expect(names(select(facts).tables)).toEqual(['orders'])
    expect(names(select({ ...facts, existing: tables }, { tables: ['orders'] }).tables)).toEqual(['orders'])
    expect(names(select({ ...facts, state: stateOf({ users: {} }, 'other') }).tables)).toEqual(['orders'])
  })
})

describe('a pattern of the configuration', () => {
  const check = (patterns: readonly string[], all: readonly RouteFacts[], setbacks = new Setbacks()) =>
    checkPatterns(config({ tables: patterns }), all, setbacks.found)
  const shop = factsOf({ tables })
  const crm = factsOf({ source: 'crm', database: 'crm', tables: [named('notes')] })

  it('finds a table in one database or another, also one that may not be read', () => {
    expect(() => check(['orders', 'note?', 'crm.notes', '*.users'], [shop, crm])).not.toThrow()
    expect(() => check(['orders'], [factsOf({ unreadable: new Map([['orders', hidden]]) })])).not.toThrow()
  })

  it('is refused where it finds none, with what there is', () => {
    const error = failure(() => check(['x*'], [shop, crm]))
    expect(error).toMatchObject({ code: 'NO_TABLE_MATCHES', kind: 'config', message: expect.stringContaining('x*') })
    expect(error.hint).toContain('orders, items, users, notes.')
    const many = factsOf({ tables: Array.from({ length: 21 }, (_, i) => named(`t${i}`)) })
    expect(failure(() => check(['x*'], [many])).hint).toMatch(/t19, …/)
    expect(failure(() => check(['x*'], [factsOf()])).hint).toContain('no table at all')
  })

  it('that is a name is refused where its table may be hidden', () => {
    const blind = { ...crm, visibility: partial }
    expect(failure(() => check(['orders'], [shop, blind]))).toMatchObject({ code: 'TABLE_NOT_VISIBLE', table: { database: 'crm', name: 'orders' } })
    expect(failure(() => check(['gone'], [shop]))).toMatchObject({ code: 'TABLE_NOT_VISIBLE', table: { database: 'shop', name: 'gone' } })
    expect(failure(() => check(['gone'], [shop])).hint).toContain('TO the user')
    expect(() => check(['ord*'], [shop, blind]), 'a pattern found what it could').not.toThrow()
  })

  it('that names its database asks no other one', () => {
    expect(() => check(['shop.orders'], [{ ...crm, visibility: partial }, shop])).not.toThrow()
    expect(failure(() => check(['crm.gone'], [shop, crm])).table).toEqual({ database: 'crm', name: 'gone' })
    expect(failure(() => check(['web.orders'], [shop, crm]))).toMatchObject({ code: 'NO_TABLE_MATCHES', message: expect.stringContaining('web.orders') })
  })

  it('may find its table in a database that could not be planned', () => {
    const setbacks = new Setbacks()
    setbacks.note({ database: 'crm' }, new SyncError('RUN_LOCKED', 'another run', { kind: 'locked' }))
    for (const pattern of ['crm.notes', 'notes', 'n*', 'crm.n*']) expect(() => check([pattern], [shop], setbacks), pattern).not.toThrow()
    expect(() => check(['shop.notes'], [shop], setbacks)).toThrow('notes')
    expect(() => check(['shop.n*'], [shop], setbacks)).toThrow('n*')
    const table = new Setbacks()
    table.note({ database: 'crm', table: 'secrets' }, hidden)
    expect(() => check(['notes'], [shop], table)).toThrow('notes')
  })
})
