import { type ExamineRequest, type Finding, type TableRef, tableName } from '@dbsync/core/plugin'
import { type MysqlConnection, mysqlNative, parseCreateTable, parseKey, quoteId, quoteTable, serverErrno } from '@dbsync/mysql'
import { shortened } from './shortened.ts'

type Tables = ExamineRequest['tables']

/** Reading all of a smaller table costs nothing worth an index. */
const LARGE_ROWS = 10_000
/** For all tables together. */
const LONGEST_MS = 30_000

/** Large tables of which every run by time has to read all rows. */
export function indexFindings(tables: Tables): readonly Finding[] {
  const id = 'timestamp-index'
  const large = tables.filter(({ schema }) => (schema.estimate?.rows ?? 0) >= LARGE_ROWS)
  const found = large.flatMap(({ schema, timed }): readonly Finding[] => {
    const native = mysqlNative(schema)
    if (native === undefined) return []
    const { keys } = parseCreateTable(native.create)
    const first = keys
      .filter(({ kind }) => kind === 'primary' || kind === 'unique' || kind === 'index')
      .map(({ definition }) => parseKey(definition))
      .flatMap(({ ignored, parts }) => (ignored ? [] : (parts[0]?.column ?? [])))
    const rows = Math.round(schema.estimate?.rows ?? 0).toLocaleString('en-US')
    return timed
      .filter((column) => !first.some((name) => name.toLowerCase() === column.toLowerCase()))
      .map((column) => ({
        level: 'warning',
        id,
        message: `${tableName(schema.table)}: no index begins with ${column}, so that a run by time reads all of about ${rows} rows.`,
        fix: { by: 'sql', statements: [createIndex(schema.table, column, new Set(keys.map(({ name }) => name.toLowerCase())))] },
      }))
  })
  const none = { level: 'ok', id, message: 'No table of 10,000 rows or more is read as a whole for want of an index on its timestamp.' } as const
  return found.length === 0 ? [none] : shortened(found)
}

function createIndex(table: TableRef, column: string, taken: ReadonlySet<string>): string {
  const wanted = [...`dbsync_${column}`].slice(0, 60).join('')
  let name = wanted
  for (let i = 2; taken.has(name.toLowerCase()); i++) name = `${wanted}_${i}`
  return `CREATE INDEX ${quoteId(name)} ON ${quoteTable(table)} (${quoteId(column)});`
}

/** Rows whose timestamp is NULL are read again in every run. Where nobody can tell within two seconds, nothing is said. */
export async function nullFindings(connection: MysqlConnection, tables: Tables, signal: AbortSignal): Promise<readonly Finding[]> {
  const id = 'timestamp-null'
  const found: Finding[] = []
  const until = Date.now() + LONGEST_MS
  for (const { schema, timed } of tables) {
    if (Date.now() > until)
      return [...shortened(found), { level: 'unchecked', id, message: 'Not every timestamp was looked at for NULL: it takes too long here.' }]
    const nullable = schema.columns.filter((column) => timed.includes(column.name) && column.nullable)
    for (const { name } of nullable) {
      if (!(await hasNull(connection, schema.table, name, signal))) continue
      const [table, column] = [quoteTable(schema.table), quoteId(name)]
      found.push({
        level: 'warning',
        id,
        message: `${tableName(schema.table)}: rows whose ${name} is NULL are read again in every run.`,
        fix: { by: 'sql', statements: [`UPDATE ${table} SET ${column} = CURRENT_TIMESTAMP WHERE ${column} IS NULL;`] },
      })
    }
  }
  return found.length === 0 ? [{ level: 'ok', id, message: 'No timestamp by which changes are found is NULL.' }] : shortened(found)
}

/** ER_STATEMENT_TIMEOUT and ER_QUERY_TIMEOUT: the answer takes too long. */
const TIMEOUTS = new Set([1969, 3024])

async function hasNull(connection: MysqlConnection, table: TableRef, column: string, signal: AbortSignal): Promise<boolean> {
  const mariadb = connection.server.flavour === 'mariadb'
  const [before, hint] = mariadb ? ['SET STATEMENT max_statement_time = 2 FOR ', ''] : ['', '/*+ MAX_EXECUTION_TIME(2000) */ ']
  try {
    const sql = `${before}SELECT ${hint}1 FROM ${quoteTable(table)} WHERE ${quoteId(column)} IS NULL LIMIT 1`
    return (await connection.query(sql, signal)).length > 0
  } catch (error) {
    if (connection.alive && TIMEOUTS.has(serverErrno(error) ?? 0)) return false
    throw error
  }
}
