import { type Batch, type CommitReceipt, type SchemaChange, type TableWriter, tableName, type WriteWork } from '@dbsync/core/plugin'
import { goingStatement, mergeStatement, missingChanges, NdjsonEncoder, PendingRows, tableNameFor } from '@dbsync/warehouse'
import type { LoadBudget } from './budget.ts'
import { renderChange, tableAt } from './ddl.ts'
import { BIGQUERY } from './dialect.ts'
import { definitionJob, type Job } from './jobs.ts'
import type { Mutexes } from './mutexes.ts'
import type { Session } from './reader.ts'
import type { Settings } from './settings.ts'
import { quoteName } from './sql.ts'
import { createStaging, dropStaging, loadJob, mergeJob, stagingFields, stagingName } from './staging.ts'

export type WriterOptions = Session & {
  readonly settings: Settings
  readonly work: WriteWork
  readonly mutexes: Mutexes
  readonly budget: LoadBudget
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
const MARGIN = 2_000_000

/** Rows go into a staging table by load jobs; one MERGE then makes them visible. */
export class BigqueryWriter implements TableWriter {
  readonly #options: WriterOptions
  readonly #rows: PendingRows<NdjsonEncoder>
  #staging: string | undefined
  #loads = 0
  /** Where the sink is while its memory is being loaded. Nothing is written there. */
  #spare: Buffer<ArrayBuffer> | undefined
  #closed = false

  constructor(options: WriterOptions) {
    this.#options = options
    const { work, settings } = options
    // What goes over the margin is the last batch.
    this.#rows = new PendingRows({
      dialect: BIGQUERY,
      work,
      strict: settings.strict,
      bounded: true,
      encoder: (encoding) => new NdjsonEncoder({ ...encoding, usualBytes: this.#loadSize() + MARGIN }),
    })
  }

  async write(batch: Batch): Promise<void> {
    this.#usable()
    this.#rows.add(batch)
    if (this.#rows.encoder.byteLength >= this.#loadSize()) await this.#load()
  }

  async commit(): Promise<CommitReceipt> {
    this.#usable()
    const { work, signal, mutexes, allowed, warn } = this.#options
    const replacing = work.disposition === 'replace'
    if (!replacing && this.#rows.isEmpty) return NOTHING
    if (this.#rows.encoder.byteLength > 0) await this.#load()
    const staging = this.#staging ?? (await this.#stage())
    if (replacing) await this.#ensureTable()
    const receipt = await mutexes.run(tableNameFor(work.schema.table.name), async () => {
      allowed()
      signal.throwIfAborted()
      return await this.#merge(staging)
    })
    for (const line of this.#rows.committed()) warn(line)
    await this.#unstage()
    this.#closed = replacing
    return receipt
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#unstage()
  }

  async #merge(staging: string): Promise<CommitReceipt> {
    const { work, settings, jobs, signal } = this.#options
    const name = tableName(work.schema.table)
    const { effects, between, upserts } = this.#rows
    const keyed = work.schema.key.length > 0
    const marked = settings.deletes === 'soft' && effects.deletes && keyed ? await this.#present(staging) : 0
    const options = { ...this.#tables(staging), deletes: settings.deletes, between }
    const job = await jobs.execute(mergeStatement(BIGQUERY, work, effects, options), { doing: `writing ${name}`, name: mergeJob(staging), signal })
    const replacing = work.disposition === 'replace' && settings.deletes !== 'soft'
    return receiptOf(job, { upserts, replacing, marked: keyed || replacing ? marked : 'all' })
  }

  /** Of the rows that are to be marked as deleted, those that are there. */
  async #present(staging: string): Promise<number> {
    const { work, jobs, signal } = this.#options
    const sql = goingStatement(BIGQUERY, work.schema, this.#tables(staging))
    const [[count] = []] = await jobs.rows(`counting ${tableName(work.schema.table)}`, sql, signal)
    return Number(count)
  }

  #tables(staging: string) {
    const { work, place } = this.#options
    return { table: tableAt(place, work.schema.table), staging: quoteName(place.project, place.dataset, staging) }
  }

  /** The run makes the tables that it needs; another one may have made this one first, with other columns: what is there is looked at again. */
  async #ensureTable(): Promise<void> {
    const { work, mutexes } = this.#options
    if (work.existing !== undefined) return
    if ((await this.#missing()).length === 0) return
    await mutexes.run(tableNameFor(work.schema.table.name), async () => {
      // Made anew it may still be another one than ours: somebody else's, who was quicker.
      for (let round = 0; round < 3; round++) {
        const changes = await this.#missing()
        if (changes.length === 0) return
        await this.#change(changes)
      }
    })
  }

  /** What the table lacks for these rows. Throws where it cannot take them. */
  async #missing(): Promise<readonly SchemaChange[]> {
    const { work, tables, settings, signal } = this.#options
    const { table } = work.schema
    const [there] = await tables.describe(table.database, [table.name], signal)
    return missingChanges(BIGQUERY, there, work.schema, settings)
  }

  async #change(changes: readonly SchemaChange[]): Promise<void> {
    const { work, place, jobs, tables, signal } = this.#options
    for (const sql of changes.flatMap((change) => renderChange(change, place))) {
      await jobs.execute(sql, { doing: `making ${tableName(work.schema.table)}`, name: definitionJob(), signal })
    }
    tables.changed()
  }

  /** One load is in memory at a time: to fill the next one meanwhile would take as much again, and less time than BigQuery takes for a load. */
  async #load(): Promise<void> {
    const { work, jobs, rest, place, budget, signal } = this.#options
    const tableId = this.#staging ?? (await this.#stage())
    await budget.take(work.schema.table, signal)
    const lines = this.#rows.encoder.take(this.#spare)
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
    await jobs.load(load, lines, { doing: `loading ${tableName(work.schema.table)}`, name: loadJob(tableId, this.#loads), signal })
    this.#spare = this.#rows.encoder.take(lines)
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
    // While its MERGE may be at work it stays: by its name the next run finds that job, and waits for it.
    if (name !== undefined && this.#options.jobs.isSettled(mergeJob(name))) await dropStaging(rest, place.dataset, name, AbortSignal.timeout(60_000))
  }

  #loadSize = (): number => Math.min(LARGEST_LOAD, this.#options.settings.loadBytes * 2 ** Math.floor(this.#loads / LOADS_PER_SIZE))

  #usable(): void {
    this.#options.signal.throwIfAborted()
    if (this.#closed) throw new Error('the writer is closed')
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
