import { SyncError, tableName, type WriteWork } from '@dbsync/core/plugin'
import { quoteId, quoteTable } from '@dbsync/mysql'
import { definition, unquoted } from './definition.ts'
import { keptColumns, writeMethod } from './method.ts'

/** Why this table must not be written, as far as its description shows. */
export const guardWork = (work: WriteWork, flavour: 'mariadb' | 'mysql'): SyncError | undefined =>
  triggersFire(work) ?? columnsWithoutValue(work) ?? notAtomic(work, flavour)

/** Rows of such a table can be replaced by a rename and in no other way: a change of its rows that is killed stays half done. */
function notAtomic(work: WriteWork, flavour: 'mariadb' | 'mysql'): SyncError | undefined {
  const { existing } = work
  if (existing === undefined || existing.transactional || work.disposition !== 'replace' || writeMethod(work, flavour) === 'swap') return undefined
  const { table } = existing
  return new SyncError(
    'MYSQL_TARGET_NOT_TRANSACTIONAL',
    `${tableName(table)} has an engine without transactions at the target, and cannot be exchanged for a new table`,
    {
      kind: 'refused',
      table,
      hint: `It has columns of its own, or keys or checks that tie it to its name. ALTER TABLE ${quoteTable(table)} ENGINE=InnoDB; at the target, or drop it there.`,
    },
  )
}

/** Those that are taken away for the moment of writing do not. */
function triggersFire({ existing, triggers: away = [] }: WriteWork): SyncError | undefined {
  const triggers = (existing?.triggers ?? []).filter((name) => !away.some((trigger) => trigger.name === name))
  if (existing === undefined || triggers.length === 0) return undefined
  const { table } = existing
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
