import { type Column, type JsonValue, storedColumns, type TableSchema } from '@dbsync/core/plugin'
import type { Dialect } from './dialect.ts'
import { columnName } from './names.ts'
import { type TypeOverrides, typeOf } from './overrides.ts'
import type { EncodedColumn } from './row-encoder.ts'
import { becomesNull, type WarehouseType } from './types.ts'

/** What a schema of a warehouse holds in `native`: the source's own types, for descriptions. `foreign`: dbsync did not make the table. */
export type WarehouseNative = { readonly warehouse: string; readonly origins: readonly (readonly [name: string, native: string])[]; readonly foreign?: true }

/** A column of a table of the warehouse, with its type as it is written there. */
export type WarehouseColumn = EncodedColumn & { readonly typeName: string }

export function warehouseNative({ warehouse }: Dialect, { native }: TableSchema): WarehouseNative | undefined {
  const isOurs = typeof native === 'object' && native !== null && 'warehouse' in native && native['warehouse'] === warehouse
  return isOurs ? (native as WarehouseNative & JsonValue) : undefined
}

/** The column as it reads back from there: under its own name, with its name and type in the warehouse as `native`. */
export function fitColumn(dialect: Dialect, column: Column, schema: TableSchema, overrides: TypeOverrides): Column {
  const { name, type, nullable } = column
  const kept = typeOf(dialect, column, schema.table, overrides)
  const text = type.kind === 'text' || type.kind === 'enum' || type.kind === 'set'
  return {
    name,
    type,
    nullable,
    native: `${columnName(name)} ${dialect.typeName(column, kept)}`,
    portable: portability(dialect, column, kept),
    ...(text ? { charset: 'utf8mb4' } : {}),
  }
}

/** Whether digests can look at the column's values, only at whether there is one, or, where that too is lost of some, not at all. */
export const portability = (dialect: Dialect, column: Column, type: WarehouseType | undefined): 'value' | 'presence' | 'nothing' => {
  if (type === dialect.exactType(column) || type === 'STRING') return 'value'
  return type !== undefined && becomesNull(column, type) ? 'nothing' : 'presence'
}

/** The columns of a schema of the warehouse as they are written. */
export const warehouseColumns = (dialect: Dialect, schema: TableSchema): readonly WarehouseColumn[] =>
  storedColumns(schema).map((column) => warehouseColumn(dialect, schema, column))

export function warehouseColumn(dialect: Dialect, { key }: Pick<TableSchema, 'key'>, column: Column): WarehouseColumn {
  const [name, typeName = ''] = (column.native ?? '').split(' ')
  const type = dialect.typeNamed(typeName)
  if (name === undefined || type === undefined) throw new Error(`column ${column.name} is not of this target: ${column.native}`)
  return { column, name, type, typeName, inKey: key.includes(column.name) }
}

/** The key's columns in key order. */
export const keyOf = (dialect: Dialect, schema: TableSchema): readonly WarehouseColumn[] =>
  schema.key.map((name) => {
    const column = schema.columns.find((candidate) => candidate.name === name)
    if (column === undefined) throw new Error(`no column ${name}`)
    return warehouseColumn(dialect, schema, column)
  })
