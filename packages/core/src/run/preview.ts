import pLimit from 'p-limit'
import { pointTables } from '../backup/point-tables.ts'
import type { BackupConfig } from '../config/config.ts'
import type { TableWriter, Target, WorkCosts, WriteWork } from '../contract/target.ts'
import { type ErrorJson, errorJson, SyncError } from '../errors/sync-error.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'
import { mustHave } from '../model/must.ts'
import type { RowBatch } from '../model/rows.ts'
import type { TableSchema } from '../model/schema.ts'
import type { SchemaChange } from '../model/schema-diff.ts'
import { afterChanges, matchingRule, triggersOf } from '../plan/assemble.ts'
import type { ObjectPlan } from '../plan/objects.ts'
import type { DatabasePlan, Plan, TablePlan, TargetPlan } from '../plan/plan.ts'
import { tableGuard } from './guards.ts'
import { lateStatements } from './late.ts'
import { Meter } from './meter.ts'
import { isEarly } from './objects.ts'
import { overriding } from './overriding.ts'
import type { PreparedRun } from './prepare.ts'
import { tablesAtOnce } from './share.ts'
import { guardBefore, syncTable, type TableSync } from './sync-table.ts'

export type DryRun = {
  readonly plan: Plan
  readonly tables: readonly TablePreview[]
  /** All statements: those of the databases first, then table by table. A run may interleave tables. */
  readonly statements: readonly string[]
  /** The backup points that would be made before the first of these. */
  readonly backups: readonly PlannedBackup[]
}

export type PlannedBackup = { readonly target: string; readonly kind: BackupConfig['mode']; readonly directory: string; readonly tables: number }

export type TablePreview = {
  readonly id: string
  /** What would be sent; a copy in full sends every row, so that only the estimate is known. */
  readonly rows: { readonly upserts: number; readonly deletes: number; readonly estimated: boolean }
  readonly statements: readonly string[]
  /** Where the target counts them. */
  readonly costs?: WorkCosts
  /** A guard would hold it back: nothing of this would be done. */
  readonly refused?: ErrorJson
}

/** @public Fails to compile if a dry run stops surviving JSON. */
export type WireDryRun = Satisfies<JsonValue, DryRun>

/** Goes through the run without writing: reads and compares like a run, and takes down the statements that it would execute. */
export async function previewRun(prepared: PreparedRun, { signal }: { readonly signal: AbortSignal }): Promise<DryRun> {
  const { plan } = prepared
  const tables: TablePreview[] = []
  const statements: string[] = []
  const backups: PlannedBackup[] = []
  const all = together(tablesAtOnce(prepared))
  for (const targetPlan of plan.targets) {
    const { name, databases } = targetPlan
    const target = mustHave(prepared.endpoints.targets, name)
    const first = databases.reduce((sum, database) => sum + database.statements.length, statements.length)
    for (const database of databases) {
      statements.push(...database.statements, ...objectStatements(database, isEarly))
      const tablesToDo = database.tables.filter(({ refused }) => refused === undefined)
      statements.push(...tablesToDo.flatMap(({ before }) => before ?? []))
      const previews = await all(database.tables.map((table) => () => previewTable(prepared, table, target, signal)))
      tables.push(...previews)
      statements.push(...previews.flatMap((preview) => preview.statements))
      const held = new Set(previews.filter(({ refused }) => refused !== undefined).map(({ id }) => id))
      statements.push(...tablesToDo.flatMap((table) => lateStatements(table, !held.has(table.id))))
      statements.push(...(database.drops ?? []).flatMap((drop) => drop.statements))
      statements.push(...objectStatements(database, (object) => !isEarly(object)))
    }
    if (statements.length > first) backups.push(...(await plannedBackup(prepared, targetPlan, target)))
  }
  return { plan, tables, statements, backups }
}

/** As many at a time, in their order. After a failure no other begins, and nothing is at work any more when it is thrown. */
function together(atOnce: number): <T>(works: readonly (() => Promise<T>)[]) => Promise<readonly T[]> {
  const limit = pLimit(atOnce)
  return async <T>(works: readonly (() => Promise<T>)[]) => {
    const failures: unknown[] = []
    const done = works.map((work) =>
      limit(async () => {
        try {
          return failures.length > 0 ? [] : [await work()]
        } catch (error) {
          failures.push(error)
          return []
        }
      }),
    )
    const found = await Promise.all(done)
    if (failures.length > 0) throw failures[0]
    return found.flat(1) as readonly T[]
  }
}

async function plannedBackup({ config }: PreparedRun, plan: TargetPlan, target: Target): Promise<readonly PlannedBackup[]> {
  const { mode, directory, scope } = config.backup
  if (!config.backupBeforeSync || target.backups === undefined) return []
  const tables = await pointTables(plan, target, scope)
  return tables.length === 0 ? [] : [{ target: plan.name, kind: mode, directory, tables: tables.length }]
}

const objectStatements = ({ objectPlan }: DatabasePlan, when: (object: ObjectPlan) => boolean): readonly string[] =>
  (objectPlan?.changes ?? []).filter(when).flatMap(({ statements }) => statements)

async function previewTable(prepared: PreparedRun, plan: TablePlan, target: Target, signal: AbortSignal): Promise<TablePreview> {
  if (plan.refused !== undefined) return { id: plan.id, rows: { upserts: 0, deletes: 0, estimated: false }, statements: [] }
  const recording = new RecordingTarget(target, signal)
  const { config, snapshot } = prepared
  const sync: TableSync = {
    plan,
    snapshot,
    target: recording.asTarget(),
    timestampColumns: matchingRule(config, plan.schema.table).timestampColumns,
    batchRows: config.batchRows,
    meter: new Meter(() => {}, plan.id),
    signal,
    print: prepared.only === undefined ? plan.watch?.print : undefined,
    guard: tableGuard({ plan, maxDeletePercent: config.maxDeletePercent, allow: config.allow, strangers: plan.firstContact === true, adopt: async () => {} }),
    save: async () => {},
  }
  try {
    if (plan.strategy.kind === 'full' || plan.changes.some(concernsRows)) {
      await guardBefore(sync)
      return await assumed(plan, target, signal)
    }
    await syncTable(sync)
  } catch (error) {
    if (!SyncError.is(error) || error.kind !== 'refused') throw error
    return { id: plan.id, rows: { upserts: 0, deletes: 0, estimated: false }, statements: [], refused: errorJson(error) }
  }
  return {
    id: plan.id,
    rows: { upserts: recording.upserts, deletes: recording.deletes, estimated: false },
    statements: recording.statements,
    ...recording.costs(),
  }
}

/** Of columns that are not there yet, or of another type, nothing can be compared. */
const concernsRows = (change: SchemaChange): boolean => change.type !== 'alter-table' || change.parts.some((part) => part.rows)

/** What can be said without looking: the whole table goes, or a comparison must wait for columns that are not there yet. */
async function assumed(plan: TablePlan, target: Target, signal: AbortSignal): Promise<TablePreview> {
  const replace = plan.strategy.kind === 'full'
  const work: WriteWork = { disposition: replace ? 'replace' : 'merge', schema: plan.wanted, existing: afterChanges(plan), ...triggersOf(plan) }
  const costs = await target.costs?.(work, { bytes: plan.schema.estimate?.bytes ?? 0, statements: plan.statements.length }, signal)
  return {
    id: plan.id,
    rows: { upserts: plan.schema.estimate?.rows ?? 0, deletes: 0, estimated: true },
    statements: [...plan.statements, ...target.preview(work, { upserts: true, deletes: false })],
    ...(costs === undefined ? {} : { costs }),
  }
}

/** Stands before a target: reads go through; what a commit would write is counted and its statements taken down. */
class RecordingTarget {
  upserts = 0
  deletes = 0
  readonly statements: string[] = []
  #greatest = 0n
  #costs: WorkCosts = { jobs: 0, bytesSent: 0, bytesRead: 0 }
  readonly #target: Target
  readonly #signal: AbortSignal

  constructor(target: Target, signal: AbortSignal) {
    this.#target = target
    this.#signal = signal
  }

  /** Nothing written costs nothing. */
  costs(): { readonly costs?: WorkCosts } {
    return this.#target.costs === undefined ? {} : { costs: this.#costs }
  }

  asTarget(): Target {
    const overrides: Partial<Target> = {
      run: async (statements) => {
        this.statements.push(...statements)
      },
      open: async (work) => this.#writer(work),
    }
    if (this.#target.counter !== undefined) overrides.counter = (schema, signal) => this.#counter(schema, signal)
    return overriding(this.#target, overrides)
  }

  /** As it would be: the rows that are written move it, and those that go do not. */
  async #counter(schema: TableSchema, signal: AbortSignal): ReturnType<NonNullable<Target['counter']>> {
    const now = await this.#target.counter?.(schema, signal)
    if (now === undefined) return undefined
    const moved = this.#greatest + 1n
    const later = (than: string) => String(BigInt(than) > moved ? BigInt(than) : moved)
    return { next: later(now.next), least: this.deletes > 0 ? String(moved) : later(now.least) }
  }

  #writer(work: WriteWork): TableWriter {
    const { counter } = work.schema
    let upserts = 0
    let deletes = 0
    let bytes = 0
    return {
      write: async (batch) => {
        upserts += batch.upserts?.rowCount ?? 0
        bytes += (batch.upserts?.bytes.length ?? 0) + (batch.deletes?.bytes.length ?? 0)
        if (counter !== undefined && batch.upserts !== undefined) this.#numbered(batch.upserts, counter.column)
        deletes += batch.deletes?.rowCount ?? 0
      },
      commit: async () => {
        const effects = { upserts: upserts > 0, deletes: deletes > 0 }
        if (effects.upserts || effects.deletes || work.disposition === 'replace') {
          await this.#count(work, bytes)
          this.statements.push(...this.#target.preview(work, effects))
        }
        this.upserts += upserts
        this.deletes += deletes
        return { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }
      },
      [Symbol.asyncDispose]: async () => {},
    }
  }

  async #count(work: WriteWork, bytes: number): Promise<void> {
    const costs = await this.#target.costs?.(work, { bytes, statements: this.statements.length }, this.#signal)
    if (costs === undefined) return
    const { jobs, bytesSent, bytesRead } = this.#costs
    this.#costs = { jobs: jobs + costs.jobs, bytesSent: bytesSent + costs.bytesSent, bytesRead: bytesRead + costs.bytesRead }
  }

  #numbered(rows: RowBatch, name: string): void {
    const column = rows.columns.findIndex((candidate) => candidate.name === name)
    for (let row = 0; column >= 0 && row < rows.rowCount; row++) {
      const cell = rows.cell(row, column)
      const text = cell === null ? '' : Buffer.from(cell).toString('latin1')
      if (/^\d+$/.test(text) && BigInt(text) > this.#greatest) this.#greatest = BigInt(text)
    }
  }
}
