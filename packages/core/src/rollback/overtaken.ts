import type { BackupPoint, Backups } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'
import { tableName } from '../model/schema.ts'

/**
 * Throws `ROLLBACK_OVERTAKEN` where a listed point is not what it was when the rollback was planned: a run has removed it, or, of a journal, its
 * run was still at work, or a later one has written since, which would have to be undone too.
 */
export async function refuseOvertaken(backups: Backups, point: BackupPoint): Promise<void> {
  const now = (await backups.list()).find(({ name }) => name === point.name)
  if (now !== undefined && reach(now) === reach(point)) return
  throw new SyncError('ROLLBACK_OVERTAKEN', `A run has been at work on the target since the rollback to ${point.name} was planned.`, {
    kind: 'refused',
    hint: 'Nothing was changed. Look at the points again, and run the command again: dbsync rollback --list',
  })
}

const reach = ({ path, manifest }: BackupPoint): string => JSON.stringify([path, manifest?.tables.map(tableName)])
