import { type Column, type ForeignKey, SyncError, type TableRef, type TableSchema, tableName, type UniqueKey, type Unreadable } from '@dbsync/core/plugin'
import { parseColumn } from './column-definition.ts'
import { describeColumn } from './columns.ts'
import type { MysqlConnection } from './connection.ts'
import { type CreateTableParts, parseCreateTable, parseForeignKey } from './create-table.ts'
import { mysqlError, serverErrno } from './errors.ts'
import { quoteTable, quoteText } from './identifiers.ts'
import { sameName } from './objects.ts'
import { knowsQuickHash, QUICK } from './quick-hash.ts'

type Row = readonly (string | null)[]

/** What `TableSchema.native` holds for this engine. */
export type MysqlNative = {
  readonly flavour: 'mariadb' | 'mysql'
  readonly create: string
  /** The flavour that the definition was translated from. */
  readonly origin?: 'mariadb' | 'mysql'
  /** A row hash that the server knows beside the common one. */
  readonly rowHash?: string
  /** When the table was last altered, in whole seconds (UTC). */
  readonly altered?: string
}

/** The engine's own definition of a schema that came from a MySQL or MariaDB server; `undefined` for any other. */
export function mysqlNative(schema: TableSchema): MysqlNative | undefined {
  const native = schema.native
  if (typeof native !== 'object' || native === null || !('create' in native) || !('flavour' in native)) return undefined
  const { create, flavour } = native
  if (typeof create !== 'string' || !isFlavour(flavour)) return undefined
  return {
    create,
    flavour,
    ...('origin' in native && isFlavour(native.origin) ? { origin: native.origin } : {}),
    ...('rowHash' in native && typeof native.rowHash === 'string' ? { rowHash: native.rowHash } : {}),
    ...('altered' in native && typeof native.altered === 'string' ? { altered: native.altered } : {}),
  }
}

const isFlavour = (value: unknown): value is MysqlNative['flavour'] => value === 'mariadb' || value === 'mysql'

/**
 * The base tables of a database, all or those named; views and sequences are no tables. A table that cannot be seen is not in the answer;
 * one of which only some columns may be read is left to `unreadable`, or throws `MYSQL_PRIVILEGE`: a copy of it would silently lack the others.
 */
export async function describeTables(
  connection: MysqlConnection,
  database: string,
  names?: readonly string[],
  unreadable?: Unreadable,
): Promise<TableSchema[]> {
  if (names?.length === 0) return []
  const facts = await readFacts(connection, database, names)
  const wanted = names === undefined ? undefined : new Set(names)
  const schemas: TableSchema[] = []
  for (const row of facts.tables) {
    const name = row[1] ?? ''
    if (wanted !== undefined && !wanted.has(name) && ![...wanted].some((other) => sameName(connection, other, name))) continue
    const table = { database, name }
    try {
      const schema = await describeSettled(connection, table, row, facts)
      if (schema !== undefined) schemas.push(schema)
    } catch (error) {
      if (unreadable === undefined || !SyncError.is(error) || error.kind !== 'privilege') throw error
      unreadable(table, error)
    }
  }
  return schemas
}

/** So often is a table asked for again that is altered while it is described. */
const TRIES = 5

/** Somebody who alters one table must not keep all others from being described: it alone is looked at again. `undefined`: it has gone. */
async function describeSettled(connection: MysqlConnection, table: TableRef, row: Row, facts: Facts, tries = TRIES): Promise<TableSchema | undefined> {
  const create = await showCreate(connection, table)
  if (create === undefined) return undefined
  try {
    return describeTable(connection, table, row, create, facts)
  } catch (error) {
    if (tries === 1 || !SyncError.is(error) || error.code !== 'MYSQL_TABLE_CHANGED') throw error
    const again = await readFacts(connection, table.database, [table.name])
    const found = again.tables.find((other) => other[1] === table.name)
    return found === undefined ? undefined : describeSettled(connection, table, found, again, tries - 1)
  }
}

/** The text of SHOW CREATE TABLE; `undefined` where the table has gone. */
export async function showCreate(connection: MysqlConnection, table: TableRef): Promise<string | undefined> {
  try {
    const [row] = await connection.query(`SHOW CREATE TABLE ${quoteTable(table)}`)
    return row?.[1] ?? undefined
  } catch (error) {
    if (serverErrno(error) === 1146) return undefined
    throw mysqlError(error, { doing: 'reading the definition of', table, label: connection.server.label, user: connection.user })
  }
}

/** When a table was last altered, as `MysqlNative.altered`; `undefined` where it has gone. */
export async function lastAltered(connection: MysqlConnection, { database, name }: TableRef): Promise<string | undefined> {
  const named = `TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(name)}`
  const rows = await connection.query(`SELECT TABLE_SCHEMA, TABLE_NAME, CREATE_TIME FROM information_schema.TABLES WHERE ${named}`)
  const is = (found: string | null | undefined, wanted: string) => sameName(connection, found ?? '', wanted)
  return rows.find(([schema, table]) => is(schema, database) && is(table, name))?.[2] ?? undefined
}

type Facts = {
  readonly tables: readonly Row[]
  readonly columns: ReadonlyMap<string, readonly Row[]>
  readonly indexes: ReadonlyMap<string, readonly Row[]>
  readonly references: ReadonlyMap<string, readonly Row[]>
  readonly triggers: ReadonlyMap<string, readonly Row[]>
  readonly transactional: ReadonlySet<string>
}

/** A fixed number of queries for the whole database. Each one starts with the database, which is compared again here, exactly. */
async function readFacts(connection: MysqlConnection, database: string, names: readonly string[] | undefined): Promise<Facts> {
  const named = (column: string) => (names === undefined || names.length > 100 ? '' : ` AND ${column} IN (${names.map(quoteText).join(', ')})`)
  const ask = async (select: string, from: string, schema: string, where: string): Promise<Row[]> => {
    const rows = await connection.query(`SELECT ${schema}, ${select} FROM information_schema.${from} WHERE ${schema} = ${quoteText(database)}${where}`)
    return rows.filter(([found]) => sameName(connection, found ?? '', database))
  }
  const columns =
    'TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME'
  const types = " AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
  const tables = await ask('TABLE_NAME, ENGINE, TABLE_ROWS, DATA_LENGTH, CREATE_TIME', 'TABLES', 'TABLE_SCHEMA', types + named('TABLE_NAME'))
  const unique = `${named('TABLE_NAME')} AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`
  const foreign = ' AND REFERENCED_TABLE_NAME IS NOT NULL'
  const engines = await connection.query("SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'")
  return {
    tables: tables.toSorted((a, b) => ((a[1] ?? '') < (b[1] ?? '') ? -1 : 1)),
    columns: byTable(await ask(columns, 'COLUMNS', 'TABLE_SCHEMA', `${named('TABLE_NAME')} ORDER BY TABLE_NAME, ORDINAL_POSITION`)),
    indexes: byTable(await ask('TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART, NULLABLE', 'STATISTICS', 'TABLE_SCHEMA', unique)),
    references: byTable(await ask('REFERENCED_TABLE_NAME, TABLE_NAME, REFERENCED_TABLE_SCHEMA', 'KEY_COLUMN_USAGE', 'TABLE_SCHEMA', foreign)),
    triggers: byTable(await ask('EVENT_OBJECT_TABLE, TRIGGER_NAME', 'TRIGGERS', 'EVENT_OBJECT_SCHEMA', named('EVENT_OBJECT_TABLE'))),
    transactional: new Set(engines.map(([engine]) => engine ?? '')),
  }
}

const byTable = (rows: readonly Row[]): Map<string, Row[]> => Map.groupBy(rows, (row) => row[1] ?? '')

function describeTable(connection: MysqlConnection, table: TableRef, row: Row, create: string, facts: Facts): TableSchema {
  const { flavour } = connection.server
  const parts = parseCreateTable(create)
  const columns = columnsOf(table, parts, facts, connection.server.label)
  const uniques = uniqueIndexes(facts.indexes.get(table.name) ?? [])
  const key = uniques.find((index) => identifies(index, columns))
  const [, , engine, rows, bytes, altered] = row
  return {
    table,
    columns,
    key: key?.columns ?? [],
    uniqueKeys: uniques.filter((index) => index !== key).map(({ name, columns }) => ({ name, columns })),
    foreignKeys: parts.constraints.filter((part) => part.kind === 'foreign').map((part) => foreignKey(table, part)),
    referencedBy: referencedBy(connection, table, facts.references.get(table.name) ?? []),
    triggers: (facts.triggers.get(table.name) ?? []).map((trigger) => trigger[2] ?? '').sort(),
    transactional: facts.transactional.has(engine ?? ''),
    ...(rows === null || rows === undefined ? {} : { estimate: { rows: Number(rows), bytes: Number(bytes ?? 0) } }),
    ...counterOf(parts),
    native: { flavour, create, ...(knowsQuickHash(connection.server) ? { rowHash: QUICK } : {}), ...(altered ? { altered } : {}) },
  }
}

function columnsOf(table: TableRef, parts: CreateTableParts, facts: Facts, label: string): Column[] {
  const rows = facts.columns.get(table.name) ?? []
  const texts = new Map(parts.columns.map((part) => [part.name, part.definition]))
  // Two questions, one answer: anything else means that the table was altered in between.
  if (rows.length !== texts.size || rows.some((row) => !texts.has(row[2] ?? ''))) {
    throw new SyncError('MYSQL_TABLE_CHANGED', `${label}: ${tableName(table)} was altered while its definition was read`, { kind: 'transient', table })
  }
  return rows.map((row) => describeColumn(row, texts.get(row[2] ?? '') ?? ''))
}

type UniqueIndex = UniqueKey & { readonly whole: boolean; readonly nullable: boolean }

/** The primary key first, then by number of columns and name: both ends must choose alike. */
/** A counter that never counted prints no number. */
function counterOf({ columns, autoIncrement }: CreateTableParts): Pick<TableSchema, 'counter'> {
  const column = columns.find(({ definition }) => parseColumn(definition).autoIncrement)
  return column === undefined ? {} : { counter: { column: column.name, next: autoIncrement ?? '1' } }
}

function uniqueIndexes(rows: readonly Row[]): UniqueIndex[] {
  const groups = [...Map.groupBy(rows, (row) => row[2] ?? '')]
  const indexes = groups.map(([name, parts]) => ({
    name,
    columns: parts.flatMap((part) => part[3] ?? []),
    // An index over an expression has no column name.
    whole: parts.every((part) => part[3] !== null && (part[4] === null || name === 'PRIMARY')),
    nullable: parts.some((part) => part[5] === 'YES'),
  }))
  const rank = (index: UniqueIndex) => (index.name === 'PRIMARY' ? 0 : index.columns.length)
  return indexes.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
}

/** A float is never found again by its text, and a computed column is not in the rows that we read. */
function identifies(index: UniqueIndex, columns: readonly Column[]): boolean {
  if (!index.whole || index.nullable) return false
  return index.columns.every((name) => {
    const column = columns.find((candidate) => candidate.name === name)
    return column !== undefined && column.type.kind !== 'float' && column.generated === undefined
  })
}

function foreignKey(table: TableRef, part: CreateTableParts['constraints'][number]): ForeignKey {
  const { columns, references, referencedColumns, onUpdate, onDelete } = parseForeignKey(part)
  return {
    name: part.name,
    columns,
    references: { database: references.database ?? table.database, name: references.name },
    referencedColumns,
    rewritesRows: /CASCADE|SET/.test(onUpdate) || /SET/.test(onDelete),
  }
}

function referencedBy(connection: MysqlConnection, table: TableRef, rows: readonly Row[]): TableRef[] {
  const names = rows.filter((row) => sameName(connection, row[3] ?? '', table.database)).map((row) => row[2] ?? '')
  return [...new Set(names)].sort().map((name) => ({ database: table.database, name }))
}
