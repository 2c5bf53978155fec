import { randomBytes } from 'node:crypto'
import { SyncError } from '@dbsync/core/plugin'
import { type MysqlConnection, mysqlError, quoteId, quoteText, serverErrno } from '@dbsync/mysql'
import { takeLock } from '../lock.ts'

const PREFIX = '_dbsync_check_'
/** What a GRANT calls all of them. */
export const CHECK_GRANT = '`\\_dbsync\\_check\\_%`.*'
const NAME = /^_dbsync_check_[0-9a-f]{12}_\d+$/

/** Databases that are there for one check and go with it. */
export class ScratchDatabases implements AsyncDisposable {
  readonly #connection: MysqlConnection
  readonly #run = randomBytes(6).toString('hex')
  readonly #names = new Map<string, string>()

  constructor(connection: MysqlConnection) {
    this.#connection = connection
  }

  /** Removes what killed checks left: those whose lock nobody holds. */
  async removeLeftovers(signal: AbortSignal): Promise<void> {
    const rows = await this.#connection.query('SHOW DATABASES', signal)
    for (const [name = ''] of rows) {
      if (name === null || !NAME.test(name)) continue
      const [row] = await this.#connection.query(`SELECT IS_FREE_LOCK(${quoteText(lockOf(name))})`, signal)
      if (row?.[0] === '1') await this.#execute(`DROP DATABASE IF EXISTS ${quoteId(name)}`, signal)
    }
  }

  /** Makes one that takes the place of `database`. */
  async create(database: string, signal: AbortSignal): Promise<void> {
    const name = `${PREFIX}${this.#run}_${this.#names.size}`
    await takeLock(this.#connection, lockOf(name), 0, signal)
    await this.#execute(`CREATE DATABASE ${quoteId(name)}`, signal)
    this.#names.set(database, name)
  }

  nameOf(database: string): string {
    const name = this.#names.get(database)
    if (name === undefined) throw new Error(`no scratch database for ${database}`)
    return name
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#connection.alive) return
    // Also after a stop: what was made for this check alone goes with it.
    const signal = AbortSignal.timeout(600_000)
    for (const name of this.#names.values()) {
      await this.#execute(`DROP DATABASE IF EXISTS ${quoteId(name)}`, signal)
      await this.#connection.query(`DO RELEASE_LOCK(${quoteText(lockOf(name))})`, signal)
    }
    this.#names.clear()
  }

  async #execute(sql: string, signal: AbortSignal): Promise<void> {
    const { server, user } = this.#connection
    try {
      await this.#connection.execute(sql, signal)
    } catch (error) {
      const denied = serverErrno(error) === 1044
      const translated = mysqlError(error, { doing: 'making a scratch database', label: server.label, user })
      if (!denied) throw translated
      throw new SyncError('MYSQL_PRIVILEGE', `${server.label}: a backup point is proved by restoring it into a scratch database, which ${user} may not make`, {
        kind: 'privilege',
        cause: error,
        hint: `GRANT ALL ON ${CHECK_GRANT} TO '${user}'@'…'; it holds nothing but these scratch databases. Or check without --restore.`,
      })
    }
  }
}

const lockOf = (name: string): string => `dbsync:${name}`
