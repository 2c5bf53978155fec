import type { AlterPart, SchemaChange, SchemaDiff, TableSchema } from '@dbsync/core/plugin'
import { warehouseNative } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { tableNameFor } from './names.ts'
import { nameOf, type OnTypeConflict, placed, sameKey, shareTables, typeIn } from './shared.ts'

export type TenantOptions = {
  readonly onTypeConflict?: OnTypeConflict
  /** What the table becomes for all tenants of a run; left out: for this one alone. */
  readonly shared?: TableSchema | undefined
}

/**
 * What the shared table needs to hold this tenant's rows too. It is the union of all tenants' tables: columns are added and widened, none goes away, and
 * one that is wider already is right as it is.
 */
export function diffTenant(dialect: Dialect, actual: TableSchema, wanted: TableSchema, { onTypeConflict = 'fail', shared }: TenantOptions = {}): SchemaDiff {
  const sharing = { dialect, onTypeConflict }
  if (warehouseNative(dialect, actual)?.foreign) {
    const conflict = `the ${dialect.place} has a table ${tableNameFor(wanted.table.name)} that dbsync did not make`
    return { changes: [], kept: [], conflicts: [conflict], remedy: 'Rename that table, or exclude this one (exclude_tables).' }
  }
  const there = new Map(actual.columns.map((column) => [nameOf(column), column]))
  const union = new Map((shared ?? shareTables(dialect, actual, [wanted], onTypeConflict)).columns.map((column) => [nameOf(column), column]))
  const conflicts: string[] = []
  const advice: string[] = []
  const columns = wanted.columns.map((column) => {
    const place = placed(sharing, union, column, wanted.key.includes(column.name))
    const is = typeIn(union.get(nameOf(column)))
    const clash = `${typeIn(column)} and is ${is} there, for other tenants or from before`
    if (place === undefined) conflicts.push(`column ${column.name} would be ${clash}`)
    else if (place !== column) advice.push(`column ${column.name} is kept in ${place.native?.split(' ')[0]}: it is ${clash}`)
    return place ?? column
  })
  if (!sameKey(actual.key, wanted.key)) {
    conflicts.push(
      `the key is (${wanted.key.join(', ') || 'none'}) at the source and (${actual.key.join(', ') || 'none'}) there, for other tenants or from before`,
    )
  }
  const target: TableSchema = { ...wanted, columns: columns.map((column) => ({ ...column, native: union.get(nameOf(column))?.native ?? column.native ?? '' })) }
  const changes: SchemaChange[] = []
  const parts: AlterPart[] = []
  for (const column of conflicts.length > 0 ? [] : columns) {
    const found = there.get(nameOf(column))
    const [from, to] = [typeIn(found), typeIn(union.get(nameOf(column)))]
    if (found === undefined) changes.push({ type: 'add-column', table: wanted.table, column: column.name, wanted: target })
    else if (from !== undefined && to !== undefined && dialect.common(from, typeIn(column) ?? '') !== from) {
      const clauses = [`ALTER COLUMN ${dialect.quoteName(nameIn(found.native))} SET DATA TYPE ${to}`]
      parts.push({ kind: 'column', action: 'change', name: column.name, from, to, clauses })
    }
  }
  if (parts.length > 0) changes.push({ type: 'alter-table', table: wanted.table, parts })
  return {
    changes,
    kept: [],
    conflicts,
    ...(conflicts.length > 0 ? { remedy: REMEDY } : {}),
    ...(advice.length > 0 ? { advice, meanwhile: { ...wanted, columns } } : {}),
  }
}

const nameIn = (native: string | undefined): string => (native ?? '').split(' ')[0] ?? ''

const REMEDY =
  'Make the definitions of the tenants equal; or set type_overrides for the column; or "on_type_conflict": "new-column", which keeps a column of another type beside that of the others; or give this tenant a target of its own.'
