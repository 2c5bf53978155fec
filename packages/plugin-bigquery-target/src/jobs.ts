import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { SyncError } from '@dbsync/core/plugin'
import { BigqueryFailure, retryable, syncError } from './failures.ts'
import type { Rest } from './rest.ts'
import { pause, pauseBusy } from './retry.ts'
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

/** A job that writes. */
export type Work = {
  /** For people. */
  readonly doing: string
  /** The job's id is made of it: unique for ever, and the same whenever it is asked what became of the job. */
  readonly name: string
  readonly signal: AbortSignal
}

/** How often a job that is known to have failed is replaced by another one. */
const ATTEMPTS = 10
/** How often a job is sent whose answer is lost or which is not taken: at growing intervals, two minutes and a half. */
const SENDINGS = 8
/** How long a run that fails or is stopped waits for a job that it cancelled. */
const SETTLE_MS = 15_000
/** How long one waits for the jobs of another run. */
const OTHERS_MS = 10 * 60_000
const PAGE_ROWS = '10000'

/**
 * Jobs under names that we choose: one whose answer was lost is found again, and never done twice. A second id, `…_a2`, is used only when the job under the
 * first one is known to be over and to have failed.
 */
export class Jobs {
  readonly #rest: Rest
  readonly #settings: Settings
  /** Names of jobs that may still be at work although we gave them up. */
  readonly #unsettled = new Set<string>()
  location: string | undefined

  constructor(rest: Rest, settings: Settings) {
    this.#rest = rest
    this.#settings = settings
    this.location = settings.location
  }

  /** Runs one statement that changes something to its end. */
  async execute(sql: string, work: Work): Promise<Job> {
    return await this.#change(work, (jobId) => this.#insert(jobId, this.#query(sql), work.signal))
  }

  /** Loads lines of JSON into a table, and returns how many rows came. */
  async load(load: object, lines: Uint8Array, work: Work): Promise<number> {
    const upload = (jobId: string) =>
      this.#rest.upload<Job>({ jobReference: this.#reference(jobId), configuration: { labels: LABELS, load } }, lines, work.signal)
    const job = await this.#change(work, upload)
    return Number(job.statistics?.load?.outputRows ?? 0)
  }

  /** The rows of a SELECT, page by page. */
  async *select(doing: string, sql: string, signal: AbortSignal): AsyncGenerator<readonly TextRow[]> {
    await this.#gate(signal)
    const { jobId, page: first } = await this.#said(doing, () => this.#read(sql, signal))
    for (let page = first; ; ) {
      yield (page.rows ?? []).map(({ f }) => f.map(({ v }) => v))
      const { pageToken } = page
      if (!pageToken) return
      page = await this.#said(doing, () => this.#page(jobId, { pageToken }, signal))
    }
  }

  async rows(doing: string, sql: string, signal: AbortSignal): Promise<readonly TextRow[]> {
    return (await Array.fromAsync(this.select(doing, sql, signal))).flat()
  }

  /** Whether it is known that no job of this name is at work any more. */
  isSettled(name: string): boolean {
    return !this.#unsettled.has(name)
  }

  /** Cancels the jobs of this name, whoever started them, and waits until none is at work. Whoever calls has seen to it that none can begin any more. */
  async settle(name: string, signal: AbortSignal): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(OTHERS_MS)])
    try {
      await this.#said('waiting for a statement that was given up', () => this.#end(name, within))
    } catch (error) {
      signal.throwIfAborted()
      if (!within.aborted) throw error
      throw new SyncError('BIGQUERY_BUSY', `BigQuery: a statement of an earlier run (job ${name}_a1) is still at work.`, {
        kind: 'transient',
        hint: 'It was cancelled. Run again when it has ended.',
      })
    }
    this.#unsettled.delete(name)
  }

  /** Nothing is read or written while a statement that we gave up may still be at work: what it does has to be seen. */
  async #gate(signal: AbortSignal): Promise<void> {
    for (const name of this.#unsettled) await this.settle(name, signal)
  }

  async #change({ doing, name, signal }: Work, send: (jobId: string) => Promise<Job>): Promise<Job> {
    await this.#gate(signal)
    return await this.#said(doing, async () => {
      for (let number = 1; ; number++) {
        const jobId = attemptId(name, number)
        try {
          return await this.#finished(jobId, await this.#sent(jobId, send, signal), signal)
        } catch (error) {
          const ended = error instanceof BigqueryFailure && error.ended
          if (!ended) await this.#giveUp(name)
          const again = ended && number < ATTEMPTS ? retryable(error) : undefined
          if (again === undefined) throw error
          await (again === 'busy' ? pauseBusy : pause)(this.#settings.retryDelayMs, number, signal)
        }
      }
    })
  }

  /** Sends a job until it is known that it has arrived, always under the same id. */
  async #sent(jobId: string, send: (jobId: string) => Promise<Job>, signal: AbortSignal): Promise<Job> {
    for (let sending = 1; ; sending++) {
      try {
        return await send(jobId)
      } catch (error) {
        if (!(error instanceof BigqueryFailure)) throw error
        // It had arrived.
        if (error.status === 409) return await this.#get(jobId, signal)
        if (retryable(error) === undefined || sending === SENDINGS) throw error
        await pause(this.#settings.retryDelayMs, sending, signal)
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
    throw new BigqueryFailure(400, error.reason ?? '', [error.message ?? 'the job failed', ...details.slice(0, 3)].join(' | '), { ended: true })
  }

  /** What became of the job is not known: it is cancelled. Best effort, for the run or the table has failed anyway. */
  async #giveUp(name: string): Promise<void> {
    this.#unsettled.add(name)
    const signal = AbortSignal.timeout(SETTLE_MS)
    try {
      await this.#end(name, signal)
      this.#unsettled.delete(name)
    } catch (error) {
      if (!(error instanceof BigqueryFailure) && !signal.aborted) throw error
    }
  }

  /** A later attempt was begun only when the one before had ended: the first that is not there is the end of them. */
  async #end(name: string, signal: AbortSignal): Promise<void> {
    for (let number = 1; number <= ATTEMPTS; number++) {
      const path = `/jobs/${attemptId(name, number)}`
      const find = () => this.#rest.find<Job>({ path, query: this.#where(), signal })
      let job = await find()
      if (job === undefined) return
      for (let wait = 50; job !== undefined && job.status?.state !== 'DONE'; wait = Math.min(2_000, wait * 1.5)) {
        // Each time: one that comes while the job begins may pass unheard.
        await this.#cancel(path, signal)
        await sleep(wait, undefined, { signal })
        job = await find()
      }
    }
  }

  /** It may be over by now, and we need not be allowed to: what counts is its state. */
  async #cancel(path: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#rest.once({ method: 'POST', path: `${path}/cancel`, query: this.#where(), signal })
    } catch (error) {
      if (!(error instanceof BigqueryFailure)) throw error
    }
  }

  /** Reading twice does no harm: where it fails for a moment, another job does it. */
  async #read(sql: string, signal: AbortSignal): Promise<{ readonly jobId: string; readonly page: Page }> {
    const name = `dbsync_${randomBytes(10).toString('hex')}`
    for (let number = 1; ; number++) {
      const jobId = attemptId(name, number)
      try {
        await this.#sent(jobId, (id) => this.#insert(id, this.#query(sql), signal), signal)
        return { jobId, page: await this.#firstPage(jobId, signal) }
      } catch (error) {
        // It would end by itself, and change nothing: it is only no longer needed.
        if (signal.aborted) await this.#cancel(`/jobs/${jobId}`, AbortSignal.timeout(SETTLE_MS)).catch(() => {})
        const again = error instanceof BigqueryFailure && number < ATTEMPTS ? retryable(error) : undefined
        // Requests have been tried again already.
        if (again !== 'job' && again !== 'busy') throw error
        await (again === 'busy' ? pauseBusy : pause)(this.#settings.retryDelayMs, number, signal)
      }
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

  #get(jobId: string, signal: AbortSignal): Promise<Job> {
    return this.#rest.call<Job>({ path: `/jobs/${jobId}`, query: this.#where(), signal })
  }

  #insert(jobId: string, configuration: object, signal: AbortSignal): Promise<Job> {
    return this.#rest.once<Job>({ method: 'POST', path: '/jobs', body: { jobReference: this.#reference(jobId), configuration }, signal })
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

/** A definition that is changed twice is as it was after the first time: no run has to find such a job again. */
export const definitionJob = (): string => `dbsync_ddl_${randomBytes(10).toString('hex')}`

const attemptId = (name: string, number: number): string => `${name}_a${number}`
