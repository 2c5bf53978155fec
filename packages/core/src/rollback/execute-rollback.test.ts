import { expect, test } from 'vitest'
import type { BackupRequest, RestoreOptions } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'
import { executeRollback, type RollbackProgress } from './execute-rollback.ts'
import { planRollback, type RollbackPlan } from './plan-rollback.ts'
import { readPositions } from './positions.ts'
import { bench, knownTables, point, quiet, savedPosition, signal, unproved } from './testing.ts'

const planOf = async ({ ends }: ReturnType<typeof bench>, wanted = 'old', database?: string) =>
  await planRollback(ends, { point: wanted, database, allow: [], signal })

const known = { database: 'shop', name: 't' }
const other = { database: 'shop', name: 'u' }
const wide = { tables: ['stock', 'shop'].map((database) => ({ database, name: 't', rows: 1, digest: null })) }

/** The ends with every lock that is taken and given back told. */
function watched({ ends }: ReturnType<typeof bench>) {
  const told: string[] = []
  const watch = async (name: string, lock: AsyncDisposable) => {
    told.push(`take ${name}`)
    return {
      held: () => true,
      async [Symbol.asyncDispose]() {
        told.push(`give ${name}`)
        await lock[Symbol.asyncDispose]()
      },
    }
  }
  const state = { ...ends.state, lock: async (name: string) => await watch(name, await ends.state.lock(name)) }
  const target = { ...ends.target, lock: async (name: string, stop: AbortSignal) => await watch(name, await ends.target.lock(name, stop)) }
  return { told, ends: { ...ends, state, target } }
}

const inTurn = ['copy/shop', 'shop', 'copy/stock', 'stock']
const takenAndGiven = [...inTurn.map((name) => `take ${name}`), ...inTurn.toReversed().map((name) => `give ${name}`)]

test('the locks of a run are held on each database, taken in one order, and given back whatever happens', async () => {
  const b = bench([point('old', wide)])
  const plan = await planOf(b)
  const turned: RollbackPlan = plan.kind === 'restore' ? { ...plan, databases: ['stock', 'shop'] } : plan
  const first = watched(b)
  b.world.dieAt = 'swapped'
  await expect(executeRollback(first.ends, turned, quiet)).rejects.toMatchObject({ code: 'LOST' })
  expect(first.told).toEqual(takenAndGiven)

  const second = watched(b)
  await executeRollback(second.ends, { kind: 'finish', pending: { point: 'old', databases: ['stock', 'shop'], note: null } }, quiet)
  expect(second.told).toEqual(takenAndGiven)
})

test('while a run holds the state of a database nothing is written', async () => {
  const b = bench([point('old')])
  const plan = await planOf(b)
  await using _ = await b.store.lock('copy/shop')
  await expect(executeRollback(b.ends, plan, quiet)).rejects.toMatchObject({ code: 'RUN_LOCKED' })
  expect(b.world.steps).toEqual([])
})

test('the report says what was done and how long it took', async () => {
  const b = bench([point('old')])
  const start = Date.now()
  const report = await b.go('old')
  expect(report).toMatchObject({ target: 'copy', tables: [{ ...known, rows: 1, outcome: 'restored' }], apart: [], missing: [] })
  expect(Date.parse(report.startedAt)).toBeGreaterThanOrEqual(start)
  expect(report.ms).toBeGreaterThanOrEqual(0)
  expect(report.ms).toBeLessThanOrEqual(Date.now() - start)
})

test('what is there now is kept before anything is built, with its positions and its way back', async () => {
  const b = bench([point('old', { run: 'run-1', state: { tables: { shop: { gone: null } } } })])
  await knownTables(b.store, ['t', 'u', 'gone'])
  const before = { ...b.backups }
  const asked: BackupRequest[] = []
  b.backups.create = async (request, stop) => {
    asked.push(request)
    request.progress?.({ table: known, rows: 5 })
    expect(b.world.content).toBe('new')
    return await before.create(request, stop)
  }
  const told: RollbackProgress[] = []
  await executeRollback(b.ends, await planOf(b), { signal, progress: (done) => void told.push(done) })
  expect(asked).toMatchObject([{ run: null, target: 'copy' }])
  expect(asked[0]?.tables).toEqual([known])
  expect(asked[0]?.state).toEqual({ tables: { shop: { t: savedPosition, gone: savedPosition } }, rollbackTo: 'old' })
  expect(told).toEqual([{ phase: 'backup', table: known, rows: 5 }, { phase: 'swap' }])
})

test('the restore is told of all that its end takes, and tells how far it is', async () => {
  const b = bench([point('old', { state: { tables: { shop: { t: null } } } })])
  const before = { ...b.backups }
  const asked: RestoreOptions[] = []
  b.backups.restore = async (of, options) => {
    asked.push(options)
    options.progress?.({ table: known, rows: 7 })
    return await before.restore(of, options)
  }
  const told: RollbackProgress[] = []
  await executeRollback(b.ends, await planOf(b), { signal, progress: (done) => void told.push(done) })
  expect(asked).toMatchObject([{ databases: ['shop'], tables: [{ ...known, rows: 1 }], loseHistory: false }])
  expect(asked[0]?.note).toEqual({ version: 1, target: 'copy', positions: { shop: { t: null } }, tables: [known], before: 'before_1', proved: true })
  expect(asked[0]?.signal).toBe(signal)
  expect(told).toEqual([{ phase: 'restore', table: known, rows: 7 }, { phase: 'swap' }])
})

const positionsOf = async ({ store }: ReturnType<typeof bench>) => (await readPositions(store, 'copy', [known, other]))['shop']
const then = { ...savedPosition, position: { columns: { at: '2026-01-01 00:00:00' } } }
const forgotten = { ...savedPosition, position: null, compared_at: null }

test('the positions of the point come back with its tables, and those that it does not know are forgotten', async () => {
  const tables = [known, other].map((table) => ({ ...table, rows: 1, digest: null }))
  const b = bench([point('old', { tables, state: { tables: { shop: { t: then } } } as never })])
  await knownTables(b.store, ['t', 'u'])
  expect(await b.go('old')).toMatchObject({ positions: 'restored' })
  expect(await positionsOf(b)).toEqual({ t: then, u: forgotten })
})

test('after a point without positions those of its tables are forgotten, and of no others', async () => {
  const b = bench([unproved(point('file'))])
  await knownTables(b.store, ['t', 'u'])
  expect(await b.go('file', 'shop')).toMatchObject({ positions: 'forgotten' })
  expect(await positionsOf(b)).toEqual({ t: forgotten, u: savedPosition })
})

test('a rollback that was stopped is finished with the positions of its point', async () => {
  const b = bench([point('old', { state: { tables: { shop: { t: then } } } as never })])
  await knownTables(b.store, ['t', 'u'])
  b.world.dieAt = 'swapping'
  await expect(b.go('old')).rejects.toMatchObject({ code: 'LOST' })
  expect(await positionsOf(b)).toEqual({ t: savedPosition, u: savedPosition })
  const told: RollbackProgress[] = []
  const report = await executeRollback(b.ends, await planOf(b), { signal, progress: (done) => void told.push(done) })
  expect(report).toMatchObject({ outcome: 'finished', positions: 'restored' })
  expect(await positionsOf(b)).toEqual({ t: then, u: savedPosition })
  expect(told).toEqual([{ phase: 'swap' }])
})

test.each([
  ['nothing is', undefined],
  ['another one is', { point: 'other', databases: ['shop'], note: null, to: 'other' }],
])('where %s unfinished any more, nothing is resumed', async (_, pending) => {
  const b = bench([point('old')])
  b.world.dieAt = 'swapping'
  await expect(b.go('old')).rejects.toMatchObject({ code: 'LOST' })
  const plan = await planOf(b)
  b.world.pending = pending
  await expect(executeRollback(b.ends, plan, quiet)).rejects.toMatchObject({
    code: 'ROLLBACK_FINISHED',
    kind: 'locked',
    hint: expect.stringContaining('dbsync rollback --list'),
  })
  expect(b.world.content).toBe('new')
})

test('a rollback that another version began is left to that one', async () => {
  const b = bench([point('old')])
  b.world.pending = { point: 'old', databases: ['shop'], note: { version: 2 }, to: 'old' }
  await expect(b.go('old')).rejects.toThrow('another version')
  expect(b.world).toMatchObject({ content: 'new', pending: { point: 'old' } })
})

test('a rollback that was stopped since this one was planned is in its way', async () => {
  const b = bench([point('old')])
  const plan = await planOf(b)
  b.world.pending = { point: 'other', databases: ['shop'], note: null, to: 'other' }
  await expect(executeRollback(b.ends, plan, quiet)).rejects.toMatchObject({ code: 'ROLLBACK_UNFINISHED' })
  expect(b.world.steps).toEqual([])
})

test('a dump may have left the list since it was looked at', async () => {
  const b = bench([point('old')])
  const plan = await planOf(b)
  b.world.points = []
  expect(await executeRollback(b.ends, plan, quiet)).toMatchObject({ outcome: 'restored', point: 'old' })
})

/** How a rollback ends whose restore throws, and what points are there then. */
async function broken(error: unknown, over: { readonly began?: () => Promise<undefined>; readonly stop?: AbortController } = {}) {
  const b = bench([point('old')])
  const plan = await planOf(b)
  b.backups.restore = async () => {
    over.stop?.abort()
    if (over.began !== undefined) b.backups.unfinished = over.began
    throw error
  }
  const thrown: unknown = await executeRollback(b.ends, plan, { ...quiet, signal: over.stop?.signal ?? signal }).catch((other: unknown) => other)
  return { thrown, points: b.world.points.map(({ name }) => name) }
}

const full = new SyncError('FULL', 'disk full', { kind: 'data' })
const kept = ['before_1', 'old']

test('a failure before the first change leaves no point of the state that is still there', async () => {
  expect(await broken(full)).toEqual({ thrown: full, points: ['old'] })
})

test.each(['transient', 'connection'] as const)('a %s error keeps the point, and says with which command to go on', async (kind) => {
  const table = { database: 'shop', name: 't' }
  const error = new SyncError('LOST', 'gone away', { kind, hint: 'Look at the line.', table })
  const { thrown, points } = await broken(error)
  expect(points).toEqual(kept)
  expect(thrown).toMatchObject({ code: 'LOST', message: 'gone away', kind, table, cause: error })
  expect(thrown).toHaveProperty('hint', expect.stringMatching(/^Look at the line\. .*dbsync rollback old$/))
})

test('an error without a hint and a table gets only what it takes to go on', async () => {
  const { thrown } = await broken(new SyncError('LOST', 'gone away', { kind: 'transient' }))
  expect(thrown).toMatchObject({ table: undefined, hint: expect.stringMatching(/^All tables are .*dbsync rollback old$/) })
})

test('a failure after the first change keeps the point of the state before', async () => {
  const b = bench([point('old')])
  const before = { ...b.backups }
  b.backups.restore = async (of, options) => {
    b.world.dieAt = 'swapped'
    await before.restore(of, options).catch(() => {})
    throw full
  }
  await expect(b.go('old')).rejects.toBe(full)
  expect(b.world.points.map(({ name }) => name)).toEqual(kept)
})

test('where nobody can say whether something changed, the point is kept and the first error is told', async () => {
  const unheard = new SyncError('DENIED', 'no', { kind: 'privilege' })
  expect(await broken(full, { began: () => Promise.reject(unheard) })).toEqual({ thrown: full, points: kept })
})

test('a fault of a plugin is told as it is, and the point is kept', async () => {
  const fault = new TypeError('not a function')
  expect(await broken(fault)).toEqual({ thrown: fault, points: kept })
  expect(await broken(full, { began: () => Promise.reject(fault) })).toEqual({ thrown: fault, points: kept })
})

test('a rollback that the user stops keeps the point', async () => {
  const cancelled = new SyncError('CANCELLED', 'stopped', { kind: 'cancelled' })
  expect(await broken(cancelled, { stop: new AbortController() })).toEqual({ thrown: cancelled, points: kept })
})
