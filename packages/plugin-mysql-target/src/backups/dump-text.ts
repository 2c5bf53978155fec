import { type BackupTable, FINGERPRINT_COLUMNS, SyncError, storedColumns, type TableRef, type TableSchema, tableName } from '@dbsync/core/plugin'
import { describeTables, type MysqlConnection, otherObjects, parseCreateTable, quoteId, quoteTable, quoteText, rowHash, showCreate } from '@dbsync/mysql'
import { nativeTable } from '../definition.ts'
import { DumpReader } from './dump-statement.ts'
import { HashSum } from './hash-sum.ts'
import { dumpList, InsertLiterals } from './insert-literals.ts'
import { END_MARKER } from './inspect.ts'
import { NotUnderstood } from './scanner.ts'
import { StatementSplitter } from './splitter.ts'
import { triggerParts } from './trigger-text.ts'

const LIMITS = { batchRows: 5000, batchBytes: 1 << 20, transient: true } as const

/** As a dump of the server's own: what the tables held goes in again, an ENUM's invalid value and a date of no calendar too. */
const DUMP_MODE = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'

const HEADER = `-- A backup point of dbsync, version 1. To load it without dbsync: zcat FILE | mariadb DATABASE
SET NAMES utf8mb4;
SET sql_mode = '${DUMP_MODE}';
SET time_zone = '+00:00';
SET foreign_key_checks = 0;
SET unique_checks = 1;
/*M!100201 SET check_constraint_checks = 0 */;
/*M!100203 SET innodb_strict_mode = 0 */;
/*M!100802 SET explicit_defaults_for_timestamp = 1 */;
`

export type Dump = {
  readonly tables: readonly TableRef[]
  readonly signal: AbortSignal
  readonly progress?: ((written: { readonly table: TableRef; readonly rows: number }) => void) | undefined
}

/** What the text turned out to hold; complete once the text is. */
export class DumpFacts {
  readonly tables: BackupTable[] = []
  /** What keeps it from being one moment of everything, one sentence each. */
  readonly apart: string[] = []
}

/** The tables as plain SQL, all of one moment as far as their engines can. The connection is in no transaction, and it must be dropped where this ends early. */
export async function* dumpText(connection: MysqlConnection, { tables, signal, progress }: Dump, facts: DumpFacts): AsyncGenerator<Buffer> {
  await connection.execute('START TRANSACTION WITH CONSISTENT SNAPSHOT', signal)
  // After each table back to here: its metadata lock holds nobody up any longer.
  await connection.execute('SAVEPOINT dbsync', signal)
  yield Buffer.from(HEADER)
  const databases = Map.groupBy(tables, ({ database }) => database)
  for (const [database, members] of databases) {
    // Without a line of this kind the file can be loaded into a database of any name.
    if (databases.size > 1) yield Buffer.from(useText(database))
    yield* databaseText(connection, { tables: members, signal, progress }, facts)
  }
  await connection.execute('ROLLBACK', signal)
  yield Buffer.from(END_MARKER)
}

/** In comments that every server reads: the client would take USE for a command of its own, and stumble over names. */
const useText = (database: string): string => `/*!40000 CREATE DATABASE IF NOT EXISTS ${quoteId(database)} */;\n/*!40000 USE ${quoteId(database)} */;\n`

async function* databaseText(connection: MysqlConnection, dump: Dump, facts: DumpFacts): AsyncGenerator<Buffer> {
  const { tables, signal } = dump
  const database = tables[0]?.database ?? ''
  const names = tables.map(({ name }) => name)
  const schemas = new Map((await describeTables(connection, database, names)).map((schema) => [schema.table.name, schema]))
  const objects = await otherObjects(connection, database)
  if (objects.triggers === undefined) facts.apart.push(`the triggers of ${database} could not be seen: GRANT TRIGGER ON ${quoteId(database)}.*`)
  for (const table of tables) {
    const schema = schemas.get(table.name)
    if (schema === undefined) {
      if (objects.views.includes(table.name)) throw notATable(table)
      facts.tables.push({ ...table, absent: true, rows: 0, digest: null })
      continue
    }
    yield* tableText(connection, schema, dump, facts)
    await connection.execute('ROLLBACK TO SAVEPOINT dbsync', signal)
  }
}

async function* tableText(connection: MysqlConnection, schema: TableSchema, { signal, progress }: Dump, facts: DumpFacts): AsyncGenerator<Buffer> {
  const { table } = schema
  const name = quoteId(table.name)
  yield Buffer.from(`\nDROP TABLE IF EXISTS ${name};\n${nativeTable(schema).create};\n`)
  const columns = storedColumns(schema)
  const [hash] = FINGERPRINT_COLUMNS
  const sql = `SELECT ${dumpList(columns)}, ${rowHash(schema)} AS '' FROM ${quoteTable(table)}`
  const literals = new InsertLiterals(table.name, columns, 1)
  const sum = new HashSum()
  for await (const batch of connection.select(sql, hash === undefined ? columns : [...columns, hash], { ...LIMITS, signal })) {
    yield literals.add(batch, (cursor) => sum.add(cursor))
    progress?.({ table, rows: sum.rows })
  }
  yield literals.end()
  for (const trigger of schema.triggers) {
    const text = await triggerText(connection, table.database, trigger, signal)
    if (text !== undefined && readsBack(text, trigger, connection)) yield Buffer.from(text)
    else facts.apart.push(`the trigger ${trigger} of ${tableName(table)} is left out: its text cannot be read back for certain`)
  }
  await requireSameDefinition(connection, schema)
  if (!schema.transactional) facts.apart.push(`${tableName(table)} is kept by an engine without transactions: read as it was at its turn`)
  if (/WITH SYSTEM VERSIONING/.test(parseCreateTable(nativeTable(schema).create).options)) facts.apart.push(`the history of ${tableName(table)} is left out`)
  facts.tables.push({ ...table, rows: sum.rows, digest: sum.sum })
}

/** The rows were read under a lock on the definition: what it is now, it was then. */
async function requireSameDefinition(connection: MysqlConnection, schema: TableSchema): Promise<void> {
  const { table } = schema
  const shape = (create: string | undefined) => (create === undefined ? undefined : JSON.stringify({ ...parseCreateTable(create), autoIncrement: undefined }))
  if (shape(await showCreate(connection, table)) === shape(nativeTable(schema).create)) return
  throw new SyncError('MYSQL_TABLE_CHANGED', `${connection.server.label}: ${tableName(table)} was altered while it was backed up`, { kind: 'transient', table })
}

/** The client looks for the end of a statement inside of BEGIN … END too: a delimiter that the trigger does not hold. */
async function triggerText(connection: MysqlConnection, database: string, trigger: string, signal: AbortSignal): Promise<string | undefined> {
  // Its text is kept in the character set of whoever made it.
  await connection.execute('SET character_set_results = utf8mb4', signal)
  const [row] = await connection.query(`SHOW CREATE TRIGGER ${quoteTable({ database, name: trigger })}`, signal)
  await connection.execute('SET character_set_results = NULL', signal)
  const [, mode, create, , collation] = row ?? []
  if (typeof create !== 'string') throw notShown(database, trigger)
  const text = withoutDatabase(create, mode ?? '')
  if (text === undefined) return undefined
  let delimiter = ';;'
  for (let i = 1; text.includes(delimiter); i++) delimiter = `$$${i}`
  const plainMode = (mode ?? '').replaceAll(/[^A-Z_,]/g, '')
  return [
    `SET sql_mode = '${plainMode}', collation_connection = ${quoteText(collation ?? '')};`,
    `DELIMITER ${delimiter}`,
    `${text}${delimiter}`,
    'DELIMITER ;',
    `SET sql_mode = '${DUMP_MODE}', collation_connection = utf8mb4_general_ci;\n`,
  ].join('\n')
}

function withoutDatabase(create: string, sqlMode: string): string | undefined {
  try {
    return triggerParts(create, sqlMode).into()
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined
    throw error
  }
}

/** A text that is cut elsewhere when it is read, in an SQL mode of its own, would take what follows with it. */
function readsBack(text: string, trigger: string, { server }: MysqlConnection): boolean {
  const splitter = new StatementSplitter()
  const reader = new DumpReader('x', server)
  try {
    const found = splitter.push(Buffer.from(text))
    const { statements, open } = splitter.end()
    const read = [...found, ...statements].map((statement) => reader.read(statement))
    return !open && read.length === 3 && read[1]?.kind === 'trigger' && read[1].name === trigger
  } catch (error) {
    if (error instanceof NotUnderstood) return false
    throw error
  }
}

const notShown = (database: string, trigger: string): SyncError =>
  new SyncError('MYSQL_PRIVILEGE', `The trigger ${trigger} of ${database} is not shown, so that it cannot be backed up.`, {
    kind: 'privilege',
    hint: `GRANT TRIGGER ON ${quoteId(database)}.* TO the target's user.`,
  })

const notATable = (table: TableRef): SyncError =>
  new SyncError('BACKUP_NO_TABLE', `${tableName(table)} is a view: a backup point holds tables.`, { kind: 'config', table, hint: 'Leave it out.' })
