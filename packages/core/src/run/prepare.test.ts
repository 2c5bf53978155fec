import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { Backups } from '../contract/backups.ts'
import type { ObjectDefinition } from '../contract/objects.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import type { TableSchema } from '../model/schema.ts'
import { executeRun } from './execute.ts'
import { objectOf, sourceWith, tableWith, targetWith } from './objects.harness.ts'
import { type PrepareOptions, planRun } from './prepare.ts'
import { int } from './testing.ts'

const orders = tableWith('orders', [int('id')])
const items = tableWith('items', [int('id')])
const elsewhere = (database: string, { table, ...rest }: TableSchema): TableSchema => ({ ...rest, table: { database, name: table.name } })

/** A source with the databases `shop` and `crm`, and a copy of both. */
function world() {
  const w = {
    source: memoryDatabase('source'),
    target: memoryDatabase('target'),
    store: memoryStore(),
    /** Readers that were asked for, and snapshots that are open. */
    readers: [] as number[],
    open: 0,
    /** The objects of the target. */
    there: [] as ObjectDefinition[],
    sourceFault: (): void => {},
    change: {} as Partial<Target>,
    async prepare(config: Partial<Config> = {}, options: Partial<PrepareOptions> = {}) {
      const plain = sourceWith(memorySource(w.source, { fault: () => w.sourceFault() }), [objectOf('view', 'totals')])
      const source = {
        ...plain,
        async open(asked: Parameters<typeof plain.open>[0]) {
          w.readers.push(asked.readers)
          const snapshot = await plain.open(asked)
          w.open++
          return { ...snapshot, [Symbol.asyncDispose]: async () => void w.open-- }
        },
      }
      const target = { ...targetWith(memoryTarget(w.target), w.there, () => {}), ...w.change }
      const settings = { ...plainConfig, databases: ['shop', 'crm'], verifyAfterSync: false, backupBeforeSync: false, retryDelayMs: 1, ...config }
      const { signal } = new AbortController()
      return await planRun({ source, targets: new Map([['copy', target]]), state: w.store }, settings, { run: 'r', signal, lock: true, ...options })
    },
    async run(config: Partial<Config> = {}, options: Partial<PrepareOptions> = {}) {
      await using prepared = await w.prepare(config, options)
      return await executeRun(prepared, { signal: new AbortController().signal, listeners: [] })
    },
    /** Throws where one of the state's locks is still held. */
    async statesAreFree() {
      for (const name of ['copy/shop', 'copy/crm']) await (await w.store.lock(name))[Symbol.asyncDispose]()
    },
  }
  for (const schema of [orders, items, elsewhere('crm', orders)]) putTable(w.source, schema, [['1']])
  return w
}

let w: ReturnType<typeof world>
beforeEach(() => {
  w = world()
})

/** The target's own lock, except that for one database it is not given for this reason. */
const refusing = (database: string, error: SyncError): Partial<Target> => {
  const copy = memoryTarget(w.target)
  return {
    lock: async (name, signal) => {
      if (name !== database) return await copy.lock(name, signal)
      // The other one has its lock by then.
      await sleep(5)
      throw error
    },
  }
}

describe('the locks of a run', () => {
  test('are all held while it is prepared and given back at its end, at both ends', async () => {
    const prepared = await w.prepare()
    expect([...w.target.locks].sort()).toEqual(['crm', 'shop'])
    await expect(w.store.lock('copy/crm')).rejects.toMatchObject({ code: 'RUN_LOCKED' })
    expect(w.open).toBe(1)
    await prepared[Symbol.asyncDispose]()
    expect([...w.target.locks, w.open]).toEqual([0])
    await w.statesAreFree()
  })

  test('are not taken by a dry run', async () => {
    await using _ = await w.prepare({}, { lock: false })
    expect([...w.target.locks]).toEqual([])
    await w.statesAreFree()
  })

  test.each([
    ['privilege', 'no right to lock'],
    ['bug', 'nobody knows why'],
  ] as const)('are given back where one of them cannot be taken: %s', async (kind, message) => {
    w.change = refusing('crm', new SyncError('FAULT', message, { kind }))
    const failing = w.prepare(kind === 'bug' ? {} : { databases: ['crm'] })
    await expect(failing).rejects.toThrow(message)
    expect([...w.target.locks]).toEqual([])
    await w.statesAreFree()
  })

  test('are given back, too, where one of them comes only after another one has failed', async () => {
    const copy = memoryTarget(w.target)
    w.change = {
      lock: async (name, signal) => {
        if (name === 'crm') throw new SyncError('FAULT', 'nobody knows why', { kind: 'bug' })
        await sleep(10)
        return await copy.lock(name, signal)
      },
    }
    await expect(w.prepare()).rejects.toMatchObject({ code: 'FAULT' })
    await sleep(20)
    expect([...w.target.locks]).toEqual([])
    await w.statesAreFree()
  })

  test('are kept for the databases that have theirs, where another run has one', async () => {
    w.change = refusing('crm', new SyncError('RUN_LOCKED', 'another run', { kind: 'locked' }))
    await using prepared = await w.prepare()
    expect(prepared.plan).toMatchObject({ unplanned: [{ database: 'crm', target: 'copy' }], targets: [{ databases: [{ source: 'shop' }] }] })
    await expect(w.store.lock('copy/shop')).rejects.toMatchObject({ code: 'RUN_LOCKED' })
    await (await w.store.lock('copy/crm'))[Symbol.asyncDispose]()
  })

  test('are given back, and the snapshot is closed, where planning fails after them', async () => {
    w.change = { describe: () => Promise.reject(new SyncError('LOST', 'it is gone', { kind: 'bug' })), databases: async () => ['shop'] }
    await expect(w.prepare()).rejects.toMatchObject({ code: 'LOST' })
    expect([...w.target.locks, w.open]).toEqual([0])
    await w.statesAreFree()
  })

  test('are taken anew by the next attempt, where a connection was lost meanwhile', async () => {
    let faults = 1
    w.sourceFault = () => {
      if (faults-- > 0) throw new SyncError('LOST', 'the connection is gone', { kind: 'connection' })
    }
    const told: string[] = []
    await using prepared = await w.prepare({}, { retrying: ({ code }) => void told.push(code) })
    expect(told).toEqual(['LOST'])
    expect(prepared.locks.unbroken('copy/shop')).toBe(true)
  })
})

test('no more readers are asked for than there are connections or tables at once, and never none', async () => {
  for (const config of [
    { parallelTables: 8, connections: 3 },
    { parallelTables: 2, connections: 5 },
    { parallelTables: 1, connections: 0 },
  ]) {
    await using _ = await w.prepare(config)
  }
  expect(w.readers).toEqual([3, 2, 1])
})

test('a database that is gone is told where a pattern selects it, and refused where it is named', async () => {
  await w.run({ databases: ['*'] })
  w.source.databases.delete('crm')
  const prepared = await w.prepare({ databases: ['shop', '*'] })
  expect(prepared.plan.warnings).toEqual([expect.stringContaining('database crm')])
  await prepared[Symbol.asyncDispose]()
  await using named = await w.prepare()
  expect(named.plan).toMatchObject({ warnings: [], unplanned: [{ database: 'crm' }] })
})

test('a run is refused after a rollback that was stopped in the middle, and a verification is not', async () => {
  const asked: (readonly string[])[] = []
  const backups = {
    unfinished: async (databases: readonly string[]) => {
      asked.push(databases)
      return { point: 'old', databases: ['shop'], note: null }
    },
  }
  w.change = { backups: () => backups as unknown as Backups }
  await expect(w.prepare()).rejects.toMatchObject({ code: 'ROLLBACK_UNFINISHED' })
  expect(asked.map((names) => [...names].sort())).toEqual([['crm', 'shop']])
  expect([...w.target.locks]).toEqual([])
  await using prepared = await w.prepare({}, { purpose: 'verify', lock: false })
  expect(prepared.plan.purpose).toBe('verify')
})

test('a verification compares no objects, and is not stopped by a server that is another one', async () => {
  await w.run({ objects: ['views'] })
  w.target = { ...w.target, identity: { ...w.target.identity, id: 'another' } }
  await expect(w.prepare({ objects: ['views'] })).rejects.toMatchObject({ code: 'SERVER_CHANGED' })
  await using run = await w.prepare({ objects: ['views'], allow: ['new-server'] })
  expect(run.plan.targets[0]?.databases[0]?.objectPlan?.kinds).toEqual(['views'])
  expect(run.plan).not.toHaveProperty('purpose')
  await using verification = await w.prepare({ objects: ['views'] }, { purpose: 'verify', lock: false })
  expect(verification.plan.targets[0]?.databases[0]).not.toHaveProperty('objectPlan')
})

describe('a repair of some tables', () => {
  const only = new Map([['copy/shop.orders', undefined]])

  test('plans these tables alone, and no objects', async () => {
    await using prepared = await w.prepare({ objects: ['views'] }, { only })
    expect(prepared.only).toBe(only)
    expect(prepared.plan.targets).toHaveLength(1)
    const databases = prepared.plan.targets[0]?.databases
    expect(databases).toMatchObject([{ source: 'shop', tables: [{ id: 'copy/shop.orders' }] }])
    expect(databases?.[0]).not.toHaveProperty('objectPlan')
    await using whole = await w.prepare({ objects: ['views'] }, { lock: false })
    expect(whole.only).toBeUndefined()
    expect(whole.plan.targets[0]?.databases.map(({ tables }) => tables.length)).toEqual([1, 2])
  })

  test('drops no table that is gone at the source, even where that is allowed', async () => {
    await w.run()
    w.source.databases.get('shop')?.delete('items')
    await w.run({ allow: ['destructive'] }, { only })
    expect([...(w.target.databases.get('shop')?.keys() ?? [])].sort()).toEqual(['items', 'orders'])
    await w.run({ allow: ['destructive'] })
    expect([...(w.target.databases.get('shop')?.keys() ?? [])]).toEqual(['orders'])
  })

  test('is refused where a trigger of the copy would fire that only a run drops', async () => {
    await w.run()
    w.there.push({ ...objectOf('trigger', 'stamp'), trigger: { table: 'orders', moment: 'BEFORE INSERT' } })
    putTable(w.target, { ...orders, triggers: ['stamp'] }, [])
    w.change = {
      guard: ({ existing }) => (existing?.triggers.length ? new SyncError('TRIGGERS', 'it would fire', { kind: 'refused' }) : undefined),
    }
    const config: Partial<Config> = { objects: ['triggers'], allow: ['destructive'] }
    await using whole = await w.prepare(config, { lock: false })
    expect(whole.plan.targets[0]?.databases[1]?.objectPlan?.changes).toMatchObject([{ action: 'drop', name: 'stamp' }, {}])
    await using repair = await w.prepare(config, { only })
    expect(repair.plan.targets[0]?.databases[0]?.tables).toMatchObject([{ refused: { code: 'TRIGGERS' } }])
  })
})
