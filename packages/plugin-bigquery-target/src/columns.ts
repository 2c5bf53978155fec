import { type Column, type JsonValue, storedColumns, type TableSchema } from '@dbsync/core/plugin'
import { columnName, type EncodedColumn, type TypeOverrides, typeOf, WAREHOUSE_TYPES, warehouseType } from '@dbsync/warehouse'

/** What a schema of this target holds in `native`: the source's own types, for descriptions. */
export type BigqueryNative = { readonly warehouse: 'bigquery'; readonly origins: readonly (readonly [name: string, native: string])[]; readonly foreign?: true }

export function bigqueryNative({ native }: TableSchema): BigqueryNative | undefined {
  const isOurs = typeof native === 'object' && native !== null && 'warehouse' in native && native['warehouse'] === 'bigquery'
  return isOurs ? (native as BigqueryNative & JsonValue) : undefined
}

/** The column as it reads back from here: under its own name, with its name and type in BigQuery as `native`. */
export function fitColumn(column: Column, schema: TableSchema, overrides: TypeOverrides): Column {
  const { name, type, nullable } = column
  const kept = typeOf(column, schema.table, overrides)
  const text = type.kind === 'text' || type.kind === 'enum' || type.kind === 'set'
  return {
    name,
    type,
    nullable,
    native: `${columnName(name)} ${kept}`,
    portable: portability(column, kept),
    ...(text ? { charset: 'utf8mb4' } : {}),
  }
}

/** Whether digests can look at the column's values, or only at whether there is one. */
export const portability = (column: Column, type: string): 'value' | 'presence' => (type === warehouseType(column) || type === 'STRING' ? 'value' : 'presence')

/** The columns of a schema of this target as they are written. */
export const encodedColumns = (schema: TableSchema): readonly EncodedColumn[] => storedColumns(schema).map((column) => encodedColumn(schema, column))

export function encodedColumn({ key }: Pick<TableSchema, 'key'>, column: Column): EncodedColumn {
  const [name, typeName] = (column.native ?? '').split(' ')
  const type = WAREHOUSE_TYPES.find((candidate) => candidate === typeName)
  if (name === undefined || type === undefined) throw new Error(`column ${column.name} is not of this target: ${column.native}`)
  return { column, name, type, inKey: key.includes(column.name) }
}

/** The key's columns in key order. */
export const keyOf = (schema: TableSchema): readonly EncodedColumn[] =>
  schema.key.map((name) => {
    const column = schema.columns.find((candidate) => candidate.name === name)
    if (column === undefined) throw new Error(`no column ${name}`)
    return encodedColumn(schema, column)
  })
