import { describe, expect, it } from 'vitest'
import { plainConfig } from '../config/testing.ts'
import { memoryDatabase, memoryTarget, putTable } from '../memory/index.ts'
import { bench, items, user, users } from '../run/testing.ts'
import { planDrops } from './drops.ts'
import { factsOf, named } from './testing.ts'

const target = memoryTarget(memoryDatabase())
const facts = factsOf({ database: 'copy_of_shop' })

describe('a table that is gone at the source', () => {
  it('is kept, and that is said', () => {
    const { drops, warnings } = planDrops({ ...plainConfig, allow: ['new-server'] }, facts, target, ['orders', 'items'])
    expect(drops).toEqual([])
    expect(warnings).toEqual([expect.stringMatching(/^shop\.orders is gone.*target copy/), expect.stringMatching(/^shop\.items is gone/)])
  })

  it('is dropped from the copy where that is allowed', () => {
    const { drops, warnings } = planDrops({ ...plainConfig, allow: ['destructive'] }, facts, target, ['orders', 'items'])
    expect(drops.map(({ table }) => table)).toEqual([
      { database: 'copy_of_shop', name: 'orders' },
      { database: 'copy_of_shop', name: 'items' },
    ])
    expect(drops[1]?.statements).toEqual(target.render({ type: 'drop-table', table: { database: 'copy_of_shop', name: 'items' } }))
    expect(warnings).toEqual([])
  })
})

describe('a table that was synced and is not at the source', () => {
  async function moved() {
    const w = bench({ allow: ['destructive'], tables: [] })
    w.put(users, [user(1)])
    w.put(items, [['1', 'a']])
    await w.run()
    w.source.databases.get('shop')?.clear()
    w.put(named('other'), [['1']])
    return w
  }
  const left = ({ target: { databases } }: Awaited<ReturnType<typeof moved>>) => [...(databases.get('shop')?.keys() ?? [])].sort()

  it.each(['source', 'target'] as const)('is not dropped where the %s is another server than last time, before somebody says so', async (end) => {
    const w = await moved()
    Object.assign(w[end], { identity: { id: 'another', label: 'another server' } })
    await expect(w.run()).rejects.toMatchObject({ code: 'SERVER_CHANGED', message: expect.stringContaining('shop.') })
    expect(left(w)).toEqual(['items', 'users'])
    await w.run({ allow: ['destructive', 'new-server'] })
    expect(left(w)).toEqual(['other'])
  })

  it('is not dropped where no run has written a row of it', async () => {
    const w = bench({ allow: ['destructive'], maxRetries: 0 })
    w.put(users, [user(1)])
    w.put(items, [['1', 'a']])
    putTable(w.target, items, [['7', 'not ours']])
    w.editTable = (table) => (table.schema.table.name === 'items' ? { ...table, refused: { code: 'NO', kind: 'refused', message: 'no' } } : table)
    await w.run()
    w.source.databases.get('shop')?.delete('items')
    await w.run()
    expect(w.rows(items)).toEqual(['7|not ours'])
  })
})
