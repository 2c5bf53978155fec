import { type SchemaChange, SyncError, type TableSchema, tableName } from '@dbsync/core/plugin'
import type { Dialect } from './dialect.ts'
import { diffTenant } from './diff.ts'
import type { OnTypeConflict } from './shared.ts'

/**
 * What the shared table, as it is now, lacks for the rows of one tenant. Another tenant may have made it meanwhile, or may have other columns. Throws
 * `SCHEMA_CONFLICT` where it cannot take them, `SCHEMA_CHANGED` where the rows were made for another table.
 */
export function missingChanges(
  dialect: Dialect,
  there: TableSchema | undefined,
  schema: TableSchema,
  options: { readonly onTypeConflict: OnTypeConflict },
): readonly SchemaChange[] {
  if (there === undefined) return [{ type: 'create-table', schema }]
  const { changes, conflicts, remedy, meanwhile } = diffTenant(dialect, there, schema, options)
  if (conflicts.length > 0) {
    throw new SyncError('SCHEMA_CONFLICT', `${tableName(schema.table)} does not fit the table of the other tenants: ${conflicts.join('; ')}.`, {
      kind: 'refused',
      table: schema.table,
      ...(remedy === undefined ? {} : { hint: remedy }),
    })
  }
  if (meanwhile === undefined) return changes
  throw new SyncError('SCHEMA_CHANGED', `The table of the other tenants has become another one while ${tableName(schema.table)} was read.`, {
    kind: 'transient',
    table: schema.table,
    hint: 'Run again: the next run plans with what is there then.',
  })
}
