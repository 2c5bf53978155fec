import type { StateStore } from '../contract/state-store.ts'
import {
  type DatabaseState,
  databaseKey,
  LAST_RUN_KEY,
  type LastRun,
  oldest,
  parseDatabaseState,
  type SyncMode,
  type SyncStatus,
  storedDatabases,
  type TableState,
} from './records.ts'

/** What the state says, read without touching any server. */
export type StatusReport = {
  readonly databases: readonly DatabaseStatus[]
  readonly lastRun: LastRun | null
}

export type DatabaseStatus = { readonly name: string; readonly tables: readonly TableStatus[] }

export type TableStatus = {
  readonly name: string
  readonly status: SyncStatus
  readonly mode: SyncMode
  readonly lastSync: string | null
  readonly rows: number
  readonly error: string | null
  /** Over all targets the oldest; `null`: some target was never compared in full. */
  readonly comparedAt: string | null
  readonly targets: Readonly<Record<string, { readonly status: SyncStatus; readonly lastSync: string | null; readonly comparedAt: string | null }>>
}

export async function readStatus(state: StateStore): Promise<StatusReport> {
  const databases = (await storedDatabases(state)).map(({ name, value }) => databaseStatus(name, parseDatabaseState(name, value)))
  const last = await state.read(LAST_RUN_KEY)
  return { databases: databases.toSorted((a, b) => (a.name < b.name ? -1 : 1)), lastRun: (last?.value as LastRun | undefined) ?? null }
}

/** One alone; `undefined` where nothing is known of it. */
export async function readDatabaseStatus(state: StateStore, name: string): Promise<DatabaseStatus | undefined> {
  const entry = await state.read(databaseKey(name))
  return entry && databaseStatus(name, parseDatabaseState(name, entry.value))
}

function databaseStatus(name: string, state: DatabaseState): DatabaseStatus {
  return { name, tables: Object.entries(state.tables).map(([table, entry]) => tableStatus(table, entry)) }
}

function tableStatus(name: string, state: TableState): TableStatus {
  const targets = Object.entries(state.targets ?? {})
  return {
    name,
    status: state.sync_status,
    mode: state.sync_mode,
    lastSync: state.last_sync_time,
    rows: state.records_synced,
    error: state.error_message,
    comparedAt: oldest(targets.map(([, target]) => target.compared_at)),
    targets: Object.fromEntries(
      targets.map(([target, { sync_status, last_sync_time, compared_at }]) => [
        target,
        { status: sync_status, lastSync: last_sync_time, comparedAt: compared_at },
      ]),
    ),
  }
}
