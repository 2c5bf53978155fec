import type { LegacyFiles, StateStore } from '../contract/state-store.ts'
import type { JsonValue } from '../model/json.ts'
import { holdRuns } from '../state/hold-runs.ts'
import { type DatabaseState, databaseKey, parseDatabaseState } from '../state/records.ts'
import { type MergedTable, type MigrationPlan, mergeMigrated } from './plan-migration.ts'

export type MigrationReport = {
  readonly databases: readonly { readonly database: string; readonly tables: readonly MergedTable[] }[]
  /** Old and new paths. */
  readonly moved: readonly { readonly from: string; readonly to: string }[]
}

/** What a migration would make of the state. Reads, and writes nothing. */
export async function previewMigration(state: StateStore, plan: MigrationPlan): Promise<MigrationReport> {
  const occupied = new Set(plan.databases.flatMap(({ files }) => files.map(({ file }) => file.occupies)))
  const databases: MigrationReport['databases'][number][] = []
  for (const part of plan.databases) {
    const key = databaseKey(part.database)
    const before = occupied.has(key) ? undefined : await state.read(key)
    const { tables } = mergeMigrated(before && parseDatabaseState(part.database, before.value), part, plan.targets, new Date().toISOString())
    databases.push({ database: part.database, tables })
  }
  return { databases, moved: [] }
}

/**
 * Takes the files over, database by database: first its state, durably, then its files go aside. Killed at any moment, a file that was not moved is
 * read again by the same command, and says nothing new then. Throws `RUN_LOCKED` while a run is at work.
 */
export async function executeMigration(state: StateStore, legacy: LegacyFiles, plan: MigrationPlan, signal: AbortSignal): Promise<MigrationReport> {
  await using _ = await holdRuns(
    state,
    plan.targets,
    plan.databases.map(({ database }) => database),
  )
  const report = { databases: [] as MigrationReport['databases'][number][], moved: [] as MigrationReport['moved'][number][] }
  for (const part of plan.databases) {
    signal.throwIfAborted()
    const key = databaseKey(part.database)
    const entry = await state.read(key)
    const before: DatabaseState | undefined = entry && parseDatabaseState(part.database, entry.value)
    const merged = mergeMigrated(before, part, plan.targets, new Date().toISOString())
    if (merged.state !== before) await state.write(key, merged.state as unknown as JsonValue, entry?.revision)
    report.databases.push({ database: part.database, tables: merged.tables })
    const paths = await legacy.setAside(part.files.map(({ file }) => file))
    report.moved.push(...part.files.map(({ file }, index) => ({ from: file.path, to: paths[index] ?? '' })))
  }
  return report
}
