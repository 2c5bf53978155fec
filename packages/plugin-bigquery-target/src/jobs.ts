import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { BigqueryFailure, retryable, syncError } from './failures.ts'
import type { Rest } from './rest.ts'
import { pause } from './retry.ts'
import type { Settings } from './settings.ts'

export type Job = {
  readonly jobReference?: { readonly jobId?: string; readonly location?: string }
  readonly status?: { readonly state?: string; readonly errorResult?: JobError; readonly errors?: readonly JobError[] }
  readonly statistics?: {
    readonly load?: { readonly outputRows?: string }
    readonly query?: {
      readonly dmlStats?: { readonly insertedRowCount?: string; readonly updatedRowCount?: string; readonly deletedRowCount?: string }
    }
  }
}

type JobError = { readonly reason?: string; readonly message?: string }

type Page = {
  readonly jobComplete?: boolean
  readonly pageToken?: string
  readonly rows?: readonly { readonly f: readonly { readonly v: string | null }[] }[]
}

/** A row of a query: every cell as text. */
export type TextRow = readonly (string | null)[]

/** How often a job that is known to have failed is replaced by another one. */
const ATTEMPTS = 6
/** How long a stopped run waits for a job that it cancelled: what is still at work could commit later. */
const SETTLE_MS = 15_000
const PAGE_ROWS = '10000'

/** Jobs under names that we choose: one whose answer was lost is found again, and never done twice. */
export class Jobs {
  readonly #rest: Rest
  readonly #settings: Settings
  location: string | undefined

  constructor(rest: Rest, settings: Settings) {
    this.#rest = rest
    this.#settings = settings
    this.location = settings.location
  }

  /** Runs one statement to its end. `name` tells people what it is; equal names of one run are told apart. */
  async execute(doing: string, sql: string, signal: AbortSignal): Promise<Job> {
    return await this.#run(doing, signal, async (jobId) =>
      this.#finished(jobId, await this.#started(jobId, signal, (id) => this.#insert(id, this.#query(sql), signal)), signal),
    )
  }

  /** The rows of a SELECT, page by page. */
  async *select(doing: string, sql: string, signal: AbortSignal): AsyncGenerator<readonly TextRow[]> {
    const { jobId, page: first } = await this.#run(doing, signal, async (id) => {
      await this.#started(id, signal, (jobId) => this.#insert(jobId, this.#query(sql), signal))
      return { jobId: id, page: await this.#firstPage(id, signal) }
    })
    for (let page = first; ; ) {
      yield (page.rows ?? []).map(({ f }) => f.map(({ v }) => v))
      const { pageToken } = page
      if (!pageToken) return
      page = await this.#said(doing, () => this.#page(jobId, { pageToken }, signal))
    }
  }

  /** BigQuery waits for the end of the job by itself, and a failed job answers as a failed request. */
  async #firstPage(jobId: string, signal: AbortSignal): Promise<Page> {
    for (;;) {
      const page = await this.#page(jobId, { timeoutMs: '10000' }, signal)
      if (page.jobComplete !== false) return page
    }
  }

  #page(jobId: string, more: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Page> {
    return this.#rest.call<Page>({ path: `/queries/${jobId}`, query: { maxResults: PAGE_ROWS, ...this.#where(), ...more }, signal })
  }

  async rows(doing: string, sql: string, signal: AbortSignal): Promise<readonly TextRow[]> {
    return (await Array.fromAsync(this.select(doing, sql, signal))).flat()
  }

  /** Loads lines of JSON into a table, and returns how many rows came. */
  async load(doing: string, load: object, lines: Uint8Array, signal: AbortSignal): Promise<number> {
    const upload = (jobId: string) => this.#rest.upload<Job>({ jobReference: this.#reference(jobId), configuration: { labels: LABELS, load } }, lines, signal)
    const job = await this.#run(doing, signal, async (jobId) => this.#finished(jobId, await this.#started(jobId, signal, upload), signal))
    return Number(job.statistics?.load?.outputRows ?? 0)
  }

  /**
   * Starts a job and waits for it. Where the answer is lost, the same id is sent again: it is then either taken, or known already and adopted. A new id
   * only when the job before is known to have failed.
   */
  async #run<T>(doing: string, signal: AbortSignal, attempt: (jobId: string) => Promise<T>): Promise<T> {
    const name = `dbsync_${randomBytes(10).toString('hex')}`
    return await this.#said(doing, async () => {
      for (let number = 1; ; number++) {
        const jobId = `${name}_a${number}`
        try {
          return await attempt(jobId)
        } catch (error) {
          if (signal.aborted) await this.#cancel(jobId)
          const again = error instanceof BigqueryFailure && number < ATTEMPTS ? retryable(error) : undefined
          if (again === undefined) throw error
          await pause(this.#settings.retryDelayMs * (again === 'busy' ? 5 : 1), number, signal)
        }
      }
    })
  }

  async #started(jobId: string, signal: AbortSignal, start: (jobId: string) => Promise<Job>): Promise<Job> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await start(jobId)
      } catch (error) {
        if (!(error instanceof BigqueryFailure)) throw error
        // It had arrived.
        if (error.status === 409) return await this.#get(jobId, signal)
        if (retryable(error) !== 'request' || attempt === ATTEMPTS) throw error
        await pause(this.#settings.retryDelayMs, attempt, signal)
      }
    }
  }

  async #finished(jobId: string, started: Job, signal: AbortSignal): Promise<Job> {
    let job = started
    for (let wait = 50; job.status?.state !== 'DONE'; wait = Math.min(2_000, wait * 1.5)) {
      await sleep(wait, undefined, { signal }).catch(() => {
        throw signal.reason
      })
      job = await this.#get(jobId, signal)
    }
    const error = job.status?.errorResult
    if (error === undefined) return job
    const details = (job.status?.errors ?? []).map(({ message = '' }) => message).filter((message) => message !== error.message)
    throw new BigqueryFailure(400, error.reason ?? '', [error.message ?? 'the job failed', ...details.slice(0, 3)].join(' | '))
  }

  /** Best effort: the run is being stopped anyway. Waits until it is known what became of the job. */
  async #cancel(jobId: string): Promise<void> {
    const signal = AbortSignal.timeout(SETTLE_MS)
    try {
      await this.#rest.call({ method: 'POST', path: `/jobs/${jobId}/cancel`, query: this.#where(), signal })
      while ((await this.#get(jobId, signal)).status?.state !== 'DONE') await sleep(200, undefined, { signal })
    } catch (error) {
      if (!(error instanceof BigqueryFailure) && !signal.aborted) throw error
    }
  }

  #get(jobId: string, signal: AbortSignal): Promise<Job> {
    return this.#rest.call<Job>({ path: `/jobs/${jobId}`, query: this.#where(), signal })
  }

  #insert(jobId: string, configuration: object, signal: AbortSignal): Promise<Job> {
    return this.#rest.call<Job>({ method: 'POST', path: '/jobs', body: { jobReference: this.#reference(jobId), configuration }, signal })
  }

  #query(query: string): object {
    const { maxBytesBilled } = this.#settings
    return { labels: LABELS, query: { query, useLegacySql: false, ...(maxBytesBilled === undefined ? {} : { maximumBytesBilled: maxBytesBilled }) } }
  }

  #reference = (jobId: string) => ({ projectId: this.#rest.project, jobId, ...this.#where() })

  #where(): Record<string, string> {
    return this.location === undefined ? {} : { location: this.location }
  }

  async #said<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw syncError(error, doing)
    }
  }
}

const LABELS = { managed_by: 'dbsync' }
