import { SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import { describeTables, type MysqlConnection, quoteTable, serverErrno } from '@dbsync/mysql'
import { wholeDigest } from '../backups/check-point.ts'
import { type Listed, listTables } from './listing.ts'
import type { MadePlan } from './make-plan.ts'
import type { RestoreWork } from './restore.ts'
import { planTable, scratchDatabase } from './side-databases.ts'
import { createTrigger } from './triggers.ts'

/** What the scratch database holds, compared with what it should hold. */
export async function countRestored(connection: MysqlConnection, work: RestoreWork, database: string): Promise<readonly { name: string; rows: number }[]> {
  const { expected, point, signal } = work
  const scratch = scratchDatabase(database)
  const fold = (name: string) => (connection.server.lowerCaseTableNames === 0 ? name : name.toLowerCase())
  const wanted = new Map((expected ?? []).filter((table) => table.database === database).map((table) => [fold(table.name), table]))
  const inexact = (table: TableRef, what: string) =>
    new SyncError('MYSQL_RESTORE_INEXACT', `restored from ${point}, ${tableName(table)} ${what}. Nothing was changed`, {
      kind: 'data',
      table,
      hint: `Look at the point with dbsync backup check ${point} --restore, or take another one.`,
    })
  const restored: { name: string; rows: number }[] = []
  for (const { name, kind } of await listTables(connection, scratch, signal)) {
    if (kind === 'other' || name === planTable(scratch).name) continue
    const table = wanted.get(fold(name))
    const { rows, sum } = await rowsOf(connection, { database: scratch, name }, table?.digest !== undefined, signal)
    if (table?.rows !== undefined && table.rows !== rows) throw inexact(table, `has ${rows} rows instead of ${table.rows}`)
    if (table?.digest !== undefined && sum !== undefined && table.digest !== sum) throw inexact(table, 'has other rows than the point was made of')
    wanted.delete(fold(name))
    restored.push({ name, rows })
  }
  for (const table of wanted.values()) throw inexact(table, 'is not there')
  return restored
}

/** Counted, and where there is something to compare it with, hashed. */
async function rowsOf(
  connection: MysqlConnection,
  table: TableRef,
  hash: boolean,
  signal: AbortSignal,
): Promise<{ readonly rows: number; readonly sum?: string }> {
  const [schema] = hash ? await describeTables(connection, table.database, [table.name]) : []
  const digest = schema === undefined ? undefined : await wholeDigest(connection, schema, signal)
  if (digest?.exact) return { rows: digest.rows, sum: digest.sum }
  const [[rows] = []] = await connection.query(`SELECT COUNT(*) FROM ${quoteTable(table)}`, signal)
  return { rows: Number(rows) }
}

/** A trigger in another user's name needs more rights than the table: better known before the old one is gone. */
export async function proveDefiners(connection: MysqlConnection, { dropTriggers, databases: [database] }: MadePlan, signal: AbortSignal): Promise<void> {
  if (database === undefined) return
  const scratch = scratchDatabase(database)
  for (const definer of new Set(dropTriggers.map((trigger) => trigger.definer))) {
    const table = { database: scratch, name: '_dbsync_probe' }
    const probe = { table, name: '_dbsync_probe', when: 'BEFORE INSERT', definer, body: 'SET @dbsync = NULL', sqlMode: '', charset: '', collation: '' }
    await connection.execute(`CREATE TABLE ${quoteTable(table)} (id INT)`, signal)
    await triggersAllowed(() => connection.execute(createTrigger(probe), signal))
    await connection.execute(`DROP TABLE ${quoteTable(table)}`, signal)
  }
}

const BINLOG_NEEDS_SUPER = 1419
const SPECIFIC_ACCESS_DENIED = 1227

/** A right on triggers that is missing comes out while the tables are built beside the live ones. */
export async function triggersAllowed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const errno = serverErrno(error)
    if (!SyncError.is(error) || (errno !== BINLOG_NEEDS_SUPER && errno !== SPECIFIC_ACCESS_DENIED)) throw error
    throw new SyncError('MYSQL_RESTORE_TRIGGERS', `${error.message}. The triggers of the tables cannot be made again. Nothing was changed`, {
      kind: 'privilege',
      cause: error,
      hint:
        errno === BINLOG_NEEDS_SUPER
          ? 'SET GLOBAL log_bin_trust_function_creators = 1; or GRANT SUPER ON *.* TO the target user.'
          : 'Triggers of other users: GRANT SET USER ON *.* TO the target user (MySQL: SET_USER_ID, or SET_ANY_DEFINER).',
    })
  }
}

export async function refuseLostHistory(
  connection: MysqlConnection,
  { databases, loseHistory, signal }: RestoreWork,
  tables: readonly TableRef[],
): Promise<void> {
  if (loseHistory) return
  for (const database of databases) {
    const refusal = lostHistory(database, await listTables(connection, database, signal), tables)
    if (refusal !== undefined) throw refusal
  }
}

/** Why tables of this database cannot be replaced without a loss: one that keeps the earlier versions of its rows would begin anew. */
export function lostHistory(database: string, live: readonly Listed[], tables: readonly TableRef[]): SyncError | undefined {
  const wanted = new Set(tables.filter((table) => table.database === database).map(({ name }) => name.toLowerCase()))
  const found = live.find(({ name, kind }) => kind === 'versioned' && wanted.has(name.toLowerCase()))
  if (found === undefined) return undefined
  const table = { database, name: found.name }
  return new SyncError(
    'MYSQL_RESTORE_HISTORY',
    `${tableName(table)} keeps the earlier versions of its rows (WITH SYSTEM VERSIONING), which a rollback would lose`,
    {
      kind: 'refused',
      table,
      hint: 'Keep what you need of them (SELECT … FOR SYSTEM_TIME ALL), and then allow it with --allow destructive. Nothing was changed.',
    },
  )
}
