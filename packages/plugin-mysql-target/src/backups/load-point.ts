import { type BackupPoint, SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import { type CreateTableParts, type MysqlConnection, mysqlError, parseCreateTable, quoteTable, quoteText, renderCreateTable, serverErrno } from '@dbsync/mysql'
import { type DumpedTrigger, DumpReader, type DumpStatement } from './dump-statement.ts'
import { type Inspection, inspect, tableKey } from './inspect.ts'
import { PointFile } from './point-file.ts'

export type LoadOptions = {
  /** The database that takes the place of `database`; it is there, and nothing of anybody's is in it. */
  readonly scratch: (database: string) => string
  /** Only these tables of the point; left out: all. */
  readonly tables?: readonly TableRef[]
  /** Changes a definition before it is created: without foreign keys, for example. */
  readonly define?: (table: TableRef, parts: CreateTableParts) => CreateTableParts
  /** Of tables before any USE, where the point itself does not say. */
  readonly database?: string
  readonly signal: AbortSignal
  /** Rows of this table so far. */
  readonly progress?: (done: { readonly table: TableRef; readonly rows: number }) => void
}

export type LoadedPoint = {
  /** Under the names of the point. */
  readonly tables: readonly (TableRef & { readonly rows: number })[]
  /** Not created: what would fire on the rows of a restore, or name a schema that it is not in, is for the caller to make in its place. */
  readonly triggers: readonly DumpedTrigger[]
  /** Views and other objects in a file of another tool. */
  readonly leftOut: readonly string[]
}

/**
 * Puts the tables of a point into scratch databases, over a connection of the target that is in no transaction. The whole file is read first:
 * a byte that does not fit, or a statement that is not a dump's, and nothing is run (`BACKUP_DAMAGED`). No statement of the file is run as it
 * is written, and none names a database other than those that `scratch` gives. Rows go in exactly or not at all (`MYSQL_LOAD_INEXACT`).
 */
export async function loadPoint(connection: MysqlConnection, point: BackupPoint, options: LoadOptions): Promise<LoadedPoint> {
  await using file = await PointFile.open(point.path)
  const context = { database: options.database ?? defaultDatabase(point), server: connection.server, signal: options.signal }
  const inspection = await inspect(file, context)
  const trouble = inspection.trouble ?? unlikeManifest(point, inspection)
  if (trouble !== undefined) throw damaged(point, trouble)
  await connection.execute(`SET ${session(inspection)}`, options.signal)
  const loader = new Loader(connection, options, wantedTables(options.tables))
  const reader = new DumpReader(context.database, connection.server)
  for await (const statement of file.statements()) await loader.run(reader.read(statement))
  await connection.execute("SET time_zone = '+00:00'", options.signal)
  return { tables: loader.tables(), triggers: loader.triggers, leftOut: inspection.leftOut }
}

/** The database of tables before any USE: a point of one database has none. */
export const defaultDatabase = ({ manifest }: BackupPoint): string => manifest?.tables[0]?.database ?? ''

/** What the manifest says otherwise than the file, as a sentence. */
export function unlikeManifest({ manifest }: BackupPoint, { sha256, tables, ended }: Inspection): string | undefined {
  if (manifest === undefined) return undefined
  if (sha256 !== manifest.sha256) return 'its checksum is not the one that its manifest gives: one of the two was changed or exchanged'
  if (!ended) return 'its last line is missing'
  const rows = new Map(tables.map((table) => [tableKey(table), table.rows]))
  for (const table of manifest.tables) {
    const found = rows.get(tableKey(table))
    if (table.absent !== true && found !== table.rows) {
      return `${tableName(table)} has ${found === undefined ? 'no definition' : `${found} rows`} in it, and ${table.rows} rows by its manifest`
    }
  }
  const expected = manifest.tables.filter(({ absent }) => absent !== true).length
  return rows.size === expected ? undefined : `it has ${rows.size} tables, and ${expected} by its manifest`
}

const damaged = (point: BackupPoint, trouble: string): SyncError =>
  new SyncError('BACKUP_DAMAGED', `The backup point ${point.name} cannot be used: ${trouble}.`, {
    kind: 'refused',
    hint: 'Nothing was changed. Use another one: dbsync backup list.',
  })

/** As the rows were read. A file that says nothing of its time zone was written in the server's own. */
const session = ({ timeZone }: Inspection): string =>
  `time_zone = ${timeZone === undefined ? '@@GLOBAL.time_zone' : quoteText(timeZone)}, foreign_key_checks = 0, unique_checks = 1`

/**
 * What a strict server refuses although the rows are right, so that it is asked again without. 1265: an ENUM can hold a value that is none of
 * its members; whoever compares the rows sees whether it is one. 1906: other tools write values for computed columns too.
 */
const LENIENT: ReadonlySet<number> = new Set([1265, 1906])

/** Not the point's fault: rows that came in by LOAD DATA can be larger than a statement may be. */
const tooLarge = (table: TableRef, size: number, limit: number, label: string): SyncError =>
  new SyncError(
    'MYSQL_PACKET',
    `${label}, loading a backup point of ${tableName(table)}: a row needs a statement of ${size} bytes and max_allowed_packet is ${limit}`,
    {
      kind: 'data',
      table,
      hint: `Raise it: SET GLOBAL max_allowed_packet=1073741824; on ${label}, and run the same command again.`,
    },
  )

const wantedTables = (tables: readonly TableRef[] | undefined): ((table: TableRef) => boolean) => {
  const wanted = tables === undefined ? undefined : new Set(tables.map(tableKey))
  return (table) => wanted?.has(tableKey(table)) ?? true
}

class Loader {
  readonly triggers: DumpedTrigger[] = []
  readonly #connection: MysqlConnection
  readonly #options: LoadOptions
  readonly #wanted: (table: TableRef) => boolean
  readonly #rows = new Map<string, TableRef & { rows: number }>()

  constructor(connection: MysqlConnection, options: LoadOptions, wanted: (table: TableRef) => boolean) {
    this.#connection = connection
    this.#options = options
    this.#wanted = wanted
  }

  tables(): readonly (TableRef & { readonly rows: number })[] {
    return [...this.#rows.values()]
  }

  async run(statement: DumpStatement): Promise<void> {
    switch (statement.kind) {
      case 'drop':
        for (const table of statement.tables.filter(this.#wanted)) {
          this.#rows.delete(tableKey(table))
          await this.#execute(table, `DROP TABLE IF EXISTS ${quoteTable(this.#in(table))}`)
        }
        return
      case 'create':
        if (this.#wanted(statement.table)) await this.#create(statement.table, statement.create)
        return
      case 'insert':
        if (this.#wanted(statement.table)) await this.#insert(statement)
        return
      case 'trigger':
        if (this.#wanted(statement.table)) this.triggers.push(statement)
    }
  }

  async #create(table: TableRef, create: string): Promise<void> {
    const parts = parseCreateTable(create)
    await this.#execute(table, renderCreateTable(this.#in(table), this.#options.define?.(table, parts) ?? parts))
    this.#rows.set(tableKey(table), { ...table, rows: 0 })
  }

  async #insert({ table, rows, into }: Extract<DumpStatement, { kind: 'insert' }>): Promise<void> {
    const sql = into(this.#in(table))
    const { maxAllowedPacket, label } = this.#connection.server
    if (sql.length * 3 > maxAllowedPacket && Buffer.byteLength(sql) >= maxAllowedPacket - 1024)
      throw tooLarge(table, Buffer.byteLength(sql), maxAllowedPacket, label)
    const { affectedRows, warnings } = await this.#execute(table, sql).catch((error: unknown) => this.#leniently(table, sql, error))
    if (affectedRows !== rows || warnings > 0) {
      throw new SyncError(
        'MYSQL_LOAD_INEXACT',
        `${tableName(table)}: ${rows} rows of the backup point were sent, ${affectedRows} arrived, ${warnings} warnings`,
        {
          kind: 'data',
          table,
          hint: 'Nothing but a scratch database was written. Compare the version and the settings of the server with those of the one that the point was made of.',
        },
      )
    }
    const counted = this.#rows.get(tableKey(table))
    if (counted === undefined) return
    counted.rows += rows
    this.#options.progress?.({ table, rows: counted.rows })
  }

  async #leniently(table: TableRef, sql: string, error: unknown) {
    if (!LENIENT.has(serverErrno(error) ?? 0)) throw error
    await this.#connection.execute("SET @dbsync_mode = @@sql_mode, sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'", this.#options.signal)
    const { affectedRows } = await this.#execute(table, sql)
    const foreign = (await this.#connection.query('SHOW WARNINGS', this.#options.signal)).filter(([, code]) => !LENIENT.has(Number(code)))
    await this.#connection.execute('SET sql_mode = @dbsync_mode', this.#options.signal)
    return { affectedRows, warnings: foreign.length }
  }

  async #execute(table: TableRef, sql: string) {
    const { server, user } = this.#connection
    try {
      return await this.#connection.execute(sql, this.#options.signal)
    } catch (error) {
      throw mysqlError(error, { doing: 'loading a backup point of', table, label: server.label, user })
    }
  }

  #in({ database, name }: TableRef): TableRef {
    return { database: this.#options.scratch(database), name }
  }
}
