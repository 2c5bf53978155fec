import { describe, expect, test } from 'vitest'
import type { BackupManifest, BackupPoint, Backups } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'
import { pointsOf, prune } from './prune.ts'

const LAST_TWO = { keepLast: 2, keepDaily: 0, keepWeekly: 0, maxAgeMs: undefined }

const manifestOf = (target: string): BackupManifest => ({
  version: 1,
  run: null,
  target,
  server: { id: 's', label: 's' },
  consistency: { scope: 'all', detail: '' },
  sha256: '',
  tables: [],
  state: null,
  restoredAt: null,
})

/** The first of the names is the newest. `fault` may throw where one is dropped. */
function folder(names: readonly string[], fault = (_name: string) => {}) {
  let points = names.map((name, age): BackupPoint => {
    const [, target] = name.split('-')
    const madeAt = new Date(Date.UTC(2026, 10, 20) - age * 60_000).toISOString()
    return { name, path: name, kind: 'dump', bytes: 1, madeAt, ...(target === undefined ? {} : { manifest: manifestOf(target) }) }
  })
  const dropped: string[] = []
  const backups: Pick<Backups, 'list' | 'drop'> = {
    list: async () => points,
    async drop({ name }) {
      fault(name)
      dropped.push(name)
      points = points.filter((point) => point.name !== name)
    },
  }
  return { backups: backups as Backups, dropped, left: () => points.map(({ name }) => name) }
}

test("the points of a target are its own and other tools' files, not those of another target", async () => {
  const { backups } = folder(['a-copy', 'b-lake', 'c', 'd-copy'])
  expect((await pointsOf(backups, 'copy')).map(({ name }) => name)).toEqual(['a-copy', 'c', 'd-copy'])
})

describe('prune', () => {
  test("removes what is not kept, the oldest first, and nothing of another target or another tool's", async () => {
    const { backups, dropped, left } = folder(['a-copy', 'b-copy', 'c-lake', 'd-copy', 'e', 'f-lake', 'g-copy', 'h-lake'])
    const decided = await prune(backups, 'copy', LAST_TWO, { dryRun: false })
    expect(dropped).toEqual(['g-copy', 'd-copy'])
    expect(left()).toEqual(['a-copy', 'b-copy', 'c-lake', 'e', 'f-lake', 'h-lake'])
    expect(decided.filter(({ keptFor }) => keptFor.length > 0).map(({ point }) => point.name)).toEqual(['a-copy', 'b-copy', 'e'])
  })

  test('says the same beforehand, and removes nothing then', async () => {
    const names = ['a-copy', 'b-copy', 'c-copy', 'd-copy']
    const [dry, real] = [folder(names), folder(names)]
    const decided = await prune(dry.backups, 'copy', LAST_TWO, { dryRun: true })
    expect(dry.left()).toEqual(names)
    expect(decided).toEqual(await prune(real.backups, 'copy', LAST_TWO, { dryRun: false }))
    expect(real.left()).toEqual(['a-copy', 'b-copy'])
  })

  test('stops at one that cannot be removed: only older ones are gone', async () => {
    const { backups, left } = folder(['a-copy', 'b-copy', 'c-copy', 'd-copy', 'e-copy'], (name) => {
      if (name === 'd-copy') throw new SyncError('BACKUP_UNWRITABLE', 'not yours', { kind: 'refused' })
    })
    await expect(prune(backups, 'copy', LAST_TWO, { dryRun: false })).rejects.toMatchObject({ code: 'BACKUP_UNWRITABLE' })
    expect(left()).toEqual(['a-copy', 'b-copy', 'c-copy', 'd-copy'])
  })

  test('removes nothing where the policy keeps none', async () => {
    const { backups, dropped } = folder(['a-copy', 'b-copy'])
    await expect(prune(backups, 'copy', { ...LAST_TWO, keepLast: 0 }, { dryRun: false })).rejects.toMatchObject({ code: 'BACKUP_POLICY', kind: 'config' })
    expect(dropped).toEqual([])
  })
})
