import { type BackupPoint, SyncError } from '@dbsync/core/plugin'
import { madeAt } from '../backups/point-names.ts'

/**
 * The journals to undo, the newest first, so that the target is as it was before the run of `to`. `points`: all points of this target;
 * `previous`: what each journal says that it follows. Throws `JOURNAL_CHAIN` where one in between is missing, or is a dump, which does not
 * say what its run changed.
 */
export function journalsBack(to: BackupPoint, points: readonly BackupPoint[], previous: ReadonlyMap<string, string | null>): readonly BackupPoint[] {
  const newer = points.filter((point) => byTime(point.name, to.name) > 0).toSorted((a, b) => byTime(b.name, a.name))
  const dump = newer.findLast((point) => point.kind === 'dump' && typeof point.manifest?.run === 'string')
  if (dump !== undefined) {
    throw broken(
      to,
      `${dump.name} is a dump of a later run, which does not say what that run changed`,
      `Roll back to ${dump.name}, the nearest that can be reached, or to a later point.`,
    )
  }
  const journals = newer.filter((point) => point.kind === 'journal')
  const known = new Set(points.map(({ name }) => name))
  for (const { name } of journals) {
    const before = previous.get(name)
    if (before === undefined) throw broken(to, `${name} cannot be read`, RECOVER)
    if (before !== null && !known.has(before) && byTime(before, to.name) > 0) throw broken(to, `${before} is missing, which ${name} follows`, RECOVER)
  }
  return [...journals, to]
}

/** By the time in their names; points of one second by the number there. */
export function byTime(one: string, other: string): number {
  const [a, b] = [madeAt(stemOf(one)), madeAt(stemOf(other))]
  if (a === undefined || b === undefined) return 0
  return a.at.getTime() - b.at.getTime() || a.further - b.further
}

const stemOf = (name: string): string => name.slice(0, name.includes('.') ? name.indexOf('.') : name.length)

const RECOVER = 'Put the file back, or choose a newer point: `dbsync backup list` shows them.'

const broken = (to: BackupPoint, why: string, hint: string): SyncError =>
  new SyncError('JOURNAL_CHAIN', `The way back to ${to.name} is broken: ${why}. Nothing was changed.`, { kind: 'refused', hint })
