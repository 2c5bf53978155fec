import type { BackupPoint, Backups } from '../contract/backups.ts'
import { type Retention, type RetentionPolicy, retention } from './retention.ts'

/** The points of one target, and files of other tools that may be anybody's. */
export const pointsOf = async (backups: Backups, target: string): Promise<readonly BackupPoint[]> =>
  (await backups.list()).filter(({ manifest }) => manifest === undefined || manifest.target === target)

/** Removes what the policy does not keep, the oldest first; what is removed when this is stopped makes no other point worse. */
export async function prune(backups: Backups, target: string, policy: RetentionPolicy, options: { readonly dryRun: boolean }): Promise<readonly Retention[]> {
  const decided = retention(await pointsOf(backups, target), policy, new Date())
  if (options.dryRun) return decided
  for (const { point, keptFor } of decided.toReversed()) if (keptFor.length === 0) await backups.drop(point)
  return decided
}
