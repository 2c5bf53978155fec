import { type Batch, type CommitReceipt, SyncError, type TableWriter, tableName, type WriteWork } from '@dbsync/core/plugin'
import { Ledger, NdjsonEncoder, OPERATION, tableNameFor } from '@dbsync/warehouse'
import { encodedColumns, keyOf } from './columns.ts'
import { tenantCondition } from './conditions.ts'
import { renderChange, tableAt } from './ddl.ts'
import { diffTenant } from './diff.ts'
import type { Job } from './jobs.ts'
import { mergeStatement } from './merge.ts'
import type { Mutexes } from './mutexes.ts'
import type { Session } from './reader.ts'
import type { Settings } from './settings.ts'
import { quoteName } from './sql.ts'
import { createStaging, dropStaging, stagingFields, stagingName } from './staging.ts'

export type WriterOptions = Session & {
  readonly settings: Settings
  readonly work: WriteWork
  readonly mutexes: Mutexes
  /** Throws where the lock of the tenant is gone. */
  readonly allowed: () => void
  /** Told what was lost of values, when they are visible. */
  readonly warn: (message: string) => void
  readonly signal: AbortSignal
}

const NOTHING: CommitReceipt = { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }
/** A table takes 1,500 loads a day: files of large tables grow. */
const LOADS_PER_SIZE = 200
const LARGEST_LOAD = 64_000_000

/** Rows go into a staging table by load jobs; one MERGE then makes them visible. */
export class BigqueryWriter implements TableWriter {
  readonly #options: WriterOptions
  readonly #ledger: Ledger
  #encoder: NdjsonEncoder
  #staging: string | undefined
  #loads = 0
  #upserts = 0
  #deletes = 0
  #loading: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: WriterOptions) {
    this.#options = options
    this.#ledger = new Ledger(options.work.schema.table, options.settings.strict)
    this.#encoder = this.#newEncoder()
  }

  async write({ upserts, deletes }: Batch): Promise<void> {
    this.#usable()
    if (deletes !== undefined && deletes.rowCount > 0) {
      this.#encoder.addDeletes(deletes)
      this.#deletes += deletes.rowCount
    }
    if (upserts !== undefined && upserts.rowCount > 0) {
      this.#sameColumns(upserts.columns)
      this.#encoder.add(upserts)
      this.#upserts += upserts.rowCount
    }
    if (this.#encoder.byteLength >= this.#loadSize()) await this.#load()
  }

  async commit(): Promise<CommitReceipt> {
    this.#usable()
    const { work, signal, mutexes, allowed, warn } = this.#options
    const replacing = work.disposition === 'replace'
    if (!replacing && this.#upserts + this.#deletes === 0) return NOTHING
    if (this.#encoder.byteLength > 0) await this.#load()
    await this.#loading
    const staging = this.#staging ?? (await this.#stage())
    if (replacing) await this.#ensureTable()
    const receipt = await mutexes.run(tableNameFor(work.schema.table.name), async () => {
      allowed()
      signal.throwIfAborted()
      return await this.#merge(staging)
    })
    for (const line of this.#ledger.lines()) warn(line)
    await this.#unstage()
    this.#closed = replacing
    this.#encoder = this.#newEncoder()
    this.#upserts = 0
    this.#deletes = 0
    return receipt
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#loading.catch(() => {})
    await this.#unstage()
  }

  async #merge(staging: string): Promise<CommitReceipt> {
    const { work, settings, place, jobs, signal } = this.#options
    const name = tableName(work.schema.table)
    const effects = { upserts: this.#upserts > 0, deletes: this.#deletes > 0 }
    const keyed = work.schema.key.length > 0
    const marked = settings.deletes === 'soft' && effects.deletes && keyed ? await this.#present(staging) : 0
    const job = await jobs.execute(`writing ${name}`, mergeStatement(work, effects, { place, staging, deletes: settings.deletes }), signal)
    const replacing = work.disposition === 'replace' && settings.deletes !== 'soft'
    return receiptOf(job, { upserts: this.#upserts, replacing, marked: keyed || replacing ? marked : 'all' })
  }

  /** Of the rows that are to be marked as deleted, those that are there. */
  async #present(staging: string): Promise<number> {
    const { work, place, jobs, signal } = this.#options
    const { schema } = work
    const key = keyOf(schema).map(({ name }) => quoteName(name))
    const same = key.map((name) => `T.${name} = S.${name}`).join(' AND ')
    const staged = `SELECT ${key.join(', ')} FROM ${quoteName(place.project, place.dataset, staging)} GROUP BY ${key.join(', ')} HAVING COUNT(${OPERATION}) = COUNT(*)`
    const sql = `SELECT CAST(COUNT(*) AS STRING) FROM ${tableAt(place, schema.table)} T JOIN (${staged}) S ON ${same} WHERE ${tenantCondition(schema.table.database, 'T.')}`
    const [[count] = []] = await jobs.rows(`counting ${tableName(schema.table)}`, sql, signal)
    return Number(count)
  }

  /** Another tenant may have made the table meanwhile, or may have other columns: what is there is looked at again. */
  async #ensureTable(): Promise<void> {
    const { work, place, jobs, tables, mutexes, signal } = this.#options
    const { schema } = work
    if (work.existing !== undefined) return
    await mutexes.run(tableNameFor(schema.table.name), async () => {
      const run = async (statements: readonly string[]) => {
        tables.changed()
        for (const sql of statements) await jobs.execute(`making ${tableName(schema.table)}`, sql, signal)
      }
      const find = async () => (await tables.describe(schema.table.database, [schema.table.name], signal))[0]
      if ((await find()) === undefined) await run(renderChange({ type: 'create-table', schema }, place))
      const there = await find()
      const { changes, conflicts } = there === undefined ? { changes: [], conflicts: ['it is not there although it was just made'] } : diffTenant(there, schema)
      if (conflicts.length > 0) {
        throw new SyncError('SCHEMA_CONFLICT', `${tableName(schema.table)} does not fit the table of the other tenants: ${conflicts.join('; ')}.`, {
          kind: 'refused',
          table: schema.table,
          hint: 'Make the definitions of the tenants equal, set type_overrides for the column, or give this tenant a target with a dataset of its own.',
        })
      }
      for (const change of changes) await run(renderChange(change, place))
      tables.changed()
    })
  }

  async #load(): Promise<void> {
    const { work, jobs, rest, place, signal } = this.#options
    const tableId = this.#staging ?? (await this.#stage())
    await this.#loading
    const lines = this.#encoder.take()
    this.#loads++
    const load = {
      destinationTable: { projectId: rest.project, datasetId: place.dataset, tableId },
      sourceFormat: 'NEWLINE_DELIMITED_JSON',
      schema: { fields: stagingFields(work.schema) },
      autodetect: false,
      ignoreUnknownValues: false,
      maxBadRecords: 0,
      createDisposition: 'CREATE_NEVER',
      writeDisposition: 'WRITE_APPEND',
    }
    this.#loading = jobs.load(`loading ${tableName(work.schema.table)}`, load, lines, signal)
    // A failure is heard when the next one waits for it, or the commit does.
    this.#loading.catch(() => {})
  }

  async #stage(): Promise<string> {
    const { work, rest, place, signal } = this.#options
    const name = stagingName(work.schema.table)
    this.#staging = name
    await createStaging(rest, place.dataset, name, work.schema, signal)
    return name
  }

  async #unstage(): Promise<void> {
    const { rest, place } = this.#options
    const name = this.#staging
    this.#staging = undefined
    if (name !== undefined) await dropStaging(rest, place.dataset, name, AbortSignal.timeout(60_000))
  }

  #loadSize = (): number => Math.min(LARGEST_LOAD, this.#options.settings.loadBytes * 2 ** Math.floor(this.#loads / LOADS_PER_SIZE))

  #newEncoder(): NdjsonEncoder {
    const { work } = this.#options
    return new NdjsonEncoder({
      table: work.schema.table,
      columns: encodedColumns(work.schema),
      ledger: this.#ledger,
      hashed: work.schema.key.length === 0,
      sequenced: work.disposition === 'merge',
    })
  }

  #usable(): void {
    this.#options.signal.throwIfAborted()
    if (this.#closed) throw new Error('the writer is closed')
  }

  #sameColumns(columns: readonly { readonly name: string }[]): void {
    const wanted = encodedColumns(this.#options.work.schema)
    if (columns.length === wanted.length && wanted.every(({ column }, i) => column.name === columns[i]?.name)) return
    throw new Error(`rows with other columns than ${tableName(this.#options.work.schema.table)}`)
  }
}

/** In a replaced table a row that went and one that came count as one that was updated. */
function receiptOf(
  { statistics }: Job,
  { upserts, replacing, marked }: { readonly upserts: number; readonly replacing: boolean; readonly marked: number | 'all' },
): CommitReceipt {
  const { insertedRowCount, updatedRowCount, deletedRowCount } = statistics?.query?.dmlStats ?? {}
  const [inserted, updated, deleted] = [Number(insertedRowCount ?? 0), Number(updatedRowCount ?? 0), Number(deletedRowCount ?? 0)]
  if (replacing) {
    const both = Math.min(inserted, deleted)
    return { inserted: inserted - both, updated: both, deleted: deleted - both, unchanged: 0 }
  }
  // Without a key no row is ever changed: what was updated was marked.
  const gone = marked === 'all' ? updated : marked
  const changed = updated - gone
  return { inserted, updated: changed, deleted: deleted + gone, unchanged: Math.max(0, upserts - inserted - changed) }
}
