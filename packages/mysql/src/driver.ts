import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { driverTls, type MysqlOptions } from './options.ts'
import type { Role } from './session.ts'

/** What we use of mysql2, in the shapes of the pinned version; the library's own types lack `stream`, `row` and callbacks with buffers. */
export interface Driver {
  readonly stream: Socket
  readonly threadId: number
  query(options: QueryOptions, done: (error: Error | null, result: unknown) => void): Command
  query(options: QueryOptions): Command
  prepare(options: { readonly sql: string }, done: (error: Error | null, statement: Prepared) => void): void
  /** Closes what was prepared from this text. */
  unprepare(sql: string): void
  addCommand(command: CustomCommand): void
  write(bytes: Uint8Array): void
  readonly clientEncoding: string
  /** The number that the next packet of the server must have. */
  sequenceId: number
  /** The command at work: until the connection is made, the handshake. */
  readonly _command: unknown
  pause(): void
  resume(): void
  end(): void
  on(event: 'error', listener: (error: Error) => void): void
  once(event: 'connect', listener: () => void): void
}

type QueryOptions = {
  readonly sql: string
  readonly rowsAsArray?: boolean
  readonly typeCast?: false
  readonly values?: null
  readonly infileStreamFactory?: (path: string) => Readable
}

/** A running statement: a state machine whose `row` state gets each row's packet. */
export interface Command {
  row: RowState
  on(event: 'fields', listener: (fields: readonly unknown[] | undefined) => void): void
  on(event: 'result', listener: (row: readonly (Buffer | null)[]) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'end', listener: () => void): void
}

export type Prepared = { readonly id: number; readonly parameters: readonly unknown[] }

/** What the driver asks of a command: it is called without a packet when its turn comes, then with each packet, until it says that it is done. */
export interface CustomCommand {
  execute(packet: Packet | undefined, driver: Driver): boolean
  onResult(error: Error | null): void
}

export type RowState = (this: Command, packet: Packet, driver: Driver) => RowState | null
export type Packet = {
  readonly buffer: Buffer
  readonly offset: number
  readonly end: number
  isEOF(): boolean
  isError(): boolean
  asError(encoding: string): Error
  readInt8(): number
  readInt16(): number
  readLengthCodedNumber(): number
}

/** A statement's cells as the bytes that came, and its text as it is: no values are sought a place for. */
export const asBytes = { rowsAsArray: true, typeCast: false, values: null } as const

/** Starts to connect. The caller listens for `connect` and `error` before anything else happens. */
export async function openDriver(options: MysqlOptions, role: Role, connectMs: number): Promise<Driver> {
  const { createConnection } = await import('mysql2')
  const ssl = await driverTls(options)
  const driver = createConnection({
    host: options.host,
    port: options.port,
    ...(options.socketPath === undefined ? {} : { socketPath: options.socketPath }),
    user: options.user,
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(ssl === undefined ? {} : { ssl }),
    compress: options.compress === true,
    connectTimeout: connectMs,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    multipleStatements: false,
    // One at a time, and the driver makes room for as many as it may keep.
    maxPreparedStatements: 2,
    // Code that is made for each shape of a result pays off over thousands of rows, and those are not read by the driver.
    disableEval: true,
    // FOUND_ROWS counts rows that an update left as they were. LOCAL_FILES lets a server ask for files of this machine.
    flags: ['-FOUND_ROWS', '-IGNORE_SPACE', '-ODBC', ...(role === 'source' ? ['-LOCAL_FILES'] : [])],
    connectAttributes: { program_name: 'dbsync' },
  }) as unknown as Driver
  // For an IP address the driver names no server to TLS, which would then compare the certificate with "localhost".
  if (ssl !== undefined) Object.assign(driver.stream, { _host: options.host })
  return driver
}
