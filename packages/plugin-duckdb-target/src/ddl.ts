import { type SchemaChange, storedColumns, type TableRef, type TableSchema } from '@dbsync/core/plugin'
import {
  columnNote,
  DELETED,
  OCCURRENCE,
  ROW_HASH,
  SYNC_MODE,
  SYNC_TIMESTAMP,
  TENANT,
  tableNameFor,
  tableNote,
  type WarehouseColumn,
  warehouseColumn,
  warehouseColumns,
  warehouseNative,
} from '@dbsync/warehouse'
import { DUCKDB, plainLiteral, quoteName } from './dialect.ts'
import { attachStatement, CATALOG } from './file.ts'

export const tableAt = ({ name }: TableRef): string => `${CATALOG}.main.${quoteName(tableNameFor(name))}`

/** The statements of one change. The file is never removed, and neither is a table or a column: other tenants are in it. */
export function renderChange(change: SchemaChange, path: string): readonly string[] {
  switch (change.type) {
    case 'create-database':
      return [attachStatement(path)]
    case 'create-table':
      return createTable(change.schema)
    case 'add-column': {
      const column = storedColumns(change.wanted).find(({ name }) => name === change.column)
      if (column === undefined) throw new Error(`no column ${change.column}`)
      const added = warehouseColumn(DUCKDB, change.wanted, column)
      return [
        `ALTER TABLE ${tableAt(change.table)} ADD COLUMN IF NOT EXISTS ${quoteName(added.name)} ${added.typeName}`,
        commentOn(change.wanted, change.table, added),
      ]
    }
    case 'alter-table':
      return change.parts.flatMap(({ clauses }) => clauses.map((clause) => `ALTER TABLE ${tableAt(change.table)} ${clause}`))
    case 'drop-table':
      return [`DELETE FROM ${tableAt(change.table)} WHERE ${TENANT} = ${DUCKDB.quoteText(change.table.database)}`]
    case 'set-counter':
      return []
  }
}

/** Without a primary key: its index would be held in memory as a whole, and a column under one cannot be widened. */
function createTable(schema: TableSchema): readonly string[] {
  const columns = warehouseColumns(DUCKDB, schema)
  const lines = [
    `${TENANT} VARCHAR NOT NULL`,
    ...columns.map(({ name, typeName }) => `${quoteName(name)} ${typeName}`),
    `${SYNC_TIMESTAMP} TIMESTAMPTZ NOT NULL`,
    `${SYNC_MODE} VARCHAR NOT NULL`,
    ...(schema.key.length === 0 ? [`${ROW_HASH} VARCHAR`, `${OCCURRENCE} BIGINT`] : []),
    `${DELETED} BOOLEAN`,
  ]
  const table = tableAt(schema.table)
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (\n${lines.map((line) => `  ${line}`).join(',\n')})`,
    ...columns.map((column) => commentOn(schema, schema.table, column)),
    // Last: a table with this comment is a whole one.
    `COMMENT ON TABLE ${table} IS ${plainLiteral(tableNote(schema))}`,
  ]
}

function commentOn(schema: TableSchema, table: TableRef, { column, name }: WarehouseColumn): string {
  const origin = warehouseNative(DUCKDB, schema)?.origins.find(([of]) => of === column.name)?.[1]
  return `COMMENT ON COLUMN ${tableAt(table)}.${quoteName(name)} IS ${plainLiteral(columnNote(column, origin))}`
}
