import { expect, it } from 'vitest'
import { memoryStore } from '../memory/index.ts'
import type { JsonValue } from '../model/json.ts'
import { objectOf } from '../run/objects.harness.ts'
import { definitionHash, printsKey, readPrints, writePrints } from './prints.ts'

const totals = objectOf('view', 'totals', 'orders')
const pair = { given: 'a', printed: 'b' }

it('calls objects equal whoever defines them and in whatever order their settings come, and no others', () => {
  const set = (settings: Readonly<Record<string, string>>) => definitionHash({ ...totals, settings })
  expect(definitionHash({ ...totals, definer: 'root@localhost', own: false })).toBe(definitionHash(totals))
  const one = set({ mode: 'ansi', charset: 'utf8', zone: 'utc' })
  for (const other of [
    { charset: 'utf8', mode: 'ansi', zone: 'utc' },
    { zone: 'utc', mode: 'ansi', charset: 'utf8' },
    { zone: 'utc', charset: 'utf8', mode: 'ansi' },
  ])
    expect(set(other)).toBe(one)
  const trigger = { table: 'orders', moment: 'BEFORE INSERT' }
  const all = [
    totals,
    { ...totals, name: 'sums' },
    { ...totals, body: 'items' },
    { ...totals, head: 'x' },
    { ...totals, settings: { mode: 'ansi' } },
    { ...totals, trigger },
    { ...totals, trigger: { ...trigger, moment: 'AFTER INSERT' } },
    { ...totals, trigger: { ...trigger, table: 'items' } },
  ]
  expect(new Set(all.map(definitionHash)).size).toBe(all.length)
})

it('keeps what was printed, of each database by itself, and takes the place of what was there', async () => {
  const store = memoryStore()
  await writePrints(store, 'copy', 'shop', new Map([['view totals', pair]]))
  await writePrints(store, 'copy', 'crm', new Map([['view __proto__', pair]]))
  expect([...(await readPrints(store, 'copy', 'shop'))]).toEqual([['view totals', pair]])
  expect([...(await readPrints(store, 'copy', 'crm'))]).toEqual([['view __proto__', pair]])
  expect([...(await readPrints(store, 'far', 'shop'))]).toEqual([])
  await writePrints(store, 'copy', 'shop', new Map([['view best', pair]]))
  expect([...(await readPrints(store, 'copy', 'shop')).keys()]).toEqual(['view best'])
})

it('takes a document of another shape for none', async () => {
  const shapes: JsonValue[] = [null, 'x', [], {}, { objects: null }, { objects: 'x' }]
  for (const value of shapes) {
    const store = memoryStore()
    await store.write(printsKey('copy', 'shop'), value, undefined)
    expect([...(await readPrints(store, 'copy', 'shop'))]).toEqual([])
  }
  const store = memoryStore()
  const objects = { 'view a': ['g', 'p'], 'view b': ['g'], 'view c': [1, 'p'], 'view d': { given: 'g', printed: 'p' }, 'view e': null, 'view f': 'gp' }
  await store.write(printsKey('copy', 'shop'), { objects }, undefined)
  expect([...(await readPrints(store, 'copy', 'shop'))]).toEqual([['view a', { given: 'g', printed: 'p' }]])
})
