import { matcher, nameMatcher } from '../config/glob.ts'
import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { JsonValue } from '../model/json.ts'
import { type HeldTarget, holdRuns } from '../state/hold-runs.ts'
import { databaseKey, parseDatabaseState, storedDatabases, type TargetState, withTargetStates } from '../state/records.ts'
import { withoutPrint } from '../state/source-print.ts'

/** Globs; left out: all. */
export type ResetSelection = {
  readonly databases?: readonly string[] | undefined
  readonly tables?: readonly string[] | undefined
  readonly targets?: readonly string[] | undefined
}

export type ResetPlan = {
  readonly tables: readonly ResetTable[]
  readonly writes: readonly { readonly database: string; readonly value: JsonValue; readonly expected: string | undefined }[]
}

export type ResetTable = { readonly database: string; readonly table: string; readonly target: string; readonly lastSync: string | null }

const RESET_NOTE = 'reset: the next run compares the table or copies it in full'

/**
 * What would be forgotten: positions, times and servers. That the rows at the target are ours stays known, or the next run would refuse to change any of
 * them. Reads, and writes nothing. Throws `STATE_NOTHING` where nothing fits.
 */
export async function planReset(
  state: StateStore,
  { databases = ['*'], tables: wanted = ['*'], targets = ['*'] }: ResetSelection,
  now: Date,
): Promise<ResetPlan> {
  const isDatabase = nameMatcher(databases)
  const isTable = matcher(wanted)
  const isTarget = nameMatcher(targets)
  const tables: ResetTable[] = []
  const writes: ResetPlan['writes'][number][] = []
  const known = await storedDatabases(state)
  for (const { name: database } of known.filter(({ name }) => isDatabase(name))) {
    const entry = await state.read(databaseKey(database))
    if (entry === undefined) continue
    const before = parseDatabaseState(database, entry.value)
    const updates = new Map<string, Map<string, TargetState>>()
    for (const [table, { targets: saved = {} }] of Object.entries(before.tables).filter(([name]) => isTable(database, name))) {
      for (const [target, was] of Object.entries(saved).filter(([name]) => isTarget(name))) {
        updates.set(target, (updates.get(target) ?? new Map<string, TargetState>()).set(table, forgotten(was, now)))
        tables.push({ database, table, target, lastSync: was.last_sync_time })
      }
    }
    let value = before
    for (const [target, forgot] of updates) value = withTargetStates(value, database, target, forgot, now.toISOString())
    if (updates.size > 0) writes.push({ database, value: value as unknown as JsonValue, expected: entry.revision })
  }
  if (tables.length > 0) return { tables, writes }
  const names = known.map(({ name }) => name)
  throw new SyncError('STATE_NOTHING', 'The state has no table that fits.', {
    kind: 'config',
    hint: `Nothing was changed. It knows these databases: ${names.length === 0 ? 'none' : names.slice(0, 20).join(', ')}. See \`dbsync state show\`.`,
  })
}

function forgotten(was: TargetState, now: Date): TargetState {
  return {
    ...withoutPrint(was),
    last_sync_time: null,
    sync_status: 'RUNNING',
    error_message: RESET_NOTE,
    updated_at: now.toISOString(),
    position: null,
    compared_at: null,
    source_id: '',
    target_id: '',
  }
}

/** The state as it would be. For planning: it cannot be written to. */
export function afterReset(state: StateStore, { writes }: ResetPlan): StateStore {
  const values = new Map(writes.map(({ database, value }) => [databaseKey(database), value]))
  const refuse = async (): Promise<never> => {
    throw new Error('this state is only looked at')
  }
  const shown = <T extends { readonly key: string; readonly value: JsonValue }>(entry: T): T => ({ ...entry, value: values.get(entry.key) ?? entry.value })
  return {
    async read(key) {
      const entry = await state.read(key)
      return entry && shown(entry)
    },
    list: async (prefix) => (await state.list(prefix)).map(shown),
    write: refuse,
    delete: refuse,
    lock: refuse,
    async [Symbol.asyncDispose]() {},
  }
}

/** Database by database, each as a whole. Throws `RUN_LOCKED` while a run is at work, and `STATE_CONFLICT` where something has changed since the plan. */
export async function executeReset(state: StateStore, targets: readonly HeldTarget[], { writes }: ResetPlan, signal: AbortSignal): Promise<void> {
  await using _ = await holdRuns(
    state,
    targets,
    writes.map(({ database }) => database),
  )
  for (const { database, value, expected } of writes) {
    signal.throwIfAborted()
    await state.write(databaseKey(database), value, expected)
  }
}
