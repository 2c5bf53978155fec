import {
  type BackupPoint,
  type BackupRequest,
  type Journal,
  type ServerIdentity,
  SyncError,
  storedColumns,
  type TableRef,
  type TableSchema,
  type WriteEffects,
  type WriteWork,
} from '@dbsync/core/plugin'
import { describeTables, type MysqlConnection, mysqlError, quoteTable, refuseAmbiguous, selectList } from '@dbsync/mysql'
import type { Connections } from '../connections.ts'
import type { Witness } from '../witness.ts'
import { asItIs, changesAnyRow, withHash } from './before-change.ts'
import { type JournalEnd, type JournalHeader, journalManifest, type RowsDigest, tableId } from './content.ts'
import { JournalFile } from './journal-file.ts'
import { SegmentWriter } from './segment-writer.ts'
import { type TakeStatements, takeStatements } from './take.ts'

/** What is added to the name of a journal while its run is at work. */
export const UNFINISHED = '.unfinished'

const LIMITS = { batchRows: 20_000, batchBytes: 1 << 20, transient: true } as const

export type JournalOptions = {
  /** Where it lies once it is finished; until then `.unfinished` is added. The folder is there, and the caller has seen that the name is free. */
  readonly path: string
  /** Its name until its beginning is on disk. */
  readonly temporary: string
  /** What a user types. */
  readonly name: string
  readonly request: BackupRequest
  readonly server: ServerIdentity
  /** Name of the newest point that an earlier run left at this target. */
  readonly previous: string | null
  readonly connections: Connections
}

/** Creates the journal of a run. A journal that has a name has its beginning on disk. `undefined`: the name is taken. */
export async function openJournal(options: JournalOptions): Promise<RunJournal | undefined> {
  const { path, temporary, request, server, previous } = options
  const { at, run, target, state } = request
  const header: JournalHeader = { version: 1, madeAt: at.toISOString(), run, target, server, state, previous }
  const file = await JournalFile.create(temporary)
  try {
    await file.append('header', 0, header)
    await file.sync()
    if (await file.rename(path + UNFINISHED)) return new RunJournal(options, header, file)
  } catch (error) {
    await file.close()
    await file.remove()
    throw error
  }
  await file.close()
  await file.remove()
  return undefined
}

/** What goes along with a writer so that its commits can be undone. */
export function witnessOf(journal: Journal, work: WriteWork, signal: AbortSignal): Witness {
  if (!(journal instanceof RunJournal)) throw new Error(`the journal ${journal.name} is not of this target`)
  return journal.witness(work, signal)
}

/** The journal of one run at one target. */
export class RunJournal implements Journal {
  readonly name: string
  readonly #options: JournalOptions
  readonly #header: JournalHeader
  readonly #file: JournalFile
  /** Tables that are in it as a whole, by now or soon: what else is done to them needs nothing more. */
  readonly #whole = new Map<string, Promise<void>>()
  readonly #segments: SegmentWriter
  #closed = false

  constructor(options: JournalOptions, header: JournalHeader, file: JournalFile) {
    this.name = options.name
    this.#options = options
    this.#header = header
    this.#file = file
    this.#segments = new SegmentWriter(file)
  }

  keep(table: TableRef, signal: AbortSignal): Promise<void> {
    const id = tableId(table)
    let keeping = this.#whole.get(id)
    if (keeping === undefined) {
      keeping = this.#options.connections.with(signal, (connection) => this.#keepWhole(connection, table, signal))
      this.#whole.set(id, keeping)
      // Whoever asks next tries again; who asked now hears of it.
      keeping.catch(() => this.#whole.delete(id))
    }
    return keeping
  }

  /** Takes down what the commits of one writer change, each time before it changes anything. */
  witness(work: WriteWork, signal: AbortSignal): Witness {
    const { table } = work.schema
    const { existing } = work
    if (existing === undefined || changesAnyRow(work, existing)) return { prepare: () => this.keep(table, signal) }
    let taken: { readonly segment: number; readonly statements: TakeStatements } | undefined
    return {
      before: async (connection, effects) => {
        taken = undefined
        if (this.#whole.has(tableId(table))) return await this.#whole.get(tableId(table))
        taken = await this.#takeRows(connection, { work, existing, effects, signal })
      },
      after: async (connection) => {
        if (taken === undefined) return
        const [[rows, sum] = []] = await connection.query(taken.statements.after, signal)
        await this.#file.append('after', taken.segment, { rows: Number(rows), sum: sum ?? '0' } satisfies RowsDigest)
      },
      rolledBack: async () => {
        // What a table without transactions was changed to stays.
        if (taken === undefined || !existing.transactional) return
        await this.#file.append('void', taken.segment, null).catch((error: unknown) => {
          // To undo what never happened changes nothing: the note is a convenience, and the error that brought us here counts.
          if (!SyncError.is(error)) throw error
        })
        taken = undefined
      },
    }
  }

  async finish(): Promise<BackupPoint | undefined> {
    const { path, name } = this.#options
    this.#closed = true
    await using file = this.#file
    if (this.#segments.tables.length === 0) {
      await file.remove()
      return undefined
    }
    const end: JournalEnd = { tables: this.#segments.tables, sha256: file.sha256 }
    await file.append('end', 0, end)
    await file.sync()
    if (!(await file.rename(path))) throw new Error(`${path} was there before the journal that was to get this name`)
    const { madeAt } = this.#header
    return { name, path, kind: 'journal', bytes: file.bytes, madeAt, manifest: journalManifest(this.#header, end) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#file[Symbol.asyncDispose]()
  }

  async #keepWhole(connection: MysqlConnection, table: TableRef, signal: AbortSignal): Promise<void> {
    try {
      const [schema] = await describeTables(connection, table.database, [table.name])
      if (schema === undefined) {
        await this.#segments.segment({ holds: 'absent', table }, async () => ({ rows: 0, keys: 0 }))
      } else {
        const columns = storedColumns(schema)
        await refuseAmbiguous(connection, schema, columns, '', signal)
        await this.#segments.segment({ holds: 'whole', table, schema, columns }, async (segment) => {
          const rows = connection.select(`SELECT ${selectList(columns)} FROM ${quoteTable(schema.table)}`, columns, { ...LIMITS, signal })
          return { rows: await this.#segments.batches('rows', segment, rows), keys: 0 }
        })
      }
    } catch (error) {
      throw mysqlError(error, { doing: 'keeping for a rollback', table, label: connection.server.label, user: connection.user })
    }
  }

  async #takeRows(connection: MysqlConnection, take: Take): Promise<{ readonly segment: number; readonly statements: TakeStatements }> {
    const { work, effects, signal } = take
    const existing = await asItIs(connection, take.existing)
    const statements = takeStatements(work, existing, effects)
    const { columns, keyColumns, table } = { ...statements, table: existing.table }
    await refuseAmbiguous(connection, existing, columns, statements.touched, signal)
    const segment = await this.#segments.segment({ holds: 'rows', table, schema: existing, columns, keyColumns }, async (segment) => {
      let [rows, keys] = [0, 0]
      for (const sql of statements.rows) rows += await this.#segments.batches('rows', segment, connection.select(sql, columns, { ...LIMITS, signal }))
      for (const sql of statements.keys) {
        const batches = connection.select(sql, keyColumns, { ...LIMITS, signal })
        keys += await this.#segments.batches('keys', segment, existing.key.length > 0 ? batches : withHash(batches, existing))
      }
      return { rows, keys }
    })
    return { segment, statements }
  }
}

type Take = { readonly work: WriteWork; readonly existing: TableSchema; readonly effects: WriteEffects; readonly signal: AbortSignal }
