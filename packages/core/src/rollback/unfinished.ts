import type { Backups, UnfinishedRestore } from '../contract/backups.ts'
import { SyncError } from '../errors/sync-error.ts'

/** Throws `ROLLBACK_UNFINISHED` where a rollback of one of these databases was stopped in the middle: its tables are not what the state says. */
export async function refuseUnfinished(backups: Backups | undefined, databases: readonly string[], signal: AbortSignal): Promise<void> {
  const found = await backups?.unfinished(databases, signal)
  if (found !== undefined) throw unfinished(found)
}

export const unfinished = ({ point, databases }: Pick<UnfinishedRestore, 'point' | 'databases'>): SyncError =>
  new SyncError('ROLLBACK_UNFINISHED', `A rollback of ${databases.join(', ')} to ${point} was stopped in the middle.`, {
    kind: 'refused',
    hint: `Finish it first: dbsync rollback ${point}`,
  })
