import { storedColumns, type TableRef, type TableSchema } from '@dbsync/core/plugin'
import { fitColumn, portability, type WarehouseNative, warehouseColumns, warehouseNative } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { type TypeOverrides, typeOf } from './overrides.ts'
import { isWhollyUnicode, narrowing } from './types.ts'

/** The table as it reads back from the warehouse. `as.database` is the tenant. What the source computes is not copied. */
export function fitTable(dialect: Dialect, schema: TableSchema, as: TableRef, overrides: TypeOverrides): TableSchema {
  if (warehouseNative(dialect, schema) !== undefined) return { ...schema, table: as }
  const columns = storedColumns(schema)
  const native: WarehouseNative = { warehouse: dialect.warehouse, origins: columns.map(({ name, native: origin, type }) => [name, origin ?? type.kind]) }
  return {
    table: as,
    columns: columns.map((column) => fitColumn(dialect, column, schema, overrides)),
    key: schema.key,
    uniqueKeys: [],
    foreignKeys: [],
    referencedBy: [],
    triggers: [],
    transactional: true,
    native,
  }
}

/** The source is asked for UTF-8, and for digests that the warehouse computes too; of what it keeps in another form only whether it is there. */
export const askTable = (dialect: Dialect, schema: TableSchema, overrides: TypeOverrides): TableSchema => ({
  ...schema,
  columns: schema.columns.map((column) => {
    if (column.generated !== undefined) return column
    return { ...column, portable: portability(dialect, column, typeOf(dialect, column, schema.table, overrides)) }
  }),
})

/** What is lost between the source's table and its copy, one sentence each. */
export function narrowings(dialect: Dialect, schema: TableSchema, overrides: TypeOverrides): readonly string[] {
  const computed = schema.columns.filter(({ generated }) => generated !== undefined).map(({ name }) => name)
  const fitted = warehouseColumns(dialect, fitTable(dialect, schema, schema.table, overrides))
  const foreign = storedColumns(schema).filter(({ charset }) => charset !== undefined && !isWhollyUnicode(charset))
  const lost = Map.groupBy(
    fitted.flatMap(({ column, type }) => {
      const what = narrowing(column, type)
      return what === undefined ? [] : [{ name: column.name, what }]
    }),
    ({ what }) => what,
  )
  const all = [
    ...[...lost].map(([what, columns]) => `${what} (${columns.map((column) => column.name).join(', ')})`),
    ...[...Map.groupBy(foreign, ({ charset }) => charset)].map(
      ([charset, columns]) => `what ${charset} has and Unicode has not becomes "?" (${columns.map(({ name }) => name).join(', ')})`,
    ),
    ...(computed.length === 0 ? [] : [`what the source computes is not copied (${computed.join(', ')})`]),
  ]
  return all.length === 0 ? [] : [`narrower there: ${all.join('; ')}`]
}
