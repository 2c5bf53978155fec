import { expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { Snapshot, Source } from '../contract/source.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, putTable } from '../memory/index.ts'
import { items, users } from '../run/testing.ts'
import { takeInventory } from './inventory.ts'

const denied = new SyncError('DENIED', 'not this one', { kind: 'privilege' })

/** A source with the databases `crm`, `shop` and `test`, each with two tables. */
function world(change: (snapshot: Snapshot) => Partial<Snapshot> = () => ({})) {
  const db = memoryDatabase()
  for (const database of ['test', 'shop', 'crm']) for (const schema of [items, users]) putTable(db, { ...schema, table: { database, name: schema.table.name } })
  const plain = memorySource(db)
  const w = {
    open: 0,
    readers: [] as number[],
    async look(config: Partial<Config> = {}, signal = new AbortController().signal) {
      const source: Source = {
        ...plain,
        async open(asked) {
          const snapshot = await plain.open(asked)
          w.open++
          w.readers.push(asked.readers)
          return { ...snapshot, ...change(snapshot), [Symbol.asyncDispose]: async () => void w.open-- }
        },
      }
      const { tables, ...rest } = await takeInventory(source, { ...plainConfig, ...config }, signal)
      return { ...rest, tables: tables.map(({ table }) => `${table.database}.${table.name}`) }
    },
  }
  return w
}

it('counts what is selected and nothing else, over one connection that it gives back', async () => {
  const w = world()
  expect(await w.look({ databases: ['[s]*', 'crm'], tables: ['items', 'crm.users'], excludeTables: ['shop.items'] })).toEqual({
    databases: ['crm', 'shop'],
    tables: ['crm.items', 'crm.users'],
    clock: { utc: '2026-01-01 00:00:00.000000', local: '2026-01-01 00:00:00.000000' },
    digests: true,
    troubles: [],
  })
  expect([w.open, ...w.readers]).toEqual([0, 1])
  expect((await w.look()).tables).toEqual(['shop.items', 'shop.users'])
})

it('has a database that is named and cannot be seen among the others, once, and no pattern', async () => {
  const { databases, tables } = await world().look({ databases: ['t*', 'shop', 'new\\*', 'gone*'] })
  expect(databases).toEqual(['new*', 'shop', 'test'])
  expect(tables).toHaveLength(4)
})

it('goes on where one database cannot be described, and says which', async () => {
  const w = world((plain) => ({ describe: (database, ...asked) => (database === 'shop' ? Promise.reject(denied) : plain.describe(database, ...asked)) }))
  const { databases, tables, troubles } = await w.look({ databases: ['*'] })
  expect(databases).toEqual(['crm', 'shop', 'test'])
  expect(tables).toEqual(['crm.items', 'crm.users', 'test.items', 'test.users'])
  expect(troubles).toEqual([{ database: 'shop', error: denied }])
})

it('tells of a table that may not be read as a whole, if it is wanted, and counts the others', async () => {
  const w = world((plain) => ({
    async describe(database, names, unreadable) {
      unreadable?.({ database, name: 'users' }, denied)
      return (await plain.describe(database, names)).filter(({ table }) => table.name !== 'users')
    },
  }))
  expect(await w.look()).toMatchObject({ tables: ['shop.items'], troubles: [{ database: 'shop', error: denied }] })
  expect(await w.look({ excludeTables: ['users'] })).toMatchObject({ tables: ['shop.items'], troubles: [] })
})

it('knows a source that cannot digest', async () => {
  expect(await world(() => ({ digest: undefined }) as never).look()).toMatchObject({ digests: false })
})

it('is not an inventory where it is stopped', async () => {
  const stop = new AbortController()
  const w = world(() => ({
    describe: () => {
      stop.abort()
      return Promise.reject(denied)
    },
  }))
  await expect(w.look({}, stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
  expect(w.open).toBe(0)
})
