import type { Readable } from 'node:stream'
import { type Column, type RowBatch, SyncError } from '@dbsync/core/plugin'
import { type BulkStatement, offerBulk, sendAhead } from './bulk.ts'
import { asBytes, type Driver, openDriver, type Prepared } from './driver.ts'
import { mysqlError } from './errors.ts'
import { loadStream } from './load.ts'
import { address, type MysqlOptions } from './options.ts'
import { type BatchLimits, packedRows } from './select.ts'
import { FACTS_SQL, type ServerFacts, serverFacts } from './server.ts'
import { type Role, SESSION_START, sessionSetup } from './session.ts'
import { stillWorking } from './still-working.ts'

export type StatementResult = {
  readonly affectedRows: number
  readonly warnings: number
  /** The server's own sentence: `Records: 3  Deleted: 0  Skipped: 0  Warnings: 0`. */
  readonly info: string
}

/**
 * One session in a known state: UTC, strict, literals compared byte by byte, results in the bytes in which they are stored.
 * One statement at a time. Every loss of the connection rejects the statement with a transient error, and no statement
 * ever waits for a server that has gone. A statement whose signal aborts takes the connection with it.
 */
export interface MysqlConnection extends AsyncDisposable {
  readonly server: ServerFacts
  /** The server's number for this session. */
  readonly id: number
  readonly user: string
  /** False once the connection is lost or closed; it never comes back. */
  readonly alive: boolean
  /** A small result, read as UTF-8. */
  query(sql: string, signal?: AbortSignal): Promise<readonly (readonly (string | null)[])[]>
  execute(sql: string, signal?: AbortSignal): Promise<StatementResult>
  /** A result of any size as packed rows of `columns`, pulled. Leaving the loop early closes the connection. */
  select(sql: string, columns: readonly Column[], options: BatchLimits & { readonly signal: AbortSignal }): AsyncIterable<RowBatch>
  /** `LOAD DATA LOCAL INFILE '' …` fed from `body`; a body that throws takes the connection with it, so that the server rolls the statement back. */
  load(sql: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StatementResult>
  /** Whether the server takes many rows for one statement: MariaDB from 10.5 on, where the wire is not compressed. */
  readonly takesBulk: boolean
  /** Prepares `sql`, which has a `?` for each of `cells` cells, and uses the connection until `end`. Only where `takesBulk`. */
  bulk(sql: string, cells: number, signal: AbortSignal): Promise<BulkStatement>
  /** Bytes on the wire since the connection was made. */
  traffic(): { readonly received: number; readonly sent: number }
}

export type ConnectTuning = {
  /** After so many milliseconds without a byte it is checked whether the server still works on the statement. */
  readonly idleMs?: number
  readonly connectMs?: number
}

/** Connects and prepares the session. Throws `connection` errors that name host and port; never falls back to plain text. */
export async function connect(options: MysqlOptions, role: Role, signal: AbortSignal, tuning: ConnectTuning = {}): Promise<MysqlConnection> {
  if (signal.aborted) throw cancelled(signal)
  const context = { doing: 'connecting', label: address(options), user: options.user }
  const driver = await openDriver(options, role, tuning.connectMs ?? 10_000)
  // Compressed packets have numbers of their own, which statements sent ahead would mix up.
  const bulk = role === 'target' && options.compress !== true ? offerBulk(driver) : () => false
  const session = new Session(driver, options, role, tuning)
  try {
    await session.open(signal)
    session.takesBulk = bulk()
    await session.execute(SESSION_START, signal)
    session.server = serverFacts(await session.query(FACTS_SQL, signal), address(options))
    for (const sql of sessionSetup(session.server, role)) await session.execute(sql, signal)
    return session
  } catch (error) {
    session.destroy(error)
    throw mysqlError(error, context)
  }
}

export const cancelled = (signal: AbortSignal): SyncError =>
  SyncError.is(signal.reason) ? signal.reason : new SyncError('MYSQL_CANCELLED', 'stopped', { kind: 'cancelled', cause: signal.reason })

/** A statement under way. */
type Statement = { fail(error: Error): void; waiting: boolean }

class Session implements MysqlConnection {
  server: ServerFacts = serverFacts([], '')
  takesBulk = false
  readonly user: string
  readonly #driver: Driver
  readonly #options: MysqlOptions
  readonly #role: Role
  readonly #tuning: ConnectTuning
  #statement: Statement | undefined
  #dead: Error | undefined
  #watch: NodeJS.Timeout | undefined
  /** The body that the server has asked for. */
  #loading: Readable | undefined

  constructor(driver: Driver, options: MysqlOptions, role: Role, tuning: ConnectTuning) {
    this.#driver = driver
    this.#options = options
    this.#role = role
    this.#tuning = tuning
    this.user = options.user
    driver.on('error', (error) => this.destroy(error))
    driver.stream.once('close', () => this.destroy(lost()))
  }

  get id(): number {
    return this.#driver.threadId
  }

  get alive(): boolean {
    return this.#dead === undefined
  }

  open(signal: AbortSignal): Promise<void> {
    return this.#run(signal, (done) => this.#driver.once('connect', () => done(null, undefined)))
  }

  async query(sql: string, signal?: AbortSignal): Promise<readonly (readonly (string | null)[])[]> {
    const rows = await this.#run<unknown>(signal, (done) => this.#driver.query({ sql, ...asBytes }, done))
    return Array.isArray(rows) ? (rows as (Buffer | null)[][]).map((row) => row.map((cell) => cell?.toString('utf8') ?? null)) : []
  }

  async execute(sql: string, signal?: AbortSignal): Promise<StatementResult> {
    return result(await this.#run<unknown>(signal, (done) => this.#driver.query({ sql, ...asBytes }, done)))
  }

  async *select(sql: string, columns: readonly Column[], options: BatchLimits & { readonly signal: AbortSignal }): AsyncGenerator<RowBatch> {
    const rows = packedRows(this.#driver, columns, options)
    const end = this.#begin(options.signal, rows)
    let complete = false
    try {
      rows.start(sql)
      for await (const batch of rows) yield batch
      complete = true
    } catch (error) {
      // An error of the server's own leaves the connection as it was.
      complete = rows.ended
      throw this.#translate(error)
    } finally {
      end()
      if (!complete) this.destroy(new SyncError('MYSQL_CONNECTION_LOST', 'the connection was closed in the middle of a result', { kind: 'transient' }))
    }
  }

  async load(sql: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StatementResult> {
    if (this.#role !== 'target') throw new Error('a source connection cannot load')
    const stream = loadStream(body, (error) => this.destroy(error))
    // Not before the server has asked for rows does it wait for us: its question can be lost too.
    const asked = () => {
      this.#loading = stream
      return stream
    }
    try {
      return result(await this.#run<unknown>(signal, (done) => this.#driver.query({ sql, ...asBytes, infileStreamFactory: asked }, done)))
    } finally {
      // Bytes still to be sent after the server has given up would be taken for the next statement.
      if (stream.readableDidRead && !stream.readableEnded) this.destroy(lost())
      stream.destroy()
      this.#loading = undefined
    }
  }

  async bulk(sql: string, cells: number, signal: AbortSignal): Promise<BulkStatement> {
    if (!this.takesBulk) throw new Error('this connection takes no bulk statements')
    const driver = this.#driver
    const prepared = await this.#run<Prepared>(signal, (done) => driver.prepare({ sql }, done))
    const { statement, fail, owing } = sendAhead(driver, prepared.id, cells, this.server.maxAllowedPacket)
    const release = this.#begin(signal, {
      fail,
      get waiting() {
        return owing()
      },
    })
    return {
      ...statement,
      end: async () => {
        try {
          return await statement.end()
        } catch (error) {
          throw this.#dead ?? this.#translate(error)
        } finally {
          release()
          if (this.alive) driver.unprepare(sql)
        }
      },
    }
  }

  traffic(): { readonly received: number; readonly sent: number } {
    return { received: this.#driver.stream.bytesRead ?? 0, sent: this.#driver.stream.bytesWritten ?? 0 }
  }

  /** Closes at once; a statement under way fails with this error. The first reason stays. */
  destroy(reason: unknown): void {
    if (this.#dead !== undefined) return
    this.#dead = this.#translate(reason)
    clearInterval(this.#watch)
    this.#driver.stream.destroy()
    this.#statement?.fail(this.#dead)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#dead !== undefined) return
    if (this.#statement === undefined) {
      const { promise: closed, resolve } = Promise.withResolvers<void>()
      this.#driver.stream.once('close', () => resolve())
      const timer = setTimeout(resolve, 1000)
      this.#driver.end()
      await closed
      clearTimeout(timer)
    }
    this.destroy(new SyncError('MYSQL_CONNECTION_LOST', 'the connection is closed', { kind: 'transient' }))
  }

  async #run<T>(signal: AbortSignal | undefined, start: (done: (error: Error | null, result: T) => void) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const end = this.#begin(signal, { fail: reject, waiting: true })
    try {
      start((error, value) => (error === null || error === undefined ? resolve(value) : reject(error)))
      return await promise
    } catch (error) {
      if (this.#driver.stream.destroyed || isFatal(error)) this.destroy(error)
      throw this.#dead ?? this.#translate(error)
    } finally {
      end()
    }
  }

  /** Registers the statement and its signal; the answer ends both. */
  #begin(signal: AbortSignal | undefined, statement: Statement): () => void {
    if (signal?.aborted) throw cancelled(signal)
    if (this.#dead !== undefined) throw this.#dead
    if (this.#statement !== undefined) throw new Error('this connection is in the middle of another statement')
    this.#statement = statement
    this.#watch ??= this.#watchOver()
    const abort = () => this.destroy(cancelled(signal as AbortSignal))
    signal?.addEventListener('abort', abort, { once: true })
    return () => {
      signal?.removeEventListener('abort', abort)
      this.#statement = undefined
    }
  }

  /** A server, a router or a firewall can go without a word: TCP alone notices after minutes or never. One watch for all statements of the session. */
  #watchOver(): NodeJS.Timeout {
    let last: { readonly statement: Statement | undefined; readonly bytes: number } | undefined
    let asking = false
    const look = async () => {
      const statement = this.#statement
      const { received, sent } = this.traffic()
      const seen = received + sent
      const idle = last?.statement === statement && last?.bytes === seen
      last = { statement, bytes: seen }
      if (!idle || statement === undefined || !statement.waiting || asking) return
      asking = true
      const owing = this.#loading !== undefined && this.#driver.stream.writableLength === 0 && !this.#loading.readableEnded
      const working = await stillWorking(this.id, this.server.id, owing, () => connect(this.#options, this.#role, AbortSignal.timeout(20_000), this.#tuning))
      asking = false
      const moved = this.traffic().received + this.traffic().sent !== seen
      if (working || moved || this.#statement !== statement || !statement.waiting) return
      this.destroy(new SyncError('MYSQL_SILENT', `${this.server.label} stopped answering`, { kind: 'transient' }))
    }
    const watch = setInterval(() => {
      look().catch((error: unknown) => this.destroy(error))
    }, this.#tuning.idleMs ?? 60_000)
    return watch.unref()
  }

  #translate(error: unknown): Error {
    return mysqlError(error, { doing: 'running a statement', label: this.server.label, user: this.user })
  }
}

function result(answer: unknown): StatementResult {
  const header = (answer ?? {}) as { affectedRows?: number; warningStatus?: number; info?: string }
  return { affectedRows: header.affectedRows ?? 0, warnings: header.warningStatus ?? 0, info: (header.info ?? '').trim() }
}

const isFatal = (error: unknown): boolean => error instanceof Error && 'fatal' in error && error.fatal === true

const lost = (): Error => Object.assign(new Error('the server closed the connection'), { code: 'PROTOCOL_CONNECTION_LOST' })
