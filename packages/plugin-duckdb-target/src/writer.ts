import { type Batch, type CommitReceipt, type TableWriter, tableName, type WriteWork } from '@dbsync/core/plugin'
import { goingStatement, missingChanges, ParquetEncoder, PendingRows, type Queries, tableNameFor } from '@dbsync/warehouse'
import type { DuckDBConnection } from '@duckdb/node-api'
import { renderChange, tableAt } from './ddl.ts'
import { describeTables } from './describe.ts'
import { DUCKDB } from './dialect.ts'
import { duckdbError } from './failures.ts'
import type { WarehouseFile } from './file.ts'
import { RowsFile, STAGING, stage } from './load.ts'
import { commitStatements } from './preview.ts'
import { execute, runAtOnce, selected } from './queries.ts'
import { receiptOf } from './receipt.ts'
import type { Settings } from './settings.ts'
import { splitRows } from './split-rows.ts'

export type WriterOptions = {
  readonly file: WarehouseFile
  readonly queries: Queries
  readonly settings: Settings
  readonly work: WriteWork
  /** Throws where the lock of the tenant is gone. */
  readonly allowed: () => void
  /** Told what was lost of values, when they are visible. */
  readonly warn: (message: string) => void
  /** About so many bytes of rows may be in memory, as it is now. */
  readonly room: () => number
  /** Told that it is disposed. */
  readonly ended: () => void
  readonly signal: AbortSignal
}

/**
 * DuckDB keeps a table in groups of 122,880 rows, and each of its threads takes whole groups of a file. Where those are smaller, each thread is left with a part of a group
 * in the end, and all of the last ones are written again when the file is closed.
 */
const GROUP_ROWS = 122_880

const NOTHING: CommitReceipt = { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }

/** Rows go into a file beside the warehouse; one transaction then makes them visible. */
export class DuckdbWriter implements TableWriter {
  readonly #options: WriterOptions
  readonly #connection: DuckDBConnection
  readonly #rows: PendingRows<ParquetEncoder>
  /** Of the next commit. */
  #file: RowsFile | undefined
  #closed = false
  #ended = false

  constructor(options: WriterOptions, connection: DuckDBConnection) {
    this.#options = options
    this.#connection = connection
    this.#rows = new PendingRows({ dialect: DUCKDB, work: options.work, strict: options.settings.strict, encoder: (encoding) => new ParquetEncoder(encoding) })
  }

  async write({ table, upserts, deletes }: Batch): Promise<void> {
    this.#usable()
    if (deletes !== undefined) await this.#add({ table, deletes })
    for (let left = upserts; left !== undefined; ) {
      const [rows, rest] = splitRows(left, GROUP_ROWS - this.#rows.encoder.openRows)
      await this.#add({ table, upserts: rows })
      left = rest
    }
  }

  async commit(): Promise<CommitReceipt> {
    this.#usable()
    const { work, file, signal, allowed, warn } = this.#options
    const replacing = work.disposition === 'replace'
    if (!replacing && this.#rows.isEmpty) return NOTHING
    const receipt = await this.#said('writing', async () => {
      const { path } = await this.#put(this.#rows.encoder.end())
      await execute(this.#connection, stage(work.schema, path), signal)
      return await file.alone(tableNameFor(work.schema.table.name).toLowerCase(), async () => {
        allowed()
        signal.throwIfAborted()
        if (replacing && work.existing === undefined) await this.#ensureTable()
        return await this.#commit()
      })
    })
    for (const line of this.#rows.committed()) warn(line)
    this.#closed = replacing
    await this.#removeFile()
    return receipt
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#closed = true
    this.#connection.interrupt()
    await this.#removeFile()
    this.#connection.closeSync()
    this.#options.ended()
  }

  async #commit(): Promise<CommitReceipt> {
    const { work, settings, signal } = this.#options
    const connection = this.#connection
    const { effects, upserts } = this.#rows
    await execute(connection, 'BEGIN', signal)
    try {
      const going = effects.deletes && work.schema.key.length > 0 && settings.deletes !== 'ignore' ? await this.#going() : 0
      const before = await this.#count()
      const changed: number[] = []
      for (const sql of commitStatements(work, effects, settings.deletes)) changed.push(await execute(connection, sql, signal))
      const grown = (await this.#count()) - before
      // From here on there is no way back: an abort would not tell whether it is done.
      await connection.run('COMMIT')
      return receiptOf(work, settings.deletes, { changed, grown, going, upserts })
    } catch (error) {
      // A transaction that failed as a whole is gone already.
      await connection.run('ROLLBACK').catch(() => {})
      throw error
    }
  }

  async #count(): Promise<number> {
    return await this.#number(`SELECT CAST(COUNT(*) AS STRING) FROM ${tableAt(this.#options.work.schema.table)}`)
  }

  /** Of the rows that are to be deleted or marked, those that are there. */
  async #going(): Promise<number> {
    const { schema } = this.#options.work
    return await this.#number(goingStatement(DUCKDB, schema, { table: tableAt(schema.table), staging: STAGING }))
  }

  async #number(sql: string): Promise<number> {
    const pages = await Array.fromAsync(selected(this.#connection, sql, this.#options.signal))
    return Number(pages[0]?.[0]?.[0])
  }

  async #ensureTable(): Promise<void> {
    const { work, file, queries, settings, signal } = this.#options
    const { table } = work.schema
    const [there] = await describeTables(queries, table.database, [table.name], signal)
    const changes = missingChanges(DUCKDB, there, work.schema, settings)
    await runAtOnce(
      this.#connection,
      changes.flatMap((change) => renderChange(change, file.path)),
      signal,
    )
  }

  async #add(batch: Batch): Promise<void> {
    this.#rows.add(batch)
    const { encoder } = this.#rows
    if (encoder.openRows >= GROUP_ROWS || encoder.byteLength >= this.#options.room()) await this.#put(encoder.take())
  }

  async #put(pieces: readonly Uint8Array[]): Promise<RowsFile> {
    return await this.#said('writing rows on their way to', async () => {
      this.#file ??= await RowsFile.create(this.#options.file.scratch)
      await this.#file.append(pieces)
      return this.#file
    })
  }

  async #removeFile(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.remove()
  }

  #usable(): void {
    this.#options.signal.throwIfAborted()
    if (this.#closed) throw new Error('the writer is closed')
  }

  async #said<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw duckdbError(error, `${doing} ${tableName(this.#options.work.schema.table)}`, this.#options.file.path)
    }
  }
}
