import { SyncError, tableName, type WriteWork } from '@dbsync/core/plugin'
import { quoteId, quoteTable } from '@dbsync/mysql'
import { definition, unquoted } from './definition.ts'
import { keptColumns } from './method.ts'

/** Why this table must not be written, as far as its description shows. */
export const guardWork = (work: WriteWork): SyncError | undefined => triggersFire(work) ?? columnsWithoutValue(work)

function triggersFire({ existing }: WriteWork): SyncError | undefined {
  if (existing === undefined || existing.triggers.length === 0) return undefined
  const { table, triggers } = existing
  const drops = triggers.map((name) => `DROP TRIGGER ${quoteId(table.database)}.${quoteId(name)};`).join(' ')
  return new SyncError('MYSQL_TARGET_TRIGGERS', `${tableName(table)} has triggers at the target (${triggers.join(', ')}): every row written would fire them`, {
    kind: 'refused',
    table,
    hint: `Drop them on the copy: ${drops} Or exclude ${quoteTable(table)} from the sync.`,
  })
}

/** A column that was dropped at the source stays here; one that takes no NULL and has no default would refuse every new row. */
function columnsWithoutValue({ schema, existing }: WriteWork): SyncError | undefined {
  const kept = existing === undefined ? [] : keptColumns(schema, existing)
  if (existing === undefined || kept.length === 0) return undefined
  const needed = definition(existing).columns.filter(
    (column) => kept.includes(column.name) && /\bNOT NULL\b(?!.*\b(?:DEFAULT|AUTO_INCREMENT)\b)/is.test(unquoted(column.definition)),
  )
  if (needed.length === 0) return undefined
  const { table } = existing
  const names = needed.map((column) => column.name)
  return new SyncError(
    'MYSQL_TARGET_COLUMNS',
    `${tableName(table)}: only the target has ${names.join(', ')}, without a default and NOT NULL: no row of the source can be added`,
    {
      kind: 'refused',
      table,
      hint: `Was it dropped at the source? Then drop it here: ALTER TABLE ${quoteTable(table)} ${names.map((name) => `DROP COLUMN ${quoteId(name)}`).join(', ')}; or give it a default to keep it.`,
    },
  )
}
