import { storedColumns, type TableRef, type TableSchema } from '@dbsync/core/plugin'
import { narrowing, type TypeOverrides, typeOf } from '@dbsync/warehouse'
import { type BigqueryNative, bigqueryNative, encodedColumns, fitColumn, portability } from './columns.ts'

/** The table as it reads back from here. `as.database` is the tenant. What the source computes is not copied. */
export function fitTable(schema: TableSchema, as: TableRef, overrides: TypeOverrides): TableSchema {
  if (bigqueryNative(schema) !== undefined) return { ...schema, table: as }
  const columns = storedColumns(schema)
  const native: BigqueryNative = { warehouse: 'bigquery', origins: columns.map(({ name, native: origin, type }) => [name, origin ?? type.kind]) }
  return {
    table: as,
    columns: columns.map((column) => fitColumn(column, schema, overrides)),
    key: schema.key,
    uniqueKeys: [],
    foreignKeys: [],
    referencedBy: [],
    triggers: [],
    transactional: true,
    native,
  }
}

/** The source is asked for UTF-8, and for digests that BigQuery computes too; of what it keeps in another form only whether it is there. */
export const askTable = (schema: TableSchema, overrides: TypeOverrides): TableSchema => ({
  ...schema,
  columns: schema.columns.map((column) => {
    if (column.generated !== undefined) return column
    return { ...column, portable: portability(column, typeOf(column, schema.table, overrides)) }
  }),
})

/** What is lost between the source's table and its copy, one sentence each. */
export function narrowings(schema: TableSchema, overrides: TypeOverrides): readonly string[] {
  const computed = schema.columns.filter(({ generated }) => generated !== undefined).map(({ name }) => name)
  const fitted = encodedColumns(fitTable(schema, schema.table, overrides))
  const lost = Map.groupBy(
    fitted.flatMap(({ column, type }) => {
      const what = narrowing(column, type)
      return what === undefined ? [] : [{ name: column.name, what }]
    }),
    ({ what }) => what,
  )
  const all = [
    ...[...lost].map(([what, columns]) => `${what} (${columns.map((column) => column.name).join(', ')})`),
    ...(computed.length === 0 ? [] : [`what the source computes is not copied (${computed.join(', ')})`]),
  ]
  return all.length === 0 ? [] : [`narrower there: ${all.join('; ')}`]
}
