import { SyncError, type TableRef, tableName } from '@dbsync/core/plugin'
import { BigqueryFailure } from './failures.ts'
import { quotaDay } from './quota-day.ts'
import type { Rest } from './rest.ts'

/** A project takes so many loads a day, failed ones among them. */
export const MOST_LOADS = 100_000
const WARN_AT = 0.8
/** The number is written down each time that so many loads have come together: what a killed run had not written down is not counted. */
const WRITTEN_EVERY = 20
const USAGE_TABLE = '_dbsync_usage'

type Usage = { readonly etag?: string; readonly description?: string }
type Count = { readonly day: string; readonly loads: number }

/**
 * Counts the loads of a day, of all runs and machines that write to the dataset: in the description of an empty table, because listing the project's jobs
 * takes a role that a copy does not need. Whoever loads nothing does not ask for it.
 */
export class LoadBudget implements AsyncDisposable {
  readonly #rest: Rest
  readonly #dataset: string
  readonly #limit: number
  readonly #warn: (message: string) => void
  #known: Count | undefined
  #unwritten = 0
  #warned = false
  #queue: Promise<void> = Promise.resolve()

  constructor({ rest, dataset, limit, warn }: { rest: Rest; dataset: string; limit: number; warn: (message: string) => void }) {
    this.#rest = rest
    this.#dataset = dataset
    this.#limit = limit
    this.#warn = warn
  }

  /** One load more. Throws `BIGQUERY_LOADS` instead of the one that would be too many. */
  async take(table: TableRef, signal: AbortSignal): Promise<void> {
    const turn = this.#queue.then(() => this.#take(table, signal))
    this.#queue = turn.catch(() => {})
    await turn
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue
    if (this.#unwritten === 0) return
    try {
      await this.#write(AbortSignal.timeout(30_000))
    } catch (error) {
      // All rows are there, and BigQuery counts for itself.
      if (!(error instanceof BigqueryFailure) && !(error instanceof DOMException)) throw error
    }
  }

  async #take(table: TableRef, signal: AbortSignal): Promise<void> {
    if (this.#known?.day !== quotaDay()) await this.#read(signal)
    const loads = (this.#known?.loads ?? 0) + this.#unwritten + 1
    if (loads > this.#limit) {
      throw new SyncError('BIGQUERY_LOADS', `${tableName(table)} was not loaded: dataset ${this.#dataset} has had its ${this.#limit} loads of today.`, {
        kind: 'refused',
        table,
        hint: `A project may load ${MOST_LOADS} times a day, counted until midnight in California. Run less often or larger (load_bytes), or raise max_daily_loads if the quota was raised.`,
      })
    }
    if (loads >= this.#limit * WARN_AT && !this.#warned) {
      this.#warned = true
      this.#warn(`${tableName(table)} is load ${loads} of the ${this.#limit} that dataset ${this.#dataset} may have today (max_daily_loads): run less often.`)
    }
    this.#unwritten++
    if (this.#unwritten >= WRITTEN_EVERY) await this.#write(signal)
  }

  async #read(signal: AbortSignal): Promise<Usage | undefined> {
    const usage = await this.#rest.find<Usage>({ path: `/datasets/${this.#dataset}/tables/${USAGE_TABLE}`, signal })
    const count = countOf(usage?.description)
    this.#known = count?.day === quotaDay() ? count : { day: quotaDay(), loads: 0 }
    return usage
  }

  /** Compare and set: other runs count too. */
  async #write(signal: AbortSignal): Promise<void> {
    const tables = `/datasets/${this.#dataset}/tables`
    for (;;) {
      const usage = await this.#read(signal)
      const count: Count = { day: quotaDay(), loads: (this.#known?.loads ?? 0) + this.#unwritten }
      const description = `${MARK}${JSON.stringify(count)}`
      try {
        if (usage === undefined) {
          const tableReference = { projectId: this.#rest.project, datasetId: this.#dataset, tableId: USAGE_TABLE }
          const body = { tableReference, schema: { fields: [{ name: 'nothing', type: 'STRING' }] }, description, labels: { managed_by: 'dbsync' } }
          await this.#rest.once({ method: 'POST', path: tables, body, signal })
        } else {
          const headers = usage.etag === undefined ? {} : { 'if-match': usage.etag }
          await this.#rest.once({ method: 'PATCH', path: `${tables}/${USAGE_TABLE}`, body: { description }, headers, signal })
        }
      } catch (error) {
        // Another run was quicker.
        if (error instanceof BigqueryFailure && (error.status === 409 || error.status === 412)) continue
        throw error
      }
      this.#known = count
      this.#unwritten = 0
      return
    }
  }
}

const MARK = 'dbsync loads '

function countOf(description: string | undefined): Count | undefined {
  if (!description?.startsWith(MARK)) return undefined
  try {
    return JSON.parse(description.slice(MARK.length)) as Count
  } catch {
    return undefined
  }
}
