import type { AlterPart, SchemaChange, SchemaDiff, TableSchema } from '@dbsync/core/plugin'
import { tableNameFor, type WarehouseType } from '@dbsync/warehouse'
import { bigqueryNative } from './columns.ts'
import { quoteName } from './sql.ts'

/** What a type can be widened to in place, with every value kept. */
const WIDER: Readonly<Partial<Record<string, readonly WarehouseType[]>>> = { INT64: ['NUMERIC', 'BIGNUMERIC'], NUMERIC: ['BIGNUMERIC'] }

/**
 * What the shared table needs to hold this tenant's rows too. It is the union of all tenants' tables: columns are added and widened, none goes away, and
 * one that is wider already is right as it is.
 */
export function diffTenant(actual: TableSchema, wanted: TableSchema): SchemaDiff {
  if (bigqueryNative(actual)?.foreign) {
    const conflict = `the dataset has a table ${tableNameFor(wanted.table.name)} that dbsync did not make`
    return { changes: [], kept: [], conflicts: [conflict] }
  }
  const there = new Map(actual.columns.map((column) => [nameOf(column.native), column]))
  const changes: SchemaChange[] = []
  const parts: AlterPart[] = []
  const conflicts: string[] = []
  for (const column of wanted.columns) {
    const found = there.get(nameOf(column.native))
    if (found === undefined) {
      changes.push({ type: 'add-column', table: wanted.table, column: column.name, wanted })
      continue
    }
    const [from, to] = [typeIn(found.native), typeIn(column.native)]
    if (from === to || WIDER[to]?.includes(from as WarehouseType)) continue
    if (!WIDER[from]?.includes(to as WarehouseType)) {
      conflicts.push(`column ${column.name} would be ${to} and is ${from} there, for other tenants or from before`)
      continue
    }
    const name = (column.native ?? '').split(' ')[0] ?? ''
    parts.push({ kind: 'column', action: 'change', name: column.name, from, to, clauses: [`ALTER COLUMN ${quoteName(name)} SET DATA TYPE ${to}`] })
  }
  if (actual.key.join('\n').toLowerCase() !== wanted.key.join('\n').toLowerCase()) {
    conflicts.push(
      `the key is (${wanted.key.join(', ') || 'none'}) at the source and (${actual.key.join(', ') || 'none'}) there, for other tenants or from before`,
    )
  }
  if (parts.length > 0) changes.push({ type: 'alter-table', table: wanted.table, parts })
  return { changes, kept: [], conflicts }
}

const nameOf = (native: string | undefined): string => (native ?? '').split(' ')[0]?.toLowerCase() ?? ''
const typeIn = (native: string | undefined): string => (native ?? '').split(' ')[1] ?? ''
