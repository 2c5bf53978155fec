import { expect, test } from 'vitest'
import type { BackupPoint, Backups, RestoreReceipt, UnfinishedRestore } from '../contract/backups.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { memoryStore } from '../memory/store.ts'
import type { JsonValue } from '../model/json.ts'
import { choosePoint } from './choose-point.ts'
import { executeRollback } from './execute-rollback.ts'
import { planRollback, type RollbackEnds } from './plan-rollback.ts'
import { refuseUnfinished } from './unfinished.ts'

const point = (name: string, over: Partial<NonNullable<BackupPoint['manifest']>> = {}): BackupPoint => ({
  name,
  path: `/backups/${name}`,
  kind: 'dump',
  bytes: 1,
  madeAt: '2026-11-21T02:00:00.000Z',
  manifest: {
    version: 1,
    run: null,
    target: 'copy',
    server: { id: 'server', label: 'a server' },
    consistency: { scope: 'all', detail: '' },
    sha256: '',
    tables: [{ database: 'shop', name: 't', rows: 1, digest: null }],
    state: { tables: { shop: { t: null } } },
    restoredAt: null,
    ...over,
  },
})

function unproved(of: BackupPoint): BackupPoint {
  const { name, path, kind, bytes, madeAt } = of
  return { name, path, kind, bytes, madeAt }
}

const { signal } = new AbortController()
const quiet = { signal, progress: () => {} }

/** A target whose tables are one text, with the moments of a restore at which it can be stopped. */
function bench(given: readonly BackupPoint[]) {
  const world = {
    points: [...given],
    content: 'new',
    pending: undefined as (UnfinishedRestore & { readonly to: string }) | undefined,
    dieAt: undefined as 'building' | 'swapping' | 'swapped' | 'recorded' | undefined,
    steps: [] as string[],
  }
  const die = (moment: typeof world.dieAt) => {
    if (world.dieAt !== moment) return
    world.dieAt = undefined
    throw new SyncError('LOST', `died when ${moment}`, { kind: 'transient' })
  }
  const receipt: RestoreReceipt = { tables: [{ database: 'shop', name: 't', rows: 1, outcome: 'restored' }], apart: [], missing: [] }
  const complete = async (swapped: (receipt: RestoreReceipt) => Promise<void>) => {
    world.content = world.pending?.to ?? ''
    die('swapped')
    await swapped(receipt)
    die('recorded')
    world.pending = undefined
    return receipt
  }
  const backups: Backups = {
    async create({ state, target }) {
      const made = point(`before_${world.points.length}`, { state, target })
      world.points.unshift(made)
      world.steps.push('kept')
      return made
    },
    journal: () => Promise.reject(new Error('no journal here')),
    list: async () => world.points,
    check: async ({ name, manifest }) => ({
      verdict: name.startsWith('bad') ? 'damaged' : manifest === undefined ? 'unproved' : 'intact',
      findings: [],
      tables: [{ database: '', name: 't', rows: 1 }],
    }),
    preview: async (_point, tables) => ({
      tables: tables.map((table) => ({ ...table, change: 'replace', rowsNow: 1, rowsThen: 1 })),
      statements: [],
      apart: [],
    }),
    async restore({ name }, { databases, note, swapping, swapped }) {
      if (world.pending !== undefined) throw new Error('two at once')
      die('building')
      world.pending = { point: name, databases, note, to: name }
      await swapping()
      die('swapping')
      return await complete(swapped)
    },
    unfinished: async () => world.pending,
    resume: async (_databases, { swapped }) => await complete(swapped),
    async drop({ name }) {
      world.points = world.points.filter((one) => one.name !== name)
    },
  }
  const locks = new Set<string>()
  const target = {
    identity: async () => ({ id: 'server', label: 'a server' }),
    databases: async () => ['shop'],
    async lock(database: string) {
      if (locks.has(database)) throw new SyncError('RUN_LOCKED', 'taken', { kind: 'locked' })
      locks.add(database)
      return { held: () => true, [Symbol.asyncDispose]: async () => void locks.delete(database) }
    },
  } as unknown as Target
  const store = memoryStore()
  const ends: RollbackEnds = { name: 'copy', target, backups, state: store }
  const go = async (wanted?: string, database?: string) => {
    const plan = await planRollback(ends, { point: wanted, database, allow: [], signal })
    return await executeRollback(ends, plan, quiet)
  }
  return { world, ends, go, store, backups }
}

test('a rollback keeps the present first, and is no point that `latest` means', async () => {
  const { world, go } = bench([point('old')])
  const report = await go()
  expect(report).toMatchObject({ point: 'old', outcome: 'restored', before: 'before_1', proved: true, positions: 'restored' })
  expect(world.content).toBe('old')
  expect(await go()).toMatchObject({ point: 'old' })
  expect(await go('before_1')).toMatchObject({ point: 'before_1' })
})

test.each(['swapping', 'swapped', 'recorded'] as const)(
  'stopped when %s it refuses runs and other rollbacks, and the same command finishes it',
  async (moment) => {
    const { world, go, backups } = bench([point('other'), point('old')])
    world.dieAt = moment
    await expect(go('old')).rejects.toMatchObject({ code: 'LOST' })
    await expect(refuseUnfinished(backups, ['shop'], signal)).rejects.toMatchObject({
      code: 'ROLLBACK_UNFINISHED',
      kind: 'refused',
      hint: expect.stringContaining('dbsync rollback old'),
    })
    await expect(go('other')).rejects.toMatchObject({ code: 'ROLLBACK_UNFINISHED' })
    expect(await go('old')).toMatchObject({ outcome: 'finished', point: 'old', before: 'before_2' })
    expect(world.steps).toEqual(['kept'])
    expect(world.content).toBe('old')
    await refuseUnfinished(backups, ['shop'], signal)
  },
)

test('a point that is gone does not keep an unfinished rollback from its end, whatever latest is by then', async () => {
  const { world, go } = bench([point('old')])
  world.dieAt = 'swapping'
  await expect(go()).rejects.toMatchObject({ code: 'LOST' })
  world.points = [point('newer')]
  expect(await go()).toMatchObject({ outcome: 'finished', point: 'old' })
})

test('a failure that changed nothing takes the point of the present away again, and one that nobody knows of keeps it', async () => {
  const { world, go, backups } = bench([point('old')])
  world.dieAt = 'building'
  await expect(go()).rejects.toMatchObject({ code: 'LOST' })
  expect(world.points.map(({ name }) => name)).toEqual(['before_1', 'old'])
  backups.restore = async () => {
    throw new SyncError('FULL', 'disk full', { kind: 'data' })
  }
  await expect(go()).rejects.toMatchObject({ code: 'FULL' })
  expect(world.points.map(({ name }) => name)).toEqual(['before_1', 'old'])
})

test('what cannot be gone back to is refused before anything is written', async () => {
  const { world, go } = bench([point('bad'), point('foreign', { server: { id: 'another', label: 'another server' } }), unproved(point('file'))])
  await expect(go('bad')).rejects.toMatchObject({ code: 'ROLLBACK_POINT_DAMAGED' })
  await expect(go('foreign')).rejects.toMatchObject({ code: 'ROLLBACK_OTHER_SERVER' })
  await expect(go('file')).rejects.toMatchObject({ code: 'ROLLBACK_WHERE' })
  expect(world.steps).toEqual([])
  expect(await go('file', 'shop')).toMatchObject({ proved: false, positions: 'forgotten' })
})

test('a journal that a run has overtaken since it was looked at is not gone back to', async () => {
  const journal = { ...point('old.journal'), kind: 'journal' as const }
  const { world, ends } = bench([journal])
  const plan = await planRollback(ends, { point: 'old.journal', database: undefined, allow: [], signal })
  const further = [
    { database: 'shop', name: 't', rows: 1, digest: null },
    { database: 'shop', name: 'u', rows: 1, digest: null },
  ]
  world.points = [{ ...point('old.journal', { tables: further }), kind: 'journal' }]
  await expect(executeRollback(ends, plan, quiet)).rejects.toMatchObject({ code: 'ROLLBACK_OVERTAKEN', kind: 'refused' })
  expect(world.steps).toEqual([])
  world.points = [journal]
  expect(await executeRollback(ends, plan, quiet)).toMatchObject({ outcome: 'restored' })

  // Its run ends, and its file gets another name, before it was read.
  const moving = bench([{ ...point('bad.journal'), kind: 'journal', path: '/backups/bad.journal.unfinished' }])
  moving.backups.check = async () => {
    moving.world.points = [{ ...point('bad.journal'), kind: 'journal' }]
    return { verdict: 'damaged', findings: [], tables: [] }
  }
  await expect(moving.go('bad.journal')).rejects.toMatchObject({ code: 'ROLLBACK_OVERTAKEN' })
})

test('two at once: the second is told so', async () => {
  const { ends } = bench([point('old')])
  const plan = await planRollback(ends, { point: 'old', database: undefined, allow: [], signal })
  const seconds: unknown[] = []
  // The first one is in the middle of its work.
  const meanwhile = async () => seconds.push(await executeRollback(ends, plan, quiet).catch((error: unknown) => error))
  let second: Promise<unknown> | undefined
  const progress = () => {
    second ??= meanwhile()
  }
  await executeRollback(ends, plan, { signal, progress })
  await second
  expect(seconds).toEqual([expect.objectContaining({ code: 'RUN_LOCKED', kind: 'locked' })])
})

test.each([
  ['latest', 'run'],
  ['backup_point_20261121_020000', 'backup_point_20261121_020000.sql.gz'],
  ['backup_point_20261121_020000.sql.gz', 'backup_point_20261121_020000.sql.gz'],
  ['/backups/run', 'run'],
  ['20261121T020000Z-abcdef', 'run'],
])('%s means %s', (wanted, name) => {
  const rolledBack = { tables: {}, rollbackTo: 'x' } as unknown as JsonValue
  const points = [
    unproved(point('file.sql.gz')),
    point('before', { state: rolledBack }),
    point('elsewhere', { target: 'other', run: '20261121T020000Z-abcdef' }),
    point('run', { run: '20261121T020000Z-abcdef' }),
    point('backup_point_20261121_020000.sql.gz'),
  ]
  expect(choosePoint(points, wanted, 'copy').name).toBe(name)
})

test('a name that no point has is answered with those that there are', () => {
  expect(() => choosePoint([point('old')], 'new', 'copy')).toThrow(
    expect.objectContaining({ code: 'BACKUP_POINT_UNKNOWN', hint: expect.stringContaining('old') }),
  )
  expect(() => choosePoint([], 'latest', 'copy')).toThrow(expect.objectContaining({ code: 'BACKUP_POINT_UNKNOWN' }))
})
