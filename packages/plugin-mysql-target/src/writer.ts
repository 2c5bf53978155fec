import { setTimeout as sleep } from 'node:timers/promises'
import { type Batch, type CommitReceipt, type RowBatch, SyncError, type TableRef, type TableWriter, tableName, type WriteWork } from '@dbsync/core/plugin'
import { type MysqlConnection, mysqlError, serverErrno } from '@dbsync/mysql'
import type { Connections } from './connections.ts'
import { lockTable, releaseTable } from './lock.ts'
import { Tally } from './receipt.ts'
import { type Dialect, dropTables, type Staging } from './staging.ts'
import { loadBeside, type StagingLoad, startLoad } from './staging-load.ts'
import { writeStatements } from './statements.ts'
import { BEGIN, COMMIT, type Statements } from './steps.ts'
import type { Witness } from './witness.ts'

const DUPLICATE = new Set([1062, 1586])
/** A deadlock or a lock wait: the staged rows are still there, so the transaction alone is done again. */
const BUSY = new Set([1205, 1213, 1020])
const TRIES = 6
const PAUSE_MS = 500
const CLEAN_UP_MS = 20_000

export type WriterOptions = {
  readonly work: WriteWork
  readonly dialect: Dialect
  readonly connections: Connections
  readonly signal: AbortSignal
  /** Throws when this run may not write to the database any more. Called before anything becomes visible. */
  readonly allowed: () => void
  readonly witness?: Witness | undefined
}

/** Takes the table's lock at once: what an earlier client still does to the table is over when this resolves. */
export async function openWriter(options: WriterOptions): Promise<TableWriter> {
  const { connections, work, signal } = options
  const main = await connections.lease(signal)
  try {
    await lockTable(main, work.schema.table, signal)
    return new Writer(options, main)
  } catch (error) {
    await connections.drop(main)
    throw error
  }
}

class Writer implements TableWriter {
  readonly #options: WriterOptions
  /** Holds the lock, and runs the transaction. */
  readonly #main: MysqlConnection
  #side: MysqlConnection | undefined
  #rows: StagingLoad | undefined
  /** Either way in may be the first to need it, and both at once. */
  #startingRows: Promise<StagingLoad> | undefined
  /** Further loads of the same rows, each over a connection of its own. */
  readonly #beside: { readonly connection: MysqlConnection; readonly load: StagingLoad }[] = []
  #gone: StagingLoad | undefined
  /** Staging tables may be there that must go when there is no commit. */
  #staged = false
  /** The table's triggers were taken away and are not back yet. */
  #away = false
  /** The one commit of a full copy is done: another one must not empty the table. */
  #replaced = false
  #failure: { readonly error: unknown } | undefined
  /** Its connections may be somebody else's by now. */
  #closed = false

  constructor(options: WriterOptions, main: MysqlConnection) {
    this.#options = options
    this.#main = main
  }

  async write({ upserts, deletes }: Batch): Promise<void> {
    await this.#guarded(async () => {
      if (upserts !== undefined && upserts.rowCount > 0) await (await this.#rowLoad()).write(upserts)
      if (deletes !== undefined && deletes.rowCount > 0) await (await this.#goneLoad(deletes)).write(deletes)
    })
  }

  async beside(): Promise<TableWriter['write'] | undefined> {
    const { connections, dialect, signal, work } = this.#options
    if (work.disposition !== 'replace') return undefined
    return await this.#guarded(async () => {
      await this.#rowLoad()
      const staging = this.#statements(true, false).rows as Staging
      // A server that gives no further connection still takes the rows over those that it gave.
      const connection = await connections.lease(signal).catch((error: unknown) => {
        if (!isTrouble(error)) throw error
      })
      if (connection === undefined) return undefined
      const load = await loadBeside(connection, { staging, live: work.schema.table, dialect, signal }, this.#main).catch(async (error: unknown) => {
        await connections.drop(connection)
        throw error
      })
      if (load === undefined) {
        await connections.release(connection)
        return undefined
      }
      this.#beside.push({ connection, load })
      return ({ upserts }) =>
        this.#guarded(async () => {
          if (upserts !== undefined) await load.write(upserts)
        })
    })
  }

  async commit(): Promise<CommitReceipt> {
    return await this.#guarded(async () => {
      if (this.#options.work.disposition === 'replace' && !this.#replaced) await this.#rowLoad()
      if (this.#rows === undefined && this.#gone === undefined) return { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }
      const statements = this.#statements(this.#rows !== undefined, this.#gone !== undefined)
      const sent = ((await this.#rows?.end()) ?? 0) + (await this.#endBeside())
      await this.#gone?.end()
      this.#rows = undefined
      this.#startingRows = undefined
      this.#gone = undefined
      for (const sql of statements.prepare) await this.#main.execute(sql, this.#options.signal)
      const tally = await this.#finish(statements)
      this.#staged = false
      await this.#putBack(statements.back)
      this.#replaced = this.#options.work.disposition === 'replace'
      await this.#tidy(statements)
      const whole = statements.method === 'create' || statements.method === 'swap'
      return whole ? { inserted: sent, updated: 0, deleted: 0, unchanged: 0 } : tally.receipt(sent)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { connections, work } = this.#options
    this.#failure ??= { error: new Error('the writer is closed') }
    const abandoned = this.#rows !== undefined || this.#gone !== undefined
    for (const { connection, load } of this.#beside) {
      await load.abandon()
      await connections.drop(connection)
    }
    await this.#rows?.abandon()
    await this.#gone?.abandon()
    if (this.#staged) await this.#discard()
    if (this.#away) await this.#putBackLate()
    if (this.#side !== undefined) await (abandoned ? connections.drop(this.#side) : connections.release(this.#side))
    try {
      if (abandoned || this.#away) return await connections.drop(this.#main)
      if (this.#main.alive) await releaseTable(this.#main, work.schema.table)
      await connections.release(this.#main)
    } catch (error) {
      // The lock goes with the connection.
      await connections.drop(this.#main)
      if (!isTrouble(error)) throw error
    }
  }

  async #rowLoad(): Promise<StagingLoad> {
    if (this.#replaced) throw new Error('a full copy has one commit, and more rows came after it')
    this.#startingRows ??= this.#start(this.#statements(true, false).rows as Staging, this.#gone)
    this.#rows = await this.#startingRows
    return this.#rows
  }

  async #endBeside(): Promise<number> {
    let sent = 0
    for (let other = this.#beside.at(-1); other !== undefined; other = this.#beside.at(-1)) {
      sent += await other.load.end()
      this.#beside.pop()
      await this.#options.connections.release(other.connection)
    }
    return sent
  }

  async #goneLoad(deletes: RowBatch): Promise<StagingLoad> {
    if (this.#options.work.disposition === 'replace') throw new Error(`a full copy has no deletes, and ${deletes.rowCount} came`)
    this.#gone ??= await this.#start(this.#statements(false, true).gone as Staging, this.#rows)
    return this.#gone
  }

  /** A load keeps its connection busy: the second one gets another. */
  async #start(staging: Staging, other: StagingLoad | undefined): Promise<StagingLoad> {
    const { connections, dialect, signal, work } = this.#options
    let connection = this.#main
    if (other !== undefined) {
      this.#side ??= await connections.lease(signal)
      connection = this.#side
    }
    this.#staged = true
    return await startLoad(connection, { staging, live: work.schema.table, dialect, signal })
  }

  /** The transaction, or the rename, as a whole and again where another client stood in its way. */
  async #finish(statements: Statements): Promise<Tally> {
    const { witness, allowed, signal } = this.#options
    const effects = { upserts: statements.rows !== undefined, deletes: statements.gone !== undefined }
    await witness?.prepare?.()
    allowed()
    for (let attempt = 1; ; attempt++) {
      const tally = new Tally()
      let committing = false
      try {
        await this.#takeAway(statements.away)
        for (const step of statements.finish) {
          if (step === COMMIT) await witness?.after?.(this.#main)
          committing = step === COMMIT
          tally.add(step.does, await this.#main.execute(step.sql, signal))
          if (step === BEGIN) await witness?.before?.(this.#main, effects)
        }
        return tally
      } catch (error) {
        if (this.#main.alive) {
          await this.#main.execute('ROLLBACK')
          if (!committing) await witness?.rolledBack?.()
        }
        if (attempt === TRIES || !BUSY.has(serverErrno(error) ?? 0)) throw error
        await sleep(PAUSE_MS * attempt)
      }
    }
  }

  async #takeAway(away: readonly string[]): Promise<void> {
    this.#away ||= away.length > 0
    for (const sql of away) await this.#main.execute(sql, this.#options.signal)
  }

  /** Not to be stopped any more: the rows are in, and readers of the copy expect its triggers. */
  async #putBack(back: readonly string[]): Promise<void> {
    if (!this.#away) return
    try {
      for (const sql of back) await this.#main.execute(sql)
      this.#away = false
    } catch (error) {
      const { table } = this.#options.work.schema
      throw triggersAway(table, mysqlError(error, { doing: 'putting back a TRIGGER of', table, label: this.#main.server.label, user: this.#main.user }))
    }
  }

  /** After a failure. Under the table's lock, so that none comes back in the middle of another run's writing; else the next run does it. */
  async #putBackLate(): Promise<void> {
    const { connections, work, allowed } = this.#options
    const signal = AbortSignal.timeout(CLEAN_UP_MS)
    const { back } = this.#statements(true, false)
    const create = async (connection: MysqlConnection) => {
      for (const sql of back) await connection.execute(sql, signal)
    }
    try {
      allowed()
      if (this.#main.alive) await create(this.#main)
      else {
        await connections.with(signal, async (connection) => {
          await lockTable(connection, work.schema.table, signal)
          await create(connection)
          await releaseTable(connection, work.schema.table)
        })
      }
      this.#away = false
    } catch (error) {
      if (!isTrouble(error)) throw error
    }
  }

  /** The rows are in: what cannot be removed now is removed by the next run. */
  async #tidy(statements: Statements): Promise<void> {
    try {
      for (const sql of statements.cleanup) await this.#main.execute(sql, this.#options.signal)
    } catch (error) {
      if (!isTrouble(error)) throw error
    }
  }

  /** Removes staging tables without a commit, over a new connection where ours is lost. A server that has gone keeps them for the next run. */
  async #discard(): Promise<void> {
    const { connections } = this.#options
    const signal = AbortSignal.timeout(CLEAN_UP_MS)
    const { work } = this.#options
    const all = this.#statements(true, work.disposition === 'merge')
    // Never the table that was swapped out: should it be the only one left, the next run brings it back.
    const drops = [
      ...(all.method === 'swap' ? [] : all.cleanup),
      ...[all.rows, all.gone].flatMap((staging) => (staging === undefined ? [] : [dropTables([staging.table])])),
    ]
    const drop = async (connection: MysqlConnection) => {
      for (const sql of new Set(drops)) await connection.execute(sql, signal)
    }
    try {
      await (this.#main.alive ? drop(this.#main) : connections.with(signal, drop))
    } catch (error) {
      if (!isTrouble(error)) throw error
    }
  }

  #statements(upserts: boolean, deletes: boolean): Statements {
    return writeStatements(this.#options.work, { upserts, deletes }, this.#options.dialect)
  }

  /** After an error nothing more is taken: half of a commit must not become a whole one. */
  async #guarded<T>(action: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.error
    try {
      return await action()
    } catch (error) {
      this.#failure = { error: this.#explain(error) }
      throw this.#failure.error
    }
  }

  #explain(error: unknown): Error {
    const { table } = this.#options.work.schema
    const { label } = this.#main.server
    const plain = mysqlError(error, { doing: 'writing to', table, label, user: this.#main.user })
    const { schema, existing, disposition } = this.#options.work
    const further = [...schema.uniqueKeys, ...(existing?.uniqueKeys ?? [])]
    if (disposition !== 'merge' || further.length === 0 || !DUPLICATE.has(serverErrno(error) ?? 0)) return plain
    return new SyncError('MYSQL_UNIQUE_CLASH', `${label}, ${tableName(table)}: a row breaks a unique key of another row: ${plain.message}`, {
      kind: 'data',
      table,
      cause: error,
      hint: 'Nothing was overwritten. A comparison of the whole table puts both rows right: run again with --full.',
    })
  }
}

const triggersAway = (table: TableRef, error: Error): SyncError =>
  new SyncError(
    'MYSQL_TARGET_TRIGGERS_AWAY',
    `${tableName(table)}: the rows are written, and its triggers could not be put back afterwards: ${error.message}`,
    {
      kind: SyncError.is(error) ? error.kind : 'data',
      table,
      cause: error,
      hint: `${SyncError.is(error) && error.hint !== undefined ? `${error.hint} ` : ''}The next run puts them back.`,
    },
  )

/** Trouble with the server, which the next run meets anew or finds gone; anything else is a fault of ours. */
const isTrouble = (error: unknown): boolean => SyncError.is(error) && error.kind !== 'bug'
