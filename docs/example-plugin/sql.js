/** Statements say `db` for the file of a database, and `temp` for what only their own connection has. */
export const attach = (file) => `ATTACH ${text(file)} AS db`

const text = (value) => `'${value.replaceAll("'", "''")}'`
export const quote = (name) => `"${name.replaceAll('"', '""')}"`
export const list = (names, table) => names.map((name) => (table === undefined ? quote(name) : `${table}.${quote(name)}`)).join(', ')
export const namesOf = ({ columns }) => columns.map(({ name }) => name)
export const tableOf = ({ table }) => `db.${quote(table.name)}`

/** How dbsync describes each table of the file. No table of MySQL has this name: it ends with a space. */
export const MEMORY = 'dbsync tables '
const memory = `db.${quote(MEMORY)}`
const createMemory = `CREATE TABLE IF NOT EXISTS ${memory} (name TEXT PRIMARY KEY, schema TEXT NOT NULL) STRICT`
const remember = (schema) => `INSERT INTO ${memory} VALUES (${text(schema.table.name)}, ${text(JSON.stringify(schema))})`
/** Without tables that somebody has dropped by hand. */
export const recall = `SELECT name, schema FROM ${memory} JOIN db.sqlite_schema USING (name)`

/** What holds every value exactly. All other types are kept as their canonical text: decimals, dates, times, JSON. */
const TYPES = { bool: 'INTEGER', int: 'INTEGER', float: 'REAL', bytes: 'BLOB', bits: 'BLOB', geometry: 'BLOB' }
/** SQLite's integers end before 2^63. ANY keeps greater ones as text, which it sorts behind all numbers. */
const typeOf = ({ type }) => (type.kind === 'int' && type.bits === 64 && type.unsigned ? 'ANY' : (TYPES[type.kind] ?? 'TEXT'))

export function toSqlite(value) {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'bigint' && value >= 2n ** 63n ? String(value) : value
}

export function fromSqlite({ type }, value) {
  if (value === null) return null
  if (type.kind === 'bool') return value === 1n
  if (type.kind === 'int') return type.bits === 64 ? BigInt(value) : Number(value)
  return value
}

/** STRICT refuses what has another type, rather than converting it. NOT NULL is left to the source: a column could not be added later. */
export function createTable(table, { columns, key }) {
  const lines = columns.map((column) => `${quote(column.name)} ${typeOf(column)}`)
  if (key.length > 0) lines.push(`PRIMARY KEY (${list(key)})`)
  return `CREATE TABLE ${table} (${lines.join(', ')}) STRICT`
}

export function changeStatements(change) {
  const { type, table, schema, column, wanted } = change
  switch (type) {
    case 'create-database':
      // Readers do not wait for writers then.
      return ['PRAGMA db.journal_mode = WAL', createMemory]
    case 'create-table':
      return ['BEGIN', createTable(tableOf(schema), schema), createMemory, remember(schema), 'COMMIT']
    case 'add-column': {
      const added = wanted.columns.find(({ name }) => name === column)
      const schemaNow = `json_insert(schema, '$.columns[#]', json(${text(JSON.stringify(added))}))`
      const update = `UPDATE ${memory} SET schema = ${schemaNow} WHERE name = ${text(table.name)}`
      return ['BEGIN', `ALTER TABLE ${tableOf(change)} ADD COLUMN ${quote(column)} ${typeOf(added)}`, update, 'COMMIT']
    }
    case 'drop-table':
      return ['BEGIN', `DROP TABLE IF EXISTS ${tableOf(change)}`, `DELETE FROM ${memory} WHERE name = ${text(table.name)}`, 'COMMIT']
    default:
      throw new Error(`${type} comes only where a target has the members that lead to it`)
  }
}

/** What makes the rows of `temp.upserts` and `temp.deletes` visible: deletes first, then upserts. */
export function commitStatements({ disposition, schema, existing }) {
  const [table, names, key] = [tableOf(schema), namesOf(schema), list(schema.key)]
  const insert = `INSERT INTO ${table} (${list(names)}) SELECT ${list(names)} FROM temp.upserts`
  if (disposition === 'replace') return existing ? [`DELETE FROM ${table}`, insert] : [createTable(table, schema), createMemory, remember(schema), insert]
  if (schema.key.length === 0) return [insert]
  const set = names.map((name) => `${quote(name)} = excluded.${quote(name)}`).join(', ')
  const differs = `(${list(names, quote(schema.table.name))}) IS NOT (${list(names, 'excluded')})`
  return [
    `DELETE FROM ${table} WHERE (${key}) IN (SELECT * FROM temp.deletes) AND (${key}) NOT IN (SELECT ${key} FROM temp.upserts)`,
    `${insert} WHERE true ON CONFLICT (${key}) DO UPDATE SET ${set} WHERE ${differs}`,
  ]
}
