/**
 * What may lose data, and is refused until it is allowed by name: with `--allow NAME`, or with `allow` in sync-config.json.
 *
 * - `destructive`: tables and columns that are gone at the source are dropped at the target, and a column may become narrower than its data.
 * - `deletes`: more rows may be deleted than `max_delete_percent` says, and a source table may be empty.
 * - `new-server`: the source or the target may be another server than in the last run.
 * - `unknown-rows`: rows that were in the target before its first run, and that the source does not have, may be deleted or overwritten.
 */
export const ALLOWANCES = ['destructive', 'deletes', 'new-server', 'unknown-rows'] as const satisfies readonly string[]

export type Allowance = (typeof ALLOWANCES)[number]
