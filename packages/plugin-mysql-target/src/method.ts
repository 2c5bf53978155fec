import { storedColumns, type TableSchema, type WriteWork } from '@dbsync/core/plugin'
import { definition, isVersioned } from './definition.ts'

/**
 * How rows become the table. `create`: fill a new table, rename it into place. `swap`: the same, and the old table goes.
 * `in-place`: make the live table equal to the staged rows in one transaction. `merge`: only these rows, in one transaction.
 */
export type Method = 'create' | 'swap' | 'in-place' | 'merge'

/**
 * A rename takes foreign keys of other tables along to the old table, and constraint names clash in one database: a table that has
 * them or may get them is never swapped. Nor is one with columns of its own, which the new rows do not have, or with a history.
 */
export function writeMethod(work: WriteWork, flavour: 'mariadb' | 'mysql'): Method {
  const { schema, existing } = work
  if (work.disposition === 'merge') return 'merge'
  if (existing === undefined) return 'create'
  const tied = [schema, existing].some((table) => table.foreignKeys.length > 0 || table.referencedBy.length > 0)
  // CREATE TABLE … LIKE gives checks other names on MySQL, where they are unique in the database.
  const checked = flavour === 'mysql' && definition(existing).constraints.some((constraint) => constraint.kind === 'check')
  return tied || checked || isVersioned(existing) || keptColumns(schema, existing).length > 0 ? 'in-place' : 'swap'
}

/** Columns with values that only the target has. */
export function keptColumns(schema: TableSchema, existing: TableSchema): readonly string[] {
  const wanted = new Set(schema.columns.map((column) => column.name.toLowerCase()))
  return storedColumns(existing)
    .map((column) => column.name)
    .filter((name) => !wanted.has(name.toLowerCase()))
}
