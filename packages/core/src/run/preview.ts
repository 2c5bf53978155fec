import type { TableWriter, Target, WriteWork } from '../contract/target.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'
import { mustHave } from '../model/must.ts'
import { afterChanges, matchingRule } from '../plan/assemble.ts'
import type { Plan, TablePlan } from '../plan/plan.ts'
import { Meter } from './meter.ts'
import type { PreparedRun } from './prepare.ts'
import { syncTable } from './sync-table.ts'

export type DryRun = {
  readonly plan: Plan
  readonly tables: readonly TablePreview[]
  /** All statements: those of the databases first, then table by table. A run may interleave tables. */
  readonly statements: readonly string[]
}

export type TablePreview = {
  readonly id: string
  /** What would be sent; a copy in full sends every row, so that only the estimate is known. */
  readonly rows: { readonly upserts: number; readonly deletes: number; readonly estimated: boolean }
  readonly statements: readonly string[]
}

/** @public Fails to compile if a dry run stops surviving JSON. */
export type WireDryRun = Satisfies<JsonValue, DryRun>

/** Goes through the run without writing: reads and compares like a run, and takes down the statements that it would execute. */
export async function previewRun(prepared: PreparedRun, { signal }: { readonly signal: AbortSignal }): Promise<DryRun> {
  const { plan } = prepared
  const tables: TablePreview[] = []
  const statements: string[] = []
  for (const { name, databases } of plan.targets) {
    const target = mustHave(prepared.endpoints.targets, name)
    for (const database of databases) {
      statements.push(...database.statements)
      for (const table of database.tables) {
        const preview = await previewTable(prepared, table, target, signal)
        tables.push(preview)
        statements.push(...preview.statements)
      }
    }
  }
  return { plan, tables, statements }
}

async function previewTable(prepared: PreparedRun, plan: TablePlan, target: Target, signal: AbortSignal): Promise<TablePreview> {
  if (plan.refused !== undefined) return { id: plan.id, rows: { upserts: 0, deletes: 0, estimated: false }, statements: [] }
  if (plan.strategy.kind === 'full' || plan.changes.length > 0) return assumed(plan, target)
  const recording = new RecordingTarget(target)
  await syncTable({
    plan,
    snapshot: prepared.snapshot,
    target: recording.asTarget(),
    timestampColumns: matchingRule(prepared.config, plan.schema.table).timestampColumns,
    batchRows: prepared.config.batchRows,
    meter: new Meter(() => {}, plan.id),
    signal,
    save: async () => {},
  })
  return { id: plan.id, rows: { upserts: recording.upserts, deletes: recording.deletes, estimated: false }, statements: recording.statements }
}

/** What can be said without looking: the whole table goes, or a comparison must wait for columns that are not there yet. */
function assumed(plan: TablePlan, target: Target): TablePreview {
  const replace = plan.strategy.kind === 'full'
  const work: WriteWork = { disposition: replace ? 'replace' : 'merge', schema: plan.wanted, existing: afterChanges(plan) }
  return {
    id: plan.id,
    rows: { upserts: plan.schema.estimate?.rows ?? 0, deletes: 0, estimated: true },
    statements: [...plan.statements, ...target.preview(work, { upserts: true, deletes: false })],
  }
}

/** Stands before a target: reads go through; what a commit would write is counted and its statements taken down. */
class RecordingTarget {
  upserts = 0
  deletes = 0
  readonly statements: string[] = []
  readonly #target: Target

  constructor(target: Target) {
    this.#target = target
  }

  asTarget(): Target {
    const overrides: Partial<Target> = { run: async () => {}, open: async (work) => this.#writer(work) }
    return new Proxy(this.#target, {
      get: (target, member) => {
        const value: unknown = Reflect.get(overrides, member) ?? Reflect.get(target, member, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  #writer(work: WriteWork): TableWriter {
    let upserts = 0
    let deletes = 0
    return {
      write: async (batch) => {
        upserts += batch.upserts?.rowCount ?? 0
        deletes += batch.deletes?.rowCount ?? 0
      },
      commit: async () => {
        const effects = { upserts: upserts > 0, deletes: deletes > 0 }
        if (effects.upserts || effects.deletes || work.disposition === 'replace') this.statements.push(...this.#target.preview(work, effects))
        this.upserts += upserts
        this.deletes += deletes
        return { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }
      },
      [Symbol.asyncDispose]: async () => {},
    }
  }
}
