import { SyncError, tableName, type WriteWork } from '@dbsync/core/plugin'
import { quoteId, quoteTable } from '@dbsync/mysql'

/** Why this table must not be written, as far as its description shows. */
export function guardWork({ existing }: WriteWork): SyncError | undefined {
  if (existing === undefined || existing.triggers.length === 0) return undefined
  const { table, triggers } = existing
  const drops = triggers.map((name) => `DROP TRIGGER ${quoteId(table.database)}.${quoteId(name)};`).join(' ')
  return new SyncError('MYSQL_TARGET_TRIGGERS', `${tableName(table)} has triggers at the target (${triggers.join(', ')}): every row written would fire them`, {
    kind: 'refused',
    table,
    hint: `Drop them on the copy: ${drops} Or exclude ${quoteTable(table)} from the sync.`,
  })
}
