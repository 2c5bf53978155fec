import type { TableSchema } from '@dbsync/core/plugin'
import { describedTable, type FoundColumn, type Queries, tableNameFor } from '@dbsync/warehouse'
import { DUCKDB, quoteText } from './dialect.ts'
import { CATALOG } from './file.ts'

const TYPES = new Map([['TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ']])

const IN_FILE = `database_name = '${CATALOG}' AND schema_name = 'main'`

/** The tables of the file as those of one tenant: all of them, or those that these tables of the source become. */
export async function describeTables(
  queries: Queries,
  tenant: string,
  names: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<readonly TableSchema[]> {
  // DuckDB does not tell names apart by the case of their letters.
  const asked = names === undefined ? undefined : new Map(names.map((name) => [tableNameFor(name).toLowerCase(), name]))
  if (asked?.size === 0) return []
  const list = asked === undefined ? '' : ` AND lower(table_name) IN (${[...asked.keys()].map(quoteText).join(', ')})`
  const tables = await queries.rows('describing its tables', `SELECT table_name, comment FROM duckdb_tables() WHERE ${IN_FILE}${list} ORDER BY 1`, signal)
  const columns = await queries.rows(
    'describing its tables',
    `SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE ${IN_FILE} AND NOT internal${list} ORDER BY table_name, column_index`,
    signal,
  )
  const byTable = Map.groupBy(columns, ([table]) => table)
  return tables.map(([name, description]) => {
    const found = (byTable.get(name ?? '') ?? []).map(
      ([, column, type, note]): FoundColumn => ({ name: column ?? '', type: TYPES.get(type ?? '') ?? type ?? '', description: note }),
    )
    const schema = describedTable(DUCKDB, { name: name ?? '', description, columns: found }, tenant)
    const wanted = asked?.get((name ?? '').toLowerCase())
    return wanted === undefined || wanted === schema.table.name ? schema : another(schema, wanted)
  })
}

/** The place of `orders` is taken by the table `Orders`: nothing of this one may go into it. */
const another = (schema: TableSchema, name: string): TableSchema => ({
  ...schema,
  table: { ...schema.table, name },
  columns: [],
  key: [],
  native: { warehouse: DUCKDB.warehouse, origins: [], foreign: true },
})
