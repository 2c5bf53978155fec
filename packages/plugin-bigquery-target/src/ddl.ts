import { type SchemaChange, storedColumns, type TableRef, type TableSchema } from '@dbsync/core/plugin'
import {
  columnNote,
  DELETED,
  type EncodedColumn,
  keyOf,
  OCCURRENCE,
  ROW_HASH,
  SYNC_MODE,
  SYNC_TIMESTAMP,
  TENANT,
  tableNameFor,
  tableNote,
  type WarehouseType,
  warehouseColumn,
  warehouseColumns,
  warehouseNative,
} from '@dbsync/warehouse'
import { BIGQUERY } from './dialect.ts'
import { quoteName, quoteOption, quoteText } from './sql.ts'

/** Where everything is. */
export type Place = { readonly project: string; readonly dataset: string; readonly location?: string | undefined }

export const tableAt = ({ project, dataset }: Place, { name }: TableRef): string => quoteName(project, dataset, tableNameFor(name))

/** A table may be clustered by columns of these. */
const CLUSTERABLE: readonly WarehouseType[] = ['BIGNUMERIC', 'BOOL', 'DATE', 'DATETIME', 'INT64', 'NUMERIC', 'STRING', 'TIMESTAMP']
const LONGEST_KEY = 16

/** The statements of one change. The dataset is never dropped, and neither is a table or a column: other tenants are in it. */
export function renderChange(change: SchemaChange, place: Place): readonly string[] {
  switch (change.type) {
    case 'create-database':
      return [
        `CREATE SCHEMA IF NOT EXISTS ${quoteName(place.project, place.dataset)}${place.location === undefined ? '' : ` OPTIONS(location=${quoteOption(place.location)})`}`,
      ]
    case 'create-table':
      return [createTable(change.schema, place)]
    case 'add-column': {
      const column = storedColumns(change.wanted).find(({ name }) => name === change.column)
      if (column === undefined) throw new Error(`no column ${change.column}`)
      const table = tableAt(place, change.table)
      const encoded = warehouseColumn(BIGQUERY, change.wanted, column)
      const name = quoteName(encoded.name)
      return [
        `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${name} ${encoded.type}`,
        `ALTER TABLE ${table} ALTER COLUMN ${name} SET OPTIONS(description=${descriptionOf(change.wanted, encoded)})`,
      ]
    }
    case 'alter-table':
      return change.parts.flatMap(({ clauses }) => clauses.map((clause) => `ALTER TABLE ${tableAt(place, change.table)} ${clause}`))
    case 'drop-table':
      return [`DELETE FROM ${tableAt(place, change.table)} WHERE ${TENANT} = ${quoteText(change.table.database)}`]
    case 'set-counter':
      return []
  }
}

function createTable(schema: TableSchema, place: Place): string {
  const key = keyOf(BIGQUERY, schema)
  const counted = key.length === 0 ? [`${ROW_HASH} STRING`, `${OCCURRENCE} INT64`] : []
  const lines = [
    `${TENANT} STRING NOT NULL`,
    ...warehouseColumns(BIGQUERY, schema).map((column) => definition(schema, column)),
    `${SYNC_TIMESTAMP} TIMESTAMP NOT NULL`,
    `${SYNC_MODE} STRING NOT NULL`,
    ...counted,
    `${DELETED} BOOL`,
    // Never the source's key alone: BigQuery believes the constraint, and answers wrongly where two tenants have the same key.
    ...(key.length > 0 && key.length < LONGEST_KEY ? [`PRIMARY KEY (${[TENANT, ...key.map(({ name }) => quoteName(name))].join(', ')}) NOT ENFORCED`] : []),
  ]
  return [
    `CREATE TABLE IF NOT EXISTS ${tableAt(place, schema.table)} (`,
    `${lines.map((line) => `  ${line}`).join(',\n')})`,
    `PARTITION BY DATE(${SYNC_TIMESTAMP})`,
    `CLUSTER BY ${clustering(key).join(', ')}`,
    `OPTIONS(description=${quoteOption(tableNote(schema))}, labels=[('managed_by', 'dbsync')])`,
  ].join('\n')
}

function clustering(key: readonly EncodedColumn[]): readonly string[] {
  const columns = key.filter(({ type }) => CLUSTERABLE.includes(type)).slice(0, 3)
  return [TENANT, ...(key.length === 0 ? [ROW_HASH] : columns.map(({ name }) => quoteName(name)))]
}

/** Never NOT NULL: a zero date is NULL here, and so is a column that another tenant does not have. */
const definition = (schema: TableSchema, encoded: EncodedColumn): string =>
  `${quoteName(encoded.name)} ${encoded.type} OPTIONS(description=${descriptionOf(schema, encoded)})`

function descriptionOf(schema: TableSchema, { column }: EncodedColumn): string {
  const origin = warehouseNative(BIGQUERY, schema)?.origins.find(([of]) => of === column.name)?.[1]
  return quoteOption(columnNote(column, origin))
}
