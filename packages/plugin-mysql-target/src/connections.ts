import { connect, type MysqlConnection, type MysqlOptions, requireSameServer, type ServerFacts } from '@dbsync/mysql'

/** The target's connections: made when they are needed, kept for the next one who asks. */
export class Connections implements AsyncDisposable {
  readonly #options: MysqlOptions
  readonly #idle: MysqlConnection[] = []
  readonly #all = new Set<MysqlConnection>()
  /** What the first connection reached. */
  #server: ServerFacts | undefined
  #received = 0
  #sent = 0

  constructor(options: MysqlOptions) {
    this.#options = options
  }

  async lease(signal: AbortSignal): Promise<MysqlConnection> {
    for (let found = this.#idle.pop(); found !== undefined; found = this.#idle.pop()) {
      if (found.alive) return found
      await this.drop(found)
    }
    const connection = await connect(this.#options, 'target', signal)
    this.#all.add(connection)
    try {
      // Every later one has to: what a run has looked at on one server says nothing of another.
      this.#server ??= connection.server
      requireSameServer(this.#server, connection.server)
      await connection.execute(`SET ${session(connection)}`, signal)
    } catch (error) {
      await this.drop(connection)
      throw error
    }
    return connection
  }

  /** Gives back a connection that is in no transaction and holds no lock. */
  async release(connection: MysqlConnection): Promise<void> {
    if (connection.alive) this.#idle.push(connection)
    else await this.drop(connection)
  }

  /** Closes a connection of which nobody knows what state it is in. */
  async drop(connection: MysqlConnection): Promise<void> {
    if (!this.#all.delete(connection)) return
    await connection[Symbol.asyncDispose]()
    const { received, sent } = connection.traffic()
    this.#received += received
    this.#sent += sent
  }

  /** Runs `use` with a connection, which is kept unless it throws. */
  async with<T>(signal: AbortSignal, use: (connection: MysqlConnection) => Promise<T>): Promise<T> {
    const connection = await this.lease(signal)
    let done = false
    try {
      const answer = await use(connection)
      done = true
      return answer
    } finally {
      await (done ? this.release(connection) : this.drop(connection))
    }
  }

  traffic(): { readonly received: number; readonly sent: number } {
    let received = this.#received
    let sent = this.#sent
    for (const connection of this.#all) {
      received += connection.traffic().received
      sent += connection.traffic().sent
    }
    return { received, sent }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#all].map((connection) => this.drop(connection)))
  }
}

/**
 * A copy takes rows as they are: no cascades, no order of tables, and checks that the source did not apply are not applied here.
 * A rename that waits for another client's transaction holds up everybody behind it: not for long at a time.
 */
const session = ({ server }: MysqlConnection): string =>
  ['foreign_key_checks = 0', 'unique_checks = 1', 'lock_wait_timeout = 20', ...(server.flavour === 'mariadb' ? mariadbSession(server) : [])].join(', ')

/** A table with a history may be altered: what it remembers stays as it is. A TIMESTAMP gets no default that its definition does not show. */
const mariadbSession = ({ versionNumber }: ServerFacts): readonly string[] => [
  'check_constraint_checks = 0',
  // The source took the definition: what is too large for this server fails with its row.
  'innodb_strict_mode = 0',
  ...(versionNumber >= 100304 ? ["system_versioning_alter_history = 'KEEP'"] : []),
  ...(versionNumber >= 100802 ? ['explicit_defaults_for_timestamp = 1'] : []),
]
