import type { Connection, ConnectionOptions } from 'mysql2/promise'

/** How to reach a server as its administrator. JSON-safe. */
export type ServerAddress = {
  readonly host: '127.0.0.1'
  readonly port: number
  /** Path of the Unix socket. */
  readonly socket: string
  readonly user: 'root'
  readonly password: string
  /** Everything of the server lies in here. */
  readonly directory: string
}

export type ResultRow = Record<string, unknown>

export interface ServerClient extends ServerAddress {
  /** A connection of your own, as root unless `settings` say otherwise; end it yourself. */
  connect(settings?: ConnectionOptions): Promise<Connection>
  /** Runs one statement over a connection that is kept. Big numbers, dates and times come as text. */
  query(sql: string, values?: readonly unknown[]): Promise<ResultRow[]>
  /** Closes the kept connection; the next `query` opens another. */
  close(): Promise<void>
}

export function serverClient(address: ServerAddress): ServerClient {
  let kept: Promise<Connection> | undefined
  const { host, port, socket, user, password, directory } = address

  async function connect(settings: ConnectionOptions = {}): Promise<Connection> {
    const { createConnection } = await import('mysql2/promise')
    return createConnection({ host, port, user, password, charset: 'utf8mb4', supportBigNumbers: true, bigNumberStrings: true, dateStrings: true, ...settings })
  }

  async function open(): Promise<Connection> {
    const connection = await connect()
    const drop = () => {
      kept = undefined
    }
    connection.on('error', drop)
    connection.on('end', drop)
    return connection
  }

  return {
    host,
    port,
    socket,
    user,
    password,
    directory,
    connect,
    async query(sql, values) {
      kept ??= open().catch((error: unknown) => {
        kept = undefined
        throw error
      })
      const connection = await kept
      const [rows] = await connection.query(sql, values === undefined ? [] : [...values])
      return Array.isArray(rows) ? (rows as ResultRow[]) : []
    },
    async close() {
      const connection = await kept?.catch(() => undefined)
      kept = undefined
      connection?.destroy()
    },
  }
}
