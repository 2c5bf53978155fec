import { setTimeout as sleep } from 'node:timers/promises'
import { SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import { type MysqlConnection, quoteText } from '@dbsync/mysql'
import { tableLock } from './names.ts'

/** A killed client's statement runs on at the server until it ends: so long the next one waits for it. */
const SURVIVOR_MS = 600_000

/**
 * Takes the lock of whoever writes to this table, for as long as the connection lives or until `releaseTable`.
 * Waits up to ten minutes for a statement of an earlier client.
 */
export async function lockTable(connection: MysqlConnection, table: TableRef, signal: AbortSignal): Promise<void> {
  await patiently(async () => (await takeLock(connection, tableLock(table), 2, signal)) || undefined).catch((error: unknown) => {
    throw error instanceof OutOfPatience ? stillBusy(connection, `${tableName(table)}`) : error
  })
}

/** The connection that holds the lock of this name. */
export async function lockHolder(connection: MysqlConnection, name: string, signal: AbortSignal): Promise<number | undefined> {
  const [[holder] = []] = await connection.query(`SELECT IS_USED_LOCK(${quoteText(name)})`, signal)
  return holder === null || holder === undefined ? undefined : Number(holder)
}

export const releaseTable = async (connection: MysqlConnection, table: TableRef): Promise<void> => {
  await connection.execute(`DO RELEASE_LOCK(${quoteText(tableLock(table))})`)
}

/** Statements of a killed run may still be at work on tables of this database. What is read before they have ended proves nothing. */
export async function waitForSurvivors(connection: MysqlConnection, database: string, signal: AbortSignal): Promise<void> {
  const name = `CONCAT('dbsync:', SHA1(CONCAT(${quoteText(database)}, '.', CONVERT(TABLE_NAME USING utf8mb4))))`
  const held = `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(database)} AND IS_USED_LOCK(${name}) IS NOT NULL LIMIT 1`
  let busy = database
  await patiently(async () => {
    const [row] = await connection.query(held, signal)
    if (row === undefined) return true
    busy = `${database}.${row[0]}`
    await sleep(500)
    return undefined
  }).catch((error: unknown) => {
    throw error instanceof OutOfPatience ? stillBusy(connection, busy) : error
  })
}

export async function takeLock(connection: MysqlConnection, name: string, seconds: number, signal: AbortSignal): Promise<boolean> {
  const [row] = await connection.query(`SELECT GET_LOCK(${quoteText(name)}, ${seconds})`, signal)
  return row?.[0] === '1'
}

class OutOfPatience extends Error {}

/** Asks again and again until there is an answer. */
async function patiently<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + SURVIVOR_MS; Date.now() < deadline; ) {
    const answer = await ask()
    if (answer !== undefined) return answer
  }
  throw new OutOfPatience()
}

const stillBusy = ({ server }: MysqlConnection, what: string): SyncError =>
  new SyncError('RUN_LOCKED', `${server.label}: a statement of an earlier run is still at work on ${what}`, {
    kind: 'locked',
    hint: 'Look at it with SHOW PROCESSLIST; end it with KILL, or wait and run again.',
  })
