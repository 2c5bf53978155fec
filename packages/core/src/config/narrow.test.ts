import { describe, expect, it } from 'vitest'
import type { Config } from './config.ts'
import { checkFlags, type FlagOverrides, narrow } from './narrow.ts'
import type { Problem } from './problems.ts'
import { plainConfig } from './testing.ts'

const endpoint = { type: 'mysql', options: {}, directory: '/' }
const base: Config = {
  ...plainConfig,
  targets: [
    { ...endpoint, name: 'a', database: '{database}' },
    { ...endpoint, name: 'b', database: '{database}' },
  ],
  databases: ['shop', 'crm_*'],
  excludeTables: ['temp_*', 'shop.secret'],
}

function narrowed(flags: FlagOverrides, config: Partial<Config> = {}) {
  const problems: Problem[] = []
  return { config: narrow({ ...base, ...config }, flags, problems), problems: problems.map(({ message, hint }) => `${message} ${hint}`) }
}

describe('databases', () => {
  it.each([
    [['shop'], ['shop']],
    [['s*'], ['shop']],
    [['crm_1'], ['crm_1']],
    [['crm_1*'], ['crm_1*']],
    [['crm_?'], ['crm_?']],
    [['*'], ['shop', 'crm_*']],
    [['shop', 'sh*'], ['shop']],
  ])('%j selects %j', (databases, expected) => {
    const { config, problems } = narrowed({ databases })
    expect(problems).toEqual([])
    expect(config.databases).toEqual(expected)
  })

  it('refuses what the files do not select, naming what there is', () => {
    expect(narrowed({ databases: ['other'] }).problems).toEqual(['--database `other` matches nothing that is configured. There is: `shop`, `crm_*`.'])
    expect(narrowed({ databases: ['Shop'] }).problems).toHaveLength(1)
  })

  it('refuses patterns that overlap in part: it would have to guess', () => {
    expect(narrowed({ databases: ['*_1'] }).problems[0]).toContain('overlaps a configured pattern in part')
    expect(narrowed({ databases: ['c[a-z]*'] }).problems[0]).toContain('overlaps a configured pattern in part')
    expect(narrowed({ databases: ['a?c'] }, { databases: ['a*b*'] }).problems).toHaveLength(1)
    expect(narrowed({ databases: ['a*c'] }, { databases: ['a?c'] }).config.databases).toEqual(['a?c'])
  })
})

describe('tables', () => {
  it('are the flags where the files select all', () => {
    expect(narrowed({ tables: ['orders', 'shop.x_*'] }).config.tables).toEqual(['orders', 'shop.x_*'])
  })

  it.each([
    ['orders', ['orders'], ['orders']],
    ['shop.orders', ['orders'], ['shop.orders']],
    ['orders', ['shop.orders'], ['shop.orders']],
    ['orders', ['shop.*', 'crm_*.orders'], ['shop.orders', 'crm_*.orders']],
    ['ord*', ['orders', 'users'], ['orders']],
  ])('%j within %j selects %j', (flag, tables, expected) => {
    const { config, problems } = narrowed({ tables: [flag] }, { tables })
    expect(problems).toEqual([])
    expect(config.tables).toEqual(expected)
  })

  it('refuses what is not configured or is excluded', () => {
    expect(narrowed({ tables: ['users'] }, { tables: ['orders'] }).problems[0]).toContain('`users` matches nothing')
    expect(narrowed({ tables: ['crm_1.orders'] }, { tables: ['shop.orders'] }).problems[0]).toContain('matches nothing')
    expect(narrowed({ tables: ['temp_1'] }).problems[0]).toContain('--table `temp_1` is excluded.')
    expect(narrowed({ tables: ['shop.secret'] }).problems[0]).toContain('is excluded')
    expect(narrowed({ tables: ['secret'] }).problems).toEqual([])
  })
})

it('narrows targets, and names them when one is unknown', () => {
  expect(narrowed({ targets: ['b'] }).config.targets.map(({ name }) => name)).toEqual(['b'])
  expect(narrowed({ targets: ['c'] }).problems).toEqual(['--target `c` is not configured. The targets are: `a`, `b`.'])
})

it('checks patterns and numbers', () => {
  const problems: Problem[] = []
  checkFlags({ databases: ['(a+)+'], tables: [''], parallel: 0 }, problems)
  expect(problems.map(({ code }) => code)).toEqual(['CONFIG_PATTERN', 'CONFIG_PATTERN', 'CONFIG_VALUE'])
})
