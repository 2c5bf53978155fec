import { beforeEach, expect, test } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import type { ObjectDefinition } from '../contract/objects.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable } from '../memory/index.ts'
import { readPrints } from '../state/prints.ts'
import { executeRun } from './execute.ts'
import { objectOf, sourceWith, tableWith, targetWith } from './objects.harness.ts'
import { planRun } from './prepare.ts'
import { int } from './testing.ts'

const totals = objectOf('view', 'totals')
const best = objectOf('view', 'best')

/** A source with objects, and targets that print them in their own way. */
function world(names: readonly string[] = ['copy']) {
  const source = memoryDatabase('source')
  const store = memoryStore()
  const ends = new Map(names.map((name) => [name, { db: memoryDatabase(name), there: [] as ObjectDefinition[] }]))
  putTable(source, tableWith('orders', [int('id')]), [['1']])
  const w = {
    objects: [totals] as readonly ObjectDefinition[],
    there: (name = 'copy') => ends.get(name)?.there ?? [],
    /** How a target prints what it was given. */
    print: (object: ObjectDefinition): ObjectDefinition => ({ ...object, head: `printed ${object.head}` }),
    before: (_statement: string): void => {},
    /** Asked of a target for its objects; `made`: after something was made there. */
    asked: (_name: string, _made: boolean): void => {},
    made: new Set<string>(),
    async run(config: Partial<Config> = {}, signal = new AbortController().signal) {
      w.made.clear()
      const targets = new Map([...ends].map(([name, { db, there }]) => [name, printing(name, memoryTarget(db), there)]))
      const settings: Config = {
        ...plainConfig,
        targets: names.map((name) => ({ type: 'memory', options: {}, directory: '/', name, database: '{database}' })),
        ...{ backupBeforeSync: false, verifyAfterSync: false, maxRetries: 0, objects: ['views', 'routines'] },
        ...config,
      }
      await using prepared = await planRun({ source: sourceWith(memorySource(source), w.objects), targets, state: store }, settings, {
        ...{ run: 'r', signal, lock: true },
      })
      return await executeRun(prepared, { signal, listeners: [] })
    },
    /** What was done, run by run. */
    done: async () => (await w.run()).objects?.changes.map(({ id, outcome }) => `${id} ${outcome}`),
    noted: async (name = 'copy') => [...(await readPrints(store, name, 'shop')).keys()],
  }
  function printing(name: string, plain: Target, there: ObjectDefinition[]): Target {
    const target = targetWith(plain, there, (statement) => {
      w.before(statement)
      w.made.add(name)
    })
    const { objects } = target
    if (objects === undefined) return target
    return {
      ...target,
      objects: {
        ...objects,
        async definitions(...asked) {
          w.asked(name, w.made.has(name))
          const found = await objects.definitions(...asked)
          return { ...found, objects: found.objects.map((object) => w.print(object)) }
        },
      },
    }
  }
  return w
}

let w: ReturnType<typeof world>
beforeEach(() => {
  w = world()
})

test('an object that a target prints in its own way is made once, and again when either end has another one', async () => {
  w.objects = [totals, objectOf('procedure', 'tax'), objectOf('function', 'tax')]
  expect(await w.done()).toHaveLength(3)
  expect(await w.done()).toEqual([])
  expect((await w.noted()).sort()).toEqual(['function tax', 'procedure tax', 'view totals'])
  w.objects = [{ ...totals, head: 'other' }, ...w.objects.slice(1)]
  expect(await w.done()).toEqual(['copy/shop view totals replaced'])
  expect(await w.done()).toEqual([])
  const place = w.there().findIndex(({ type }) => type === 'procedure')
  w.there()[place] = { ...objectOf('procedure', 'tax'), head: 'by hand' }
  expect(await w.done()).toEqual(['copy/shop procedure tax replaced'])
  expect(await w.done()).toEqual([])
})

test('nothing is kept of an object that is printed as it was given, and what was kept is forgotten then', async () => {
  const otherwise = w.print
  w.print = (object) => object
  await w.run()
  expect(await w.noted()).toEqual([])
  w.objects = [totals, best]
  w.print = otherwise
  await w.run()
  expect(await w.noted()).toEqual(['view totals', 'view best'])
  w.print = (object) => (object.name === 'best' ? object : otherwise(object))
  w.objects = [totals, { ...best, head: 'other' }]
  expect(await w.done()).toEqual(['copy/shop view best replaced'])
  expect(await w.noted()).toEqual(['view totals'])
})

test('nothing is noted of an object that was not made, nor asked of a target where none was', async () => {
  w.before = (statement) => {
    if (statement === 'make view best') throw new SyncError('DENIED', 'not this one', { kind: 'privilege' })
  }
  w.objects = [totals, best]
  // Somebody else's view has its name, and is not what this run has made.
  w.there().push({ ...best, head: 'old' })
  expect(await w.done()).toEqual(['copy/shop view totals created', 'copy/shop view best failed'])
  expect(await w.noted()).toEqual(['view totals'])
  w.objects = [totals]
  let asked = 0
  w.asked = () => void asked++
  expect(await w.done()).toEqual([])
  expect(asked).toBe(1)
})

test('what one target has made is noted, though another one cannot be asked', async () => {
  w = world(['near', 'far'])
  w.asked = (name, made) => {
    if (name === 'near' && made) throw new SyncError('LOST', 'the line is cut', { kind: 'connection' })
  }
  const report = await w.run()
  expect(report.objects?.changes.map(({ outcome }) => outcome)).toEqual(['created', 'created'])
  expect(report.warnings).toEqual([expect.stringContaining('the line is cut')])
  expect([await w.noted('near'), await w.noted('far')]).toEqual([[], ['view totals']])
  w.asked = () => {}
  expect(await w.done()).toEqual(['near/shop view totals replaced'])
})

test('nothing is asked of a target any more when a run is stopped', async () => {
  w = world(['near', 'far'])
  const stop = new AbortController()
  const asked: string[] = []
  w.asked = (name, made) => {
    if (!made) return
    asked.push(name)
    stop.abort()
  }
  await w.run({}, stop.signal)
  expect(asked).toEqual(['near'])
})
