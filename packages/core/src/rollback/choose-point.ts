import type { BackupPoint } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'
import { isRollbackNote } from './note.ts'

/** What `dbsync rollback` takes when nothing is named. */
export const LATEST = 'latest'

/**
 * The point that a user means: a name, with or without what it ends with, a path, the run that it was made for, or `latest`. The points that
 * rollbacks made of the state before them have to be named: the same command twice must not undo itself.
 */
export function choosePoint(points: readonly BackupPoint[], wanted: string, target: string): BackupPoint {
  const own = points.filter(({ manifest }) => manifest === undefined || manifest.target === target)
  if (wanted === LATEST) {
    const found = own.find(({ manifest }) => manifest !== undefined && !isRollbackNote(manifest.state))
    if (found !== undefined) return found
    throw unknownPoint(`The target ${target} has no backup point that was made by a run.`, own)
  }
  const named = own.filter((point) => names(point).includes(wanted) || point.path.endsWith(`/${wanted.replace(/^\.\//, '')}`))
  const found = named.length > 0 ? named : own.filter(({ manifest }) => manifest !== undefined && manifest.run === wanted)
  const [first, second] = found
  if (first === undefined) throw unknownPoint(`The target ${target} has no backup point ${wanted}.`, own)
  if (second !== undefined && named.length > 0) throw unknownPoint(`More than one backup point of the target ${target} is called ${wanted}.`, found)
  // A run has one point. Were there two, the older one was made before the run wrote anything.
  return found.at(-1) ?? first
}

/** Whether `wanted` means the point of this name, which may not be among the points any more. */
export const isPointNamed = (wanted: string, name: string, points: readonly BackupPoint[]): boolean =>
  baseName(wanted) === name || wanted === stem(name) || points.some((point) => point.name === name && point.manifest?.run === wanted)

const names = ({ name, path }: BackupPoint): readonly string[] => [name, stem(name), path]
const stem = (name: string): string => name.replace(/(?:\.sql)?\.[a-z]+$/, '')
const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)

function unknownPoint(message: string, points: readonly BackupPoint[]): SyncError {
  const some = points.slice(0, 10).map(({ name }) => name)
  return new SyncError('BACKUP_POINT_UNKNOWN', message, {
    kind: 'config',
    hint:
      some.length === 0
        ? 'Runs make them where backup_before_sync is on; dbsync backup create makes one by hand.'
        : `There are: ${some.join(', ')}${points.length > 10 ? ', …' : ''}. See dbsync rollback --list.`,
  })
}
