import { expect, test } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { executeRollback } from './execute-rollback.ts'
import { planRollback } from './plan-rollback.ts'
import { bench, point, quiet, signal, unproved } from './testing.ts'
import { refuseUnfinished } from './unfinished.ts'

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
