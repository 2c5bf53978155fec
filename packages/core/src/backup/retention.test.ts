import { describe, expect, test } from 'vitest'
import type { BackupPoint } from '../contract/backups.ts'
import { type RetentionPolicy, retention } from './retention.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const NONE: RetentionPolicy = { keepLast: 0, keepDaily: 0, keepWeekly: 0, maxAgeMs: undefined }

function point(madeAt: string, more: Partial<BackupPoint> & { readonly proved?: true; readonly bare?: true } = {}): BackupPoint {
  const { proved, bare, ...rest } = more
  const manifest = {
    version: 1,
    run: 'r',
    target: 'copy',
    server: { id: 's', label: 's' },
    consistency: { scope: 'all', detail: '' },
    sha256: '',
    tables: [],
    state: null,
    restoredAt: proved ? madeAt : null,
  } as const
  return { name: madeAt, path: madeAt, kind: 'dump', bytes: 1, madeAt: new Date(madeAt).toISOString(), ...(bare ? {} : { manifest }), ...rest }
}

const kept = (points: readonly BackupPoint[], policy: Partial<RetentionPolicy>) =>
  retention(points, { ...NONE, ...policy }, NOW)
    .filter(({ keptFor }) => keptFor.length > 0)
    .map(({ point: { name } }) => name)

const HOURLY = Array.from({ length: 24 * 40 }, (_, i) => point(new Date(NOW.getTime() - i * 3_600_000).toISOString()))

describe('retention', () => {
  test('keeps the newest', () => {
    const points = ['2026-11-21T10:00Z', '2026-11-19T10:00Z', '2026-11-20T10:00Z'].map((at) => point(at))
    expect(kept(points, { keepLast: 2 })).toEqual(['2026-11-21T10:00Z', '2026-11-20T10:00Z'])
  })

  test('keeps the newest of each day and of each week from Monday', () => {
    const days = kept(HOURLY, { keepDaily: 3 }).map((name) => name.slice(0, 13))
    expect(days).toEqual(['2026-11-21T12', '2026-11-20T23', '2026-11-19T23'])
    const weeks = kept(HOURLY, { keepWeekly: 3 }).map((name) => name.slice(0, 13))
    expect(weeks).toEqual(['2026-11-21T12', '2026-11-15T23', '2026-11-08T23'])
  })

  test('days without points do not count', () => {
    const points = ['2026-11-21T10:00Z', '2026-10-01T10:00Z', '2026-01-01T10:00Z'].map((at) => point(at))
    expect(kept(points, { keepDaily: 2 })).toEqual(['2026-11-21T10:00Z', '2026-10-01T10:00Z'])
  })

  test('what is too old goes whatever the rules say, but never the newest and the newest proved one', () => {
    const points = [point('2026-10-03T00:00Z'), point('2026-10-02T00:00Z', { proved: true }), point('2026-10-01T00:00Z', { proved: true })]
    expect(kept(points, { keepLast: 9, keepDaily: 9, maxAgeMs: 86_400_000 })).toEqual(['2026-10-03T00:00Z', '2026-10-02T00:00Z'])
  })

  test('a failed newest one does not push out the last good one', () => {
    const points = [point('2026-11-21T00:00Z', { unfinished: true, kind: 'journal' }), point('2026-11-20T00:00Z'), point('2026-11-19T00:00Z')]
    expect(kept(points, { keepLast: 1 })).toEqual(['2026-11-21T00:00Z', '2026-11-20T00:00Z'])
  })

  test('one that its run may still be writing stays for a week', () => {
    const unfinished = (at: string) => point(at, { unfinished: true, kind: 'journal' })
    const points = [point('2026-11-21T11:00Z'), unfinished('2026-11-21T10:00Z'), unfinished('2026-11-14T12:01Z'), unfinished('2026-11-14T12:00Z')]
    expect(kept(points, { keepLast: 1 })).toEqual(['2026-11-21T11:00Z', '2026-11-21T10:00Z', '2026-11-14T12:01Z'])
  })

  test('journals are kept without a gap', () => {
    const points = HOURLY.map((one) => ({ ...one, kind: 'journal' as const }))
    expect(kept(points, { keepLast: 5, keepDaily: 7, keepWeekly: 4 })).toEqual(points.slice(0, 5).map(({ name }) => name))
  })

  test('files of other tools stay', () => {
    expect(kept([point('2026-11-21T00:00Z'), point('2001-01-01T00:00Z', { bare: true })], { keepLast: 1, maxAgeMs: 1 })).toHaveLength(2)
  })

  test('refuses to keep none', () => {
    expect(() => retention([], NONE, NOW)).toThrow(/keep_last/)
  })

  test('one is always left where there was one, whatever the rules', () => {
    for (let keepLast = 0; keepLast < 3; keepLast++) {
      for (let keepDaily = 0; keepDaily < 3; keepDaily++) {
        for (const maxAgeMs of [undefined, 0, 1, 86_400_000 * 20]) {
          const policy = { keepLast, keepDaily, keepWeekly: 1, maxAgeMs }
          for (const length of [1, 2, 100]) expect(kept(HOURLY.slice(-length), policy).length).toBeGreaterThan(0)
        }
      }
    }
  })
})
