import { hostname } from 'node:os'
import type { RunMode } from '../config/config.ts'
import type { StateStore } from '../contract/state-store.ts'
import { type ErrorJson, errorJson } from '../errors/sync-error.ts'
import type { Listener, SyncEvent } from '../events/event.ts'
import type { RunReport } from '../run/report.ts'
import type { VerifyReport } from '../verify/report.ts'
import { RateSamples } from './rate-samples.ts'
import { type RunRecord, readRuns, runIsAlive, runKey, type TableAtWork, type WireRecord } from './record.ts'

const SAMPLE_MS = 1_000
const SAVE_MS = 5_000
/** So many runs are remembered. */
const KEEP = 50

export type HistoryOptions = {
  readonly state: StateStore
  readonly run: string
  readonly kind: RunRecord['kind']
  readonly mode: RunMode
  /** Takes secrets out of every text in it. */
  readonly redact: <T>(value: T) => T
  /** Told once when the history cannot be written: a run never fails for it. */
  readonly onLost: (message: string) => void
}

/** Writes down what a run does while it does it. Nothing that fails here reaches the run. */
export class RunHistory implements AsyncDisposable {
  readonly listener: Listener = (event) => this.#heard(event)
  readonly #options: HistoryOptions
  readonly #samples = new RateSamples(SAMPLE_MS)
  readonly #working = new Map<string, TableAtWork>()
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #startedAt = new Date().toISOString()
  #tables = { total: 0, done: 0 }
  #rows = 0
  #ending: Pick<RunRecord, 'status'> & Partial<Pick<RunRecord, 'report' | 'verification' | 'error'>> = { status: 'running' }
  #revision: string | undefined
  #saving: Promise<void> = Promise.resolve()
  #lost = false

  private constructor(options: HistoryOptions) {
    this.#options = options
    this.#timers = [setInterval(() => this.#samples.tick(this.#rows), SAMPLE_MS), setInterval(() => void this.#save(), SAVE_MS)]
    for (const timer of this.#timers) timer.unref()
  }

  static async open(options: HistoryOptions): Promise<RunHistory> {
    const history = new RunHistory(options)
    await history.#save()
    return history
  }

  ran(report: RunReport): void {
    const tables = report.tables.map(({ verified, ...table }) => {
      if (verified === undefined) return table
      const { differences: _, ...rest } = verified
      return { ...table, verified: rest }
    })
    this.#ending = { status: report.status, report: { ...report, tables } }
  }

  verified(report: VerifyReport): void {
    this.#ending = { status: report.status, verification: { ...report, tables: report.tables.map((table) => ({ ...table, differences: [] })) } }
  }

  /** One that only found another run at work is not worth remembering: a schedule may do that all night. */
  failed(thrown: unknown): void {
    const error = errorJson(thrown)
    this.#ending = { status: error.kind === 'cancelled' ? 'cancelled' : error.kind === 'locked' ? 'held-up' : 'failed', error }
  }

  /** A run that ends without a word about how has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#samples.tick(this.#rows)
    this.#working.clear()
    if (this.#ending.status === 'running') this.#ending = { status: 'failed' }
    await this.#save(new Date().toISOString())
    await this.#prune()
  }

  #heard(event: SyncEvent): void {
    switch (event.type) {
      case 'run.planned':
        this.#tables = { total: event.plan.targets.flatMap(({ databases }) => databases.flatMap(({ tables }) => tables)).length, done: 0 }
        break
      case 'table.progress': {
        const { id, phase, rows, total } = event
        const before = this.#working.get(id)
        this.#rows += Math.max(0, rows - (before?.phase === phase ? before.rows : 0))
        this.#working.set(id, { id, phase, rows, ...(total === undefined ? {} : { total }) })
        break
      }
      case 'table.finished':
      case 'table.verified':
        this.#working.delete(event.id)
        this.#tables = { ...this.#tables, done: this.#tables.done + 1 }
        break
    }
  }

  /** As it is now. */
  snapshot(): RunRecord {
    return this.#record(this.#ending.report?.finishedAt ?? this.#ending.verification?.finishedAt ?? null)
  }

  #record(finishedAt: string | null): RunRecord {
    const { run, kind, mode, redact } = this.#options
    return redact<RunRecord>({
      version: 1,
      run,
      kind,
      mode,
      process: { host: hostname(), pid: process.pid },
      startedAt: this.#startedAt,
      seenAt: new Date().toISOString(),
      finishedAt,
      tables: this.#tables,
      rows: this.#rows,
      working: [...this.#working.values()],
      rates: this.#samples.rates(),
      ...this.#ending,
    })
  }

  /** One after the other: each needs the revision of the one before. */
  #save(finishedAt: string | null = null): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      if (this.#lost) return
      const { state, run } = this.#options
      await this.#guarded(async () => {
        this.#revision = (await state.write(runKey(run), this.#record(finishedAt) as WireRecord, this.#revision)).revision
      })
    })
    return this.#saving
  }

  /** What is still at work stays: its own process writes to it. */
  async #prune(): Promise<void> {
    const { state } = this.#options
    await this.#guarded(async () => {
      const [runs, now] = [await readRuns(state), new Date()]
      const heldUp = runs.filter(({ status }) => status === 'held-up')
      const remembered = runs.filter(({ status }) => status !== 'held-up')
      const old = remembered.slice(KEEP).filter((record) => !runIsAlive(record, now))
      for (const { run } of [...heldUp, ...old]) await state.delete(runKey(run))
    })
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (this.#lost) return
      this.#lost = true
      const { code, message }: ErrorJson = errorJson(error)
      this.#options.onLost(`\`dbsync status\` will not show all of this run: ${message} (${code})`)
    }
  }
}
