import { setTimeout as sleep } from 'node:timers/promises'
import { SyncError, type TableRef, type TargetLock, tableName } from '@dbsync/core/plugin'
import { type MysqlConnection, quoteText } from '@dbsync/mysql'
import { databaseLock, tableLock } from './names.ts'

/** A killed client's statement runs on at the server until it ends: so long the next one waits for it. */
const SURVIVOR_MS = 600_000
const BEAT_MS = 30_000

/**
 * Takes the lock of whoever writes to this table, for as long as the connection lives or until `releaseTable`.
 * Waits up to ten minutes for a statement of an earlier client.
 */
export async function lockTable(connection: MysqlConnection, table: TableRef, signal: AbortSignal): Promise<void> {
  await patiently(async () => (await takeLock(connection, tableLock(table), 2, signal)) || undefined).catch((error: unknown) => {
    throw error instanceof OutOfPatience ? stillBusy(connection, `${tableName(table)}`) : error
  })
}

export const releaseTable = async (connection: MysqlConnection, table: TableRef): Promise<void> => {
  await connection.query(`SELECT RELEASE_LOCK(${quoteText(tableLock(table))})`)
}

/** A lock on a whole database, with a connection of its own. */
export interface DatabaseLock extends TargetLock {
  /** Throws `RUN_LOCK_LOST` once the connection, and with it the lock, is gone. */
  check(): void
}

/** Takes the database for one run, or throws `RUN_LOCKED`. Owns the connection from here on. */
export async function lockDatabase(connection: MysqlConnection, database: string, signal: AbortSignal): Promise<DatabaseLock> {
  try {
    if (!(await takeLock(connection, databaseLock(database), 0, signal))) throw runLocked(connection, database)
    await waitForSurvivors(connection, database, signal)
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
  // Routers and firewalls forget a silent connection. A beat that fails ends the connection, which `check` reports.
  let beating = false
  const beat = setInterval(() => {
    if (beating || !connection.alive) return
    beating = true
    connection.query('SELECT 1').then(
      () => {
        beating = false
      },
      () => {},
    )
  }, BEAT_MS).unref()
  return {
    held: () => connection.alive,
    check() {
      if (connection.alive) return
      throw new SyncError('RUN_LOCK_LOST', `${connection.server.label}: the connection that holds the lock on ${database} was lost`, {
        kind: 'transient',
        hint: 'Another run may have started meanwhile. Run again.',
      })
    },
    async [Symbol.asyncDispose]() {
      clearInterval(beat)
      await connection[Symbol.asyncDispose]()
    },
  }
}

/** Statements of a killed run may still be at work on tables of this database. What is read before they have ended proves nothing. */
async function waitForSurvivors(connection: MysqlConnection, database: string, signal: AbortSignal): Promise<void> {
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

async function takeLock(connection: MysqlConnection, name: string, seconds: number, signal: AbortSignal): Promise<boolean> {
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

const runLocked = ({ server }: MysqlConnection, database: string): SyncError =>
  new SyncError('RUN_LOCKED', `another run is writing to ${database} on ${server.label}`, {
    kind: 'locked',
    hint: 'Wait until it has ended. The lock goes by itself with the run that holds it.',
  })

const stillBusy = ({ server }: MysqlConnection, what: string): SyncError =>
  new SyncError('RUN_LOCKED', `${server.label}: a statement of an earlier run is still at work on ${what}`, {
    kind: 'locked',
    hint: 'Look at it with SHOW PROCESSLIST; end it with KILL, or wait and run again.',
  })
