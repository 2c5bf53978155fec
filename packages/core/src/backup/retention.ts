import type { BackupConfig } from '../config/config.ts'
import type { BackupPoint } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'

export type RetentionPolicy = Pick<BackupConfig, 'keepLast' | 'keepDaily' | 'keepWeekly' | 'maxAgeMs'>

export type Retention = {
  readonly point: BackupPoint
  /** Why it stays, in a few words; empty: it goes. */
  readonly keptFor: readonly string[]
}

const DAY_MS = 86_400_000
/** The run that writes it may still be at work. */
const UNFINISHED_MS = 7 * DAY_MS

/**
 * Which of a target's points stay, the newest first. Pure. A day and a week (from Monday) are those of UTC, and only days and weeks that have
 * points count. The newest point and the newest one that was proved always stay. A point without a manifest is nobody's to remove.
 * Throws `BACKUP_POLICY` where nothing is to be kept.
 */
export function retention(points: readonly BackupPoint[], policy: RetentionPolicy, now: Date): readonly Retention[] {
  const { keepLast, keepDaily, keepWeekly, maxAgeMs } = policy
  if (keepLast + keepDaily + keepWeekly <= 0) throw keepsNone()
  const sorted = points.toSorted((a, b) => Date.parse(b.madeAt) - Date.parse(a.madeAt))
  const age = (point: BackupPoint) => now.getTime() - Date.parse(point.madeAt)
  const reasons = new Map<BackupPoint, string[]>(sorted.map((point) => [point, []]))
  const keep = (point: BackupPoint | undefined, why: string) => void (point && reasons.get(point)?.push(why))

  const ours = sorted.filter(({ manifest }) => manifest !== undefined)
  const young = ours.filter((point) => maxAgeMs === undefined || age(point) <= maxAgeMs)
  for (const point of young.slice(0, keepLast)) keep(point, 'last')
  // A journal leads back only past every later one: single ones of earlier days would lead nowhere.
  const dumps = young.filter(({ kind }) => kind === 'dump')
  for (const point of newestOfEach(dumps, dayOf).slice(0, keepDaily)) keep(point, 'daily')
  for (const point of newestOfEach(dumps, weekOf).slice(0, keepWeekly)) keep(point, 'weekly')

  keep(
    ours.find(({ unfinished }) => unfinished !== true),
    'newest',
  )
  keep(
    ours.find(({ manifest }) => typeof manifest?.restoredAt === 'string'),
    'newest proved',
  )
  for (const point of ours) if (point.unfinished && age(point) < UNFINISHED_MS) keep(point, 'unfinished')
  for (const point of sorted) if (point.manifest === undefined) keep(point, 'no manifest')
  return sorted.map((point) => ({ point, keptFor: reasons.get(point) ?? [] }))
}

const dayOf = (point: BackupPoint): number => Math.floor(Date.parse(point.madeAt) / DAY_MS)

/** 1970 began on a Thursday. */
const weekOf = (point: BackupPoint): number => Math.floor((dayOf(point) + 3) / 7)

/** The points are sorted, the newest first. */
function newestOfEach(points: readonly BackupPoint[], period: (point: BackupPoint) => number): readonly BackupPoint[] {
  const first = new Map<number, BackupPoint>()
  for (const point of points) if (!first.has(period(point))) first.set(period(point), point)
  return [...first.values()]
}

const keepsNone = (): SyncError =>
  new SyncError('BACKUP_POLICY', 'keep_last, keep_daily and keep_weekly are all 0: no backup point would be kept.', {
    kind: 'config',
    hint: 'Set one of them in backup_settings; to make no points at all, set sync_settings.backup_before_sync to false.',
  })
