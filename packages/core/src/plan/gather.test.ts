import { describe, expect, it } from 'vitest'
import type { ObjectDefinitions, ObjectKind } from '../contract/objects.ts'
import type { Source } from '../contract/source.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import { objectOf, sourceWith, targetWith } from '../run/objects.harness.ts'
import { writePrints } from '../state/prints.ts'
import type { Route } from './databases.ts'
import { gather, type RouteFacts } from './gather.ts'
import { named, stateOf } from './testing.ts'
import { Setbacks } from './unplanned.ts'

const denied = new SyncError('DENIED', 'not granted', { kind: 'privilege' })
const signal = new AbortController().signal
const routeOf = (source: string, target = 'copy', database = source): Route => ({ target, source, database })

/** `shop` and `crm` at the source, and `shop` at the target. */
function world() {
  const [from, to] = [memoryDatabase(), memoryDatabase()]
  for (const name of ['orders', 'items']) putTable(from, named(name))
  putTable(from, named('notes', { table: { database: 'crm', name: 'notes' } }))
  putTable(to, named('orders'))
  const w = {
    ...{ from, to, store: memoryStore(), setbacks: new Setbacks(), asked: [] as string[] },
    source: memorySource(from) as Source,
    targets: new Map<string, Target>([['copy', memoryTarget(to)]]),
    change(over: Partial<Target>, name = 'copy') {
      w.targets.set(name, { ...(w.targets.get('copy') as Target), ...over })
    },
    async facts(routes: readonly Route[], kinds: readonly ObjectKind[] = []): Promise<readonly RouteFacts[]> {
      const snapshot = await w.source.open({ readers: 1, signal })
      const counted = {
        ...snapshot,
        describe: async (...asked: Parameters<typeof snapshot.describe>) => {
          w.asked.push(asked[0])
          return await snapshot.describe(...asked)
        },
      }
      const states = new Map([['shop', stateOf({ orders: {} })]])
      return await gather({ ...w, snapshot: counted, routes, states, state: w.store, kinds })
    },
    signal,
  }
  return w
}

describe('the facts of a route', () => {
  it('are what both ends and the state have of it', async () => {
    const w = world()
    w.change({ leftovers: async () => ['remove staging'], ask: (schema) => ({ ...schema, rowHash: 'quick' }) })
    const [facts] = await w.facts([routeOf('shop')])
    expect(facts).toMatchObject({ source: 'shop', databaseExists: true, leftovers: ['remove staging'], visibility: { scope: 'complete' } })
    expect(facts?.tables.map(({ table, rowHash }) => [table.name, rowHash])).toEqual([
      ['orders', 'quick'],
      ['items', 'quick'],
    ])
    expect(facts?.existing.map(({ table }) => table.name)).toEqual(['orders'])
    expect(Object.keys(facts?.state?.tables ?? {})).toEqual(['orders'])
  })

  it('are nothing at the target where there is no database yet, and it is not asked about it', async () => {
    const w = world()
    w.change({ describe: () => Promise.reject(denied), leftovers: () => Promise.reject(denied) })
    expect(await w.facts([routeOf('crm')])).toMatchObject([{ databaseExists: false, existing: [], leftovers: [], state: undefined }])
  })

  it('find the database under the name that the target gives it', async () => {
    const w = world()
    w.change({ supports: { ...memoryTarget(w.to).supports, foldsNames: true } })
    expect(await w.facts([routeOf('shop', 'copy', 'Shop')])).toMatchObject([{ databaseExists: true, existing: [{ table: { name: 'orders' } }] }])
    w.change({ supports: memoryTarget(w.to).supports })
    expect(await w.facts([routeOf('shop', 'copy', 'Shop')])).toMatchObject([{ databaseExists: false }])
  })

  it('find what is shared as soon as there is anything', async () => {
    const w = world()
    w.targets.set('copy', memoryTarget(w.to, { supports: { sharedTables: true } }))
    expect(await w.facts([routeOf('crm')])).toMatchObject([{ databaseExists: true }])
    w.to.databases.clear()
    expect(await w.facts([routeOf('crm')])).toMatchObject([{ databaseExists: false }])
  })

  it('name the tables that may not be read as a whole', async () => {
    const w = world()
    const { source } = w
    w.source = {
      ...source,
      async open(options) {
        const snapshot = await source.open(options)
        return {
          ...snapshot,
          async describe(database, names, unreadable) {
            unreadable?.({ database, name: 'secrets' }, denied)
            return await snapshot.describe(database, names)
          },
        }
      },
    }
    expect((await w.facts([routeOf('shop')]))[0]?.unreadable).toEqual(new Map([['secrets', denied]]))
  })
})

describe('each end', () => {
  it('is asked once, whatever the number of targets and databases', async () => {
    const w = world()
    let lists = 0
    const count = async () => {
      lists++
      return ['shop']
    }
    w.change({ databases: count })
    w.change({}, 'other')
    const facts = await w.facts([routeOf('shop'), routeOf('shop', 'other'), routeOf('crm')])
    expect(facts.map(({ target, source }) => `${target} ${source}`)).toEqual(['copy shop', 'other shop', 'copy crm'])
    expect(w.asked).toEqual(['shop', 'crm'])
    expect(lists, 'one for each target').toBe(2)
  })

  it('may fail for one route, and the others go on', async () => {
    const w = world()
    w.change({ describe: () => Promise.reject(denied) })
    expect((await w.facts([routeOf('shop'), routeOf('crm')])).map(({ source }) => source)).toEqual(['crm'])
    expect(w.setbacks.found).toMatchObject([{ database: 'shop', target: 'copy', error: { code: 'DENIED' } }])
    await expect(w.facts([routeOf('shop')])).rejects.toBe(denied)
  })

  it.each(['source', 'target'] as const)('ends the planning where the %s is lost', async (end) => {
    const w = world()
    const lost = new SyncError('LOST', 'the line is cut', { kind: 'connection' })
    if (end === 'source') w.source = { ...w.source, visibility: () => Promise.reject(lost) }
    else w.change({ describe: () => Promise.reject(lost) })
    await expect(w.facts([routeOf('shop'), routeOf('crm')])).rejects.toBe(lost)
  })
})

describe('the objects of a database', () => {
  const view = objectOf('view', 'totals')

  it('are read at both ends, and what is known of their texts', async () => {
    const w = world()
    w.source = sourceWith(w.source, [view])
    w.change(targetWith(memoryTarget(w.to), [view], () => {}))
    const prints = new Map([['view totals', { given: 'a', printed: 'b' }]])
    await writePrints(w.store, 'copy', 'shop', prints)
    const [shop, crm] = await w.facts([routeOf('shop'), routeOf('crm')], ['views'])
    expect(shop?.definitions).toMatchObject({ kinds: ['views'], source: { objects: [view] }, target: { objects: [view] }, prints })
    expect(crm?.definitions, 'there is no database yet').not.toHaveProperty('target')
  })

  it('are not read where none are asked for, or one end has none', async () => {
    const w = world()
    const never = (): Promise<ObjectDefinitions> => Promise.reject(new Error('nobody asked'))
    const taking = targetWith(memoryTarget(w.to), [], () => {})
    w.change({ objects: { ...(taking.objects as NonNullable<Target['objects']>), definitions: never } })
    expect((await w.facts([routeOf('shop')], ['views']))[0]).not.toHaveProperty('definitions')
    w.source = { ...w.source, definitions: never }
    expect((await w.facts([routeOf('shop')]))[0]).not.toHaveProperty('definitions')
    w.source = sourceWith(w.source, [view])
    w.targets.set('copy', memoryTarget(w.to))
    expect((await w.facts([routeOf('shop')], ['views']))[0]).not.toHaveProperty('definitions')
  })
})
