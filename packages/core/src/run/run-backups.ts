import { type PointTable, pointState, pointTables } from '../backup/point-tables.ts'
import { prune } from '../backup/prune.ts'
import type { BackupPoint, BackupRequest, Backups, Journal } from '../contract/backups.ts'
import type { Target } from '../contract/target.ts'
import { errorJson, SyncError } from '../errors/sync-error.ts'
import type { Emit } from '../events/event.ts'
import type { JsonValue } from '../model/json.ts'
import { mustHave } from '../model/must.ts'
import type { TableRef } from '../model/schema.ts'
import type { TablePlan, TargetPlan } from '../plan/plan.ts'
import { overriding } from './overriding.ts'
import type { PreparedRun } from './prepare.ts'
import type { RunBackup } from './report.ts'

const EVERY_MS = 100

export type RunBackupsOptions = {
  readonly emit: Emit
  readonly signal: AbortSignal
  /** Told once, when there is no point and never will be: nothing may be written then. */
  readonly failed: (error: unknown) => void
}

type Made = { readonly kind: 'dump'; readonly point: BackupPoint } | { readonly kind: 'journal'; readonly journal: Journal }

/** One target's point. It is asked for before every write; all who ask at the same time wait for the same answer. */
type Place = {
  readonly plan: TargetPlan
  readonly backups: Backups
  readonly tables: readonly PointTable[]
  readonly state: JsonValue
  /** The tables that these statements drop. */
  readonly drops: ReadonlyMap<readonly string[], TableRef>
  made: Promise<Made> | undefined
}

/** The backup points of one run: one for each target that is written to, made before its first write. A run that writes nothing makes none. */
export class RunBackups implements AsyncDisposable {
  failure: unknown
  readonly #prepared: PreparedRun
  readonly #options: RunBackupsOptions
  readonly #places = new Map<string, Place>()

  /** Takes down what the state says now: later it says what this run does. */
  static async open(prepared: PreparedRun, options: RunBackupsOptions): Promise<RunBackups> {
    const { plan, config, recorders } = prepared
    const opened = new RunBackups(prepared, options)
    if (!config.backupBeforeSync) return opened
    for (const targetPlan of plan.targets) {
      const target = mustHave(prepared.endpoints.targets, targetPlan.name)
      const backups = target.backups?.(config.backup.directory)
      if (backups === undefined) continue
      const tables = await pointTables(targetPlan, target, config.backup.scope)
      if (tables.length === 0) continue
      const state = pointState(tables, targetPlan.name, recorders) as unknown as JsonValue
      const drops = new Map(targetPlan.databases.flatMap((database) => (database.drops ?? []).map(({ table, statements }) => [statements, table] as const)))
      opened.#places.set(targetPlan.name, { plan: targetPlan, backups, tables, state, drops, made: undefined })
    }
    return opened
  }

  private constructor(prepared: PreparedRun, options: RunBackupsOptions) {
    this.#prepared = prepared
    this.#options = options
  }

  /** The run with targets that make their point before they write. */
  guard(): PreparedRun {
    const targets = new Map([...this.#prepared.endpoints.targets].map(([name, target]) => [name, this.#guarded(name, target)]))
    return { ...this.#prepared, endpoints: { ...this.#prepared.endpoints, targets } }
  }

  /** For the writes of one table: a journal keeps the whole of it before its definition changes. */
  forTable(name: string, { changes, before, after, wanted }: TablePlan): Target {
    const place = this.#places.get(name)
    const target = this.#guarded(name, mustHave(this.#prepared.endpoints.targets, name))
    if (place === undefined || [changes, before ?? [], after ?? []].every(({ length }) => length === 0)) return target
    return overriding(target, {
      run: async (statements, signal) => {
        if (statements.length > 0) await this.#keep(place, wanted.table)
        await target.run(statements, signal)
      },
    })
  }

  #guarded(name: string, target: Target): Target {
    const place = this.#places.get(name)
    if (place === undefined) return target
    return overriding(target, {
      run: async (statements, signal) => {
        if (statements.length === 0) return
        const dropped = place.drops.get(statements)
        if (dropped === undefined) await this.#ready(place)
        else await this.#keep(place, dropped)
        await target.run(statements, signal)
      },
      open: async (work, signal) => {
        const made = await this.#ready(place)
        return await (made.kind === 'journal' ? target.open(work, signal, made.journal) : target.open(work, signal))
      },
    })
  }

  async #keep(place: Place, table: TableRef): Promise<void> {
    const made = await this.#ready(place)
    if (made.kind === 'journal') await made.journal.keep(table, this.#options.signal)
  }

  async #ready(place: Place): Promise<Made> {
    if (this.failure !== undefined) throw this.failure
    place.made ??= this.#make(place).catch((error: unknown) => {
      // What passes is tried again by whoever tries the table again, and who stops the run ends every table by that.
      const { kind } = errorJson(error)
      if (kind === 'transient' || kind === 'connection' || kind === 'cancelled') place.made = undefined
      else if (this.failure === undefined) {
        this.failure = error
        this.#options.failed(error)
      }
      throw error
    })
    return await place.made
  }

  async #make({ plan, backups, tables, state }: Place): Promise<Made> {
    const { emit, signal } = this.#options
    const { config, plan: run } = this.#prepared
    const refs = tables.map(({ table }) => table)
    const request: BackupRequest = { at: new Date(), run: run.run, target: plan.name, tables: refs, state }
    if (config.backup.mode === 'journal') return { kind: 'journal', journal: await backups.journal(request, signal) }
    // By statistics, to draw progress.
    const total = tables.reduce((sum, { estimate }) => sum + (estimate ?? 0), 0)
    emit({ type: 'backup.started', target: plan.name, tables: refs.length })
    const progress = progressEmitter(emit, plan.name, total)
    const point = await backups.create({ ...request, progress }, signal)
    emit({ type: 'backup.finished', target: plan.name, backup: runBackup(plan.name, point) })
    return { kind: 'dump', point }
  }

  /** Completes the journals, and says what was made. */
  async finish(): Promise<readonly RunBackup[]> {
    const made: RunBackup[] = []
    await this.#withEach(async (name, answer) => {
      const point = answer.kind === 'journal' ? await answer.journal.finish() : answer.point
      if (point !== undefined) made.push(runBackup(name, point))
    })
    return made
  }

  /** Removes what is not to be kept, where this run made a point. What it could not is said in sentences. */
  async prune(made: readonly RunBackup[]): Promise<readonly string[]> {
    const warnings: string[] = []
    for (const { target } of made) {
      try {
        await prune(mustHave(this.#places, target).backups, target, this.#prepared.config.backup, { dryRun: false })
      } catch (error) {
        // The run has done what it should: its report must not be lost for an old file.
        if (!SyncError.is(error) || error.kind === 'bug') throw error
        warnings.push(`older backup points of ${target} were not removed: ${error.message}`)
      }
    }
    return warnings
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#withEach(async (_, answer) => {
      if (answer.kind === 'journal') await answer.journal[Symbol.asyncDispose]()
    })
  }

  /** A target has its share although another one's fails: the first failure is thrown at the end. */
  async #withEach(work: (target: string, made: Made) => Promise<void>): Promise<void> {
    const failures: unknown[] = []
    for (const { plan, made } of this.#places.values()) {
      const answer = await made?.catch(() => undefined)
      if (answer !== undefined) await work(plan.name, answer).catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }
}

function runBackup(target: string, { name, path, kind, bytes, manifest }: BackupPoint): RunBackup {
  const tables = manifest?.tables ?? []
  return {
    target,
    name,
    path,
    kind,
    bytes,
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    consistency: manifest?.consistency.detail ?? '',
  }
}

/** Adds up the tables, and tells at most ten times a second. */
function progressEmitter(emit: Emit, target: string, total: number): NonNullable<BackupRequest['progress']> {
  const rows = new Map<string, number>()
  let told = 0
  return (written) => {
    rows.set(JSON.stringify([written.table.database, written.table.name]), written.rows)
    const now = Date.now()
    if (now - told < EVERY_MS) return
    told = now
    const done = [...rows.values()].reduce((sum, each) => sum + each, 0)
    emit({ type: 'backup.progress', target, rows: done, ...(total > 0 ? { total: Math.max(total, done) } : {}) })
  }
}
