import { beforeEach, expect, test } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { ObjectDefinition } from '../contract/objects.ts'
import { type ErrorKind, SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import { executeRun } from './execute.ts'
import { objectOf, sourceWith, tableWith, targetWith } from './objects.harness.ts'
import { planRun } from './prepare.ts'
import { int } from './testing.ts'

const orders = tableWith('orders', [int('id')])
const totals = objectOf('view', 'totals', 'orders')
const best = objectOf('view', 'best', 'totals')
const tax = objectOf('function', 'tax')

/** A source with a table and objects, and targets that say in which order they were written to. */
function world(names: readonly string[] = ['copy']) {
  const ends = new Map(names.map((name) => [name, { db: memoryDatabase(name), there: [] as ObjectDefinition[] }]))
  const source = memoryDatabase('source')
  const store = memoryStore()
  putTable(source, orders, [['1']])
  const w = {
    objects: [] as readonly ObjectDefinition[],
    /** What was written, in this order. */
    log: [] as string[],
    /** Before an object is changed. */
    before: (_statement: string, _target: string): void | Promise<void> => {},
    locks: (name: string) => ends.get(name)?.db.locks,
    there: (name: string) => ends.get(name)?.there ?? [],
    put: (rows: readonly string[]) =>
      putTable(
        source,
        orders,
        rows.map((id) => [id]),
      ),
    async run(config: Partial<Config> = {}, signal = new AbortController().signal) {
      w.log = []
      const targets = new Map(
        [...ends].map(([name, { db, there }]) => {
          const plain = memoryTarget(db, { fault: (point) => void (point === 'commit' && w.log.push('rows')) })
          const ran = async (statement: string) => {
            w.log.push(names.length > 1 ? `${name}: ${statement}` : statement)
            await w.before(statement, name)
          }
          return [name, targetWith(plain, there, ran)]
        }),
      )
      const settings: Config = {
        ...plainConfig,
        targets: names.map((name) => ({ type: 'memory', options: {}, directory: '/', name, database: '{database}' })),
        ...{ backupBeforeSync: false, verifyAfterSync: false, retryDelayMs: 1, objects: ['views', 'routines'] },
        ...config,
      }
      await using prepared = await planRun({ source: sourceWith(memorySource(source), w.objects), targets, state: store }, settings, {
        ...{ run: 'r', signal, lock: true },
      })
      return await executeRun(prepared, { signal, listeners: [] })
    },
  }
  return w
}

let w: ReturnType<typeof world>
beforeEach(() => {
  w = world()
})
const failingWith = (kind: ErrorKind) => new SyncError('FAULT', 'it does not go', { kind })

test('objects that go are dropped before the first row is written, and those that come are made after the last, each after what it needs', async () => {
  w.objects = [best, totals, tax]
  const first = await w.run()
  expect(w.log).toEqual(['rows', 'make function tax', 'make view totals', 'make view best'])
  expect(first).toMatchObject({ status: 'ok' })
  expect(first.objects).toEqual({
    unchanged: 0,
    changes: [
      { id: 'copy/shop function tax', type: 'function', name: 'tax', outcome: 'created' },
      { id: 'copy/shop view totals', type: 'view', name: 'totals', outcome: 'created' },
      { id: 'copy/shop view best', type: 'view', name: 'best', outcome: 'created' },
    ],
  })

  w.objects = [totals, objectOf('function', 'tax', 'orders')]
  w.put(['1', '2'])
  const second = await w.run({ allow: ['destructive'] })
  expect(w.log).toEqual(['drop view best', 'rows', 'make function tax'])
  expect(second.objects).toMatchObject({ unchanged: 1, changes: [{ outcome: 'dropped' }, { outcome: 'replaced' }] })
  expect(w.there('copy').map(({ name }) => name)).toEqual(['totals', 'tax'])
})

test('an object that fails is told, and the others are made', async () => {
  w.objects = [tax, totals]
  w.before = (statement) => {
    if (statement === 'make function tax') throw failingWith('data')
  }
  const report = await w.run()
  expect(w.log).toEqual(['rows', 'make function tax', 'make view totals'])
  expect(report).toMatchObject({
    status: 'partial',
    objects: { changes: [{ name: 'tax', outcome: 'failed', error: { code: 'FAULT' } }, { outcome: 'created' }] },
  })
})

test('an object that must not be made is left alone, and the others are made', async () => {
  w.objects = [objectOf('view', 'orders'), tax]
  await w.run({ objects: [] })
  const report = await w.run()
  expect(w.log).toEqual(['make function tax'])
  expect(report).toMatchObject({
    status: 'partial',
    objects: {
      changes: [
        { name: 'tax', outcome: 'created' },
        { name: 'orders', outcome: 'refused', error: { code: 'OBJECT_CLASH' } },
      ],
    },
  })
})

test.each(['transient', 'connection'] as const)('an object is made again after a %s fault, as often as is allowed', async (kind) => {
  w.objects = [tax]
  let faults = 2
  w.before = () => {
    if (faults-- > 0) throw failingWith(kind)
  }
  expect(await w.run({ maxRetries: 2 })).toMatchObject({ status: 'ok', objects: { changes: [{ outcome: 'created' }] } })
  w.objects = [tax, totals]
  faults = 2
  expect(await w.run({ maxRetries: 1 })).toMatchObject({ status: 'partial', objects: { changes: [{ outcome: 'failed', error: { kind } }] } })
  expect(w.log).toEqual(['make view totals', 'make view totals'])
})

test('nothing is made once the lock was lost, for another run may have changed what was planned', async () => {
  w.objects = [tax, totals]
  w.before = () => w.locks('copy')?.clear()
  // It is not waited for either.
  const report = await w.run({ retryDelayMs: 60_000 })
  expect(w.log).toEqual(['rows', 'make function tax'])
  expect(report).toMatchObject({
    status: 'partial',
    objects: { changes: [{ outcome: 'created' }, { name: 'totals', outcome: 'failed', error: { code: 'RUN_LOCK_LOST', kind: 'transient' } }] },
  })
})

test('a run that is stopped makes no more objects, and says which', async () => {
  w.objects = [tax, totals, best]
  const stop = new AbortController()
  w.before = (statement) => {
    if (statement === 'make view totals') stop.abort()
  }
  const report = await w.run({}, stop.signal)
  expect(w.log).toEqual(['rows', 'make function tax', 'make view totals'])
  expect(report.status).toBe('cancelled')
  expect(report.objects?.changes.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['tax', 'created'],
    ['totals', 'cancelled'],
    ['best', 'cancelled'],
  ])
})

test('a run that is stopped does not wait until an object would be tried again', async () => {
  w.objects = [tax]
  const stop = new AbortController()
  w.before = () => {
    setTimeout(() => stop.abort(), 10)
    throw failingWith('transient')
  }
  expect(await w.run({ retryDelayMs: 60_000 }, stop.signal)).toMatchObject({ status: 'cancelled', objects: { changes: [{ outcome: 'cancelled' }] } })
})

test('a run is not called done where an object was stopped by somebody else', async () => {
  w.objects = [tax]
  w.before = () => {
    throw failingWith('cancelled')
  }
  expect(await w.run()).toMatchObject({ status: 'cancelled', objects: { changes: [{ name: 'tax', outcome: 'cancelled' }] } })
})

test('an object that fails at one target is made at the other', async () => {
  w = world(['one', 'two'])
  w.objects = [tax, totals]
  w.before = (statement, target) => {
    if (target === 'one' && statement === 'make function tax') throw failingWith('data')
  }
  const report = await w.run()
  expect(report.objects?.changes.map(({ id, outcome }) => [id, outcome])).toEqual([
    ['one/shop function tax', 'failed'],
    ['one/shop view totals', 'created'],
    ['two/shop function tax', 'created'],
    ['two/shop view totals', 'created'],
  ])
  expect(w.log.slice(2)).toEqual(['one: make function tax', 'one: make view totals', 'two: make function tax', 'two: make view totals'])
})
