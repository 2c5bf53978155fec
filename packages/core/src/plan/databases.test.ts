import { describe, expect, it } from 'vitest'
import type { TargetConfig } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import { routes, selectDatabases, vanishedDatabases } from './databases.ts'
import { failure } from './testing.ts'
import { Setbacks } from './unplanned.ts'

const config = (...databases: readonly string[]) => ({ ...plainConfig, databases })

describe('the databases that are synced', () => {
  it('are those that a name or a pattern selects, in the order of the source', () => {
    expect(selectDatabases(config('web', 's*'), ['crm', 'sales', 'shop', 'web'], new Setbacks())).toEqual(['sales', 'shop', 'web'])
  })

  it('are the others where one that is named cannot be seen, and that one is noted', () => {
    const setbacks = new Setbacks()
    expect(selectDatabases(config('shop', 'crm'), ['shop', 'web'], setbacks)).toEqual(['shop'])
    expect(setbacks.found).toMatchObject([{ database: 'crm', error: { code: 'DATABASE_NOT_VISIBLE', kind: 'privilege' } }])
    expect(setbacks.found[0]?.error.hint).toMatch(/`crm`.*shop, web\./)
  })

  it('have to be some', () => {
    expect(() => selectDatabases(config('crm'), [], new Setbacks())).toThrow('crm')
    const names = Array.from({ length: 21 }, (_, i) => `d${i}`)
    expect(failure(() => selectDatabases(config('x*'), names, new Setbacks()))).toMatchObject({
      ...{ code: 'NO_DATABASE_MATCHES', kind: 'config', message: expect.stringContaining('x*') },
      hint: expect.stringContaining('d18, d19, …'),
    })
    expect(failure(() => selectDatabases(config('x*'), names.slice(1), new Setbacks())).hint).toContain('d20.')
    expect(failure(() => selectDatabases(config('x*'), [], new Setbacks())).hint).toContain('none')
  })
})

it('tells of databases that were synced, are selected, and cannot be seen any more', () => {
  const warnings = vanishedDatabases(config('s*'), ['shop'], ['shop', 'sales', 'crm'])
  expect(warnings).toEqual([expect.stringContaining('database sales')])
})

describe('where each database goes', () => {
  const to = (name: string, database = '{database}'): TargetConfig => ({ ...(plainConfig.targets[0] as TargetConfig), name, database })
  const source = { id: 'source', label: 'the source' }
  const servers = (ids: Readonly<Record<string, string>>) => new Map(Object.entries(ids).map(([name, id]) => [name, { id, label: id }]))
  const none: ReadonlySet<string> = new Set()

  it('is its name put into the template of each target', () => {
    const all = routes([to('a', 'copy_of_{database}'), to('b')], ['shop', 'we$&b'], source, servers({ a: 'x', b: 'y' }), none)
    expect(all.map(({ target, source: from, database }) => [target, from, database])).toEqual([
      ['a', 'shop', 'copy_of_shop'],
      ['a', 'we$&b', 'copy_of_we$&b'],
      ['b', 'shop', 'shop'],
      ['b', 'we$&b', 'we$&b'],
    ])
  })

  it('may be two targets on one server, and not one place', () => {
    const same = servers({ a: 'x', b: 'x' })
    expect(routes([to('a', 'one'), to('b', 'two')], ['shop'], source, same, none)).toHaveLength(2)
    expect(failure(() => routes([to('a', 'one'), to('b', 'one')], ['shop'], source, same, none))).toMatchObject({ code: 'TARGETS_COLLIDE', kind: 'config' })
    expect(() => routes([to('a', 'one')], ['shop', 'web'], source, same, none)).toThrow(/shop.*web.*database one/)
    expect(() => routes([to('a', 'one'), to('b', 'ONE')], ['shop'], source, same, none)).not.toThrow()
  })

  it('is not a database that is synced itself', () => {
    const here = servers({ a: 'source' })
    const error = failure(() => routes([to('a')], ['shop'], source, here, none))
    expect(error).toMatchObject({ code: 'SOURCE_IS_TARGET', kind: 'config', message: expect.stringContaining('the source') })
    expect(routes([to('a', '{database}_copy')], ['shop'], source, here, none)).toHaveLength(1)
    expect(() => routes([to('a', '{database}_copy')], ['shop', 'shop_copy'], source, here, none)).toThrow('shop_copy')
    expect(routes([to('a')], ['shop'], source, servers({ a: 'x' }), none)).toHaveLength(1)
  })

  it('is one place where a server does not tell the names apart', () => {
    const fold = new Set(['a', 'b'])
    const same = servers({ a: 'x', b: 'x' })
    expect(failure(() => routes([to('a', 'one'), to('b', 'ONE')], ['shop'], source, same, fold))).toMatchObject({ code: 'TARGETS_COLLIDE' })
    expect(failure(() => routes([to('a', 'SHOP')], ['shop'], source, servers({ a: 'source' }), fold))).toMatchObject({ code: 'SOURCE_IS_TARGET' })
    expect(routes([to('a')], ['Shop', 'shop'], source, same, fold), 'their tables may have names of their own').toHaveLength(2)
  })
})
