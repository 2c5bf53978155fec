import { isDeepStrictEqual } from 'node:util'
import type { StateStore } from '../contract/state-store.ts'
import type { JsonValue } from '../model/json.ts'
import { type HeldTarget, holdRuns } from '../state/hold-runs.ts'
import { databaseKey, LAST_RUN_KEY, parseDatabaseState } from '../state/records.ts'
import { withoutPrints } from '../state/source-print.ts'
import type { StateExport } from './export-file.ts'

/** What an import would change. Databases that the file does not name stay as they are. */
export type ImportPlan = {
  readonly exportedAt: string
  readonly databases: readonly ImportedDatabase[]
  readonly lastRun: boolean
  readonly writes: readonly Write[]
}

/** Names of tables. */
export type ImportedDatabase = {
  readonly name: string
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  readonly same: number
}

type Write = { readonly key: string; readonly value: JsonValue; readonly expected: string | undefined }

/** Reads, and writes nothing. */
export async function planImport(state: StateStore, file: StateExport): Promise<ImportPlan> {
  const databases: ImportedDatabase[] = []
  const writes: Write[] = []
  for (const [name, value] of Object.entries(file.databases)) {
    const entry = await state.read(databaseKey(name))
    const before = new Map(Object.entries(entry === undefined ? {} : withoutPrints(parseDatabaseState(name, entry.value)).tables))
    const imported = withoutPrints(parseDatabaseState(name, value))
    const after = new Map(Object.entries(imported.tables))
    const common = [...after.keys()].filter((table) => before.has(table))
    const changed = common.filter((table) => !isDeepStrictEqual(before.get(table), after.get(table)))
    const added = [...after.keys()].filter((table) => !before.has(table))
    const removed = [...before.keys()].filter((table) => !after.has(table))
    databases.push({ name, added, changed, removed, same: common.length - changed.length })
    if (entry === undefined || added.length + changed.length + removed.length > 0) {
      writes.push({ key: databaseKey(name), value: imported as unknown as JsonValue, expected: entry?.revision })
    }
  }
  const last = await state.read(LAST_RUN_KEY)
  const lastRun = file.last_run !== null && !isDeepStrictEqual(last?.value, file.last_run)
  if (lastRun) writes.push({ key: LAST_RUN_KEY, value: file.last_run, expected: last?.revision })
  return { exportedAt: file.exported_at, databases, lastRun, writes }
}

/**
 * Writes what was planned, each database durably and as a whole: killed in between, the same import finishes it. Throws `RUN_LOCKED` while a run is at
 * work, and `STATE_CONFLICT` where something has changed since the plan.
 */
export async function executeImport(state: StateStore, targets: readonly HeldTarget[], plan: ImportPlan, signal: AbortSignal): Promise<void> {
  await using _ = await holdRuns(
    state,
    targets,
    plan.databases.map(({ name }) => name),
  )
  for (const { key, value, expected } of plan.writes) {
    signal.throwIfAborted()
    await state.write(key, value, expected)
  }
}
