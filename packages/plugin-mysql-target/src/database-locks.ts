import { SyncError, type TargetLock } from '@dbsync/core/plugin'
import { type MysqlConnection, quoteText } from '@dbsync/mysql'
import type { Connections } from './connections.ts'
import { takeLock, waitForSurvivors } from './lock.ts'
import { databaseLock } from './names.ts'

const BEAT_MS = 30_000

/** The lock of a run on a whole database. */
export interface DatabaseLock extends TargetLock {
  /** Throws `RUN_LOCK_LOST` once the connection, and with it the lock, is gone. */
  check(): void
}

type Keeper = { readonly connection: MysqlConnection; readonly beat: NodeJS.Timeout; readonly held: Set<string>; locks: number }

/** The locks of a run, all held by one connection: a run over hundreds of databases must not use up those of the server. */
export class DatabaseLocks {
  readonly #connections: Connections
  #keeper: Keeper | undefined
  /** A connection takes one statement at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(connections: Connections) {
    this.#connections = connections
  }

  /** Takes the database for one run, or throws `RUN_LOCKED`. */
  async take(database: string, signal: AbortSignal): Promise<DatabaseLock> {
    return await this.#inTurn(async () => {
      const keeper = await this.#livingKeeper(signal)
      // The server gives a connection again what it has: it would refuse another run only.
      if (keeper.held.has(database)) throw runLocked(keeper.connection, database)
      keeper.locks++
      try {
        if (!(await takeLock(keeper.connection, databaseLock(database), 0, signal))) throw runLocked(keeper.connection, database)
        await waitForSurvivors(keeper.connection, database, signal)
      } catch (error) {
        await this.#letGo(keeper, database)
        throw error
      }
      keeper.held.add(database)
      return this.#lockOf(keeper, database)
    })
  }

  #lockOf(keeper: Keeper, database: string): DatabaseLock {
    const { connection } = keeper
    let released: Promise<void> | undefined
    return {
      held: () => connection.alive && released === undefined,
      check() {
        if (connection.alive) return
        throw new SyncError('RUN_LOCK_LOST', `${connection.server.label}: the connection that holds the lock on ${database} was lost`, {
          kind: 'transient',
          hint: 'Another run may have started meanwhile. Run again.',
        })
      },
      [Symbol.asyncDispose]: () => (released ??= this.#inTurn(() => this.#letGo(keeper, database))),
    }
  }

  async #livingKeeper(signal: AbortSignal): Promise<Keeper> {
    if (this.#keeper?.connection.alive === true) return this.#keeper
    const connection = await this.#connections.lease(signal)
    // A machine that goes without a word must not keep others out for longer than this; the beat keeps ours alive.
    await connection.execute('SET wait_timeout = 300', signal)
    // Routers and firewalls forget a silent connection. A beat that fails ends the connection, which `check` reports.
    const beat = setInterval(() => {
      this.#inTurn(() => connection.query('SELECT 1')).catch(() => {})
    }, BEAT_MS).unref()
    this.#keeper = { connection, beat, held: new Set(), locks: 0 }
    return this.#keeper
  }

  /** The last lock takes the connection with it, and whatever it may still be at. */
  async #letGo(keeper: Keeper, database: string): Promise<void> {
    keeper.locks--
    keeper.held.delete(database)
    if (keeper.locks > 0 && keeper.connection.alive) {
      try {
        await keeper.connection.query(`SELECT RELEASE_LOCK(${quoteText(databaseLock(database))})`)
      } catch (error) {
        // The lock has gone with the connection.
        if (keeper.connection.alive) throw error
      }
    }
    if (keeper.locks > 0) return
    clearInterval(keeper.beat)
    if (this.#keeper === keeper) this.#keeper = undefined
    await this.#connections.drop(keeper.connection)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }
}

const runLocked = ({ server }: MysqlConnection, database: string): SyncError =>
  new SyncError('RUN_LOCKED', `another run is writing to ${database} on ${server.label}`, {
    kind: 'locked',
    hint: 'Wait until it has ended. The lock goes by itself with the run that holds it.',
  })
