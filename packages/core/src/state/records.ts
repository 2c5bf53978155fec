import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { Position } from '../model/batch.ts'
import { isJsonObject, type JsonValue } from '../model/json.ts'
import type { SourcePrint } from './source-print.ts'

/** Key of the document of one source database; the store decides where it lies. */
export const databaseKey = (database: string): string => `database/${database}`

/** The databases of which there is a document, with the documents as they are stored. */
export async function storedDatabases(state: StateStore): Promise<readonly { readonly name: string; readonly value: JsonValue }[]> {
  const prefix = databaseKey('')
  return (await state.list(prefix)).map(({ key, value }) => ({ name: key.slice(prefix.length), value }))
}

/** Key of the document of the last run. */
export const LAST_RUN_KEY = 'last-run'

/**
 * What is known of one source database. The first keys are the shape that users' tools already read; `targets` holds what a
 * target needs to go on from. All times are ISO 8601 in UTC.
 */
export type DatabaseState = {
  readonly database_info: {
    readonly tenant_id: string
    readonly last_updated: string
    readonly total_tables: number
    readonly time_zone: 'UTC'
  }
  readonly tables: Readonly<Record<string, TableState>>
}

/** Over all targets: the worst status and the oldest time. */
export type TableState = {
  readonly table_name: string
  readonly last_sync_time: string | null
  readonly sync_status: SyncStatus
  readonly sync_mode: SyncMode
  readonly records_synced: number
  readonly error_message: string | null
  readonly updated_at: string
  readonly targets?: Readonly<Record<string, TargetState>>
}

export type TargetState = {
  /** Of the last success. */
  readonly last_sync_time: string | null
  readonly sync_status: SyncStatus
  readonly sync_mode: SyncMode
  readonly records_synced: number
  readonly error_message: string | null
  readonly updated_at: string
  /** Where the next run by time goes on; `null`: it cannot. */
  readonly position: Position
  /** When the whole table was last copied or compared. */
  readonly compared_at: string | null
  /** The servers that the position belongs to: against others it means nothing. */
  readonly source_id: string
  readonly target_id: string
  readonly target_database: string
  /** The table was at the target before its first sync, which has not come so far that its rows are ours. */
  readonly first_contact?: boolean
  /** What the source was when both ends were last known to be equal, at targets where looking costs money; `null`: it is not known. Of no worth but with a success. */
  readonly source_print?: SourcePrint | null
}

export type SyncStatus = 'SUCCESS' | 'FAILED' | 'RUNNING'
export type SyncMode = 'FULL' | 'INCREMENTAL'

export type LastRun = {
  readonly last_sync: string
  readonly synced_tables: readonly string[]
  readonly backup_point: string | null
}

const STATUSES: readonly SyncStatus[] = ['SUCCESS', 'RUNNING', 'FAILED']

/** Checks the shape of a stored document; a shape that cannot be read stops the run, it is never taken for "no state". */
export function parseDatabaseState(database: string, value: JsonValue): DatabaseState {
  const tables = isJsonObject(value) ? value['tables'] : undefined
  const wrong = isJsonObject(tables) ? Object.keys(tables).find((name) => !isTableState(tables[name] ?? null)) : 'tables'
  if (wrong !== undefined) {
    throw new SyncError('STATE_UNREADABLE', `The state of database ${database} does not have the expected shape, at ${wrong}.`, {
      kind: 'config',
      hint: 'Put the last good copy back, or move the file away: the next run then compares or copies every table in full.',
    })
  }
  return value as unknown as DatabaseState
}

/** The state with one target's entries of some tables replaced; `undefined`: it has nothing of the table any more. Pure. */
export function withTargetStates(
  state: DatabaseState | undefined,
  database: string,
  target: string,
  updates: ReadonlyMap<string, TargetState | undefined>,
  now: string,
): DatabaseState {
  const tables = new Map(Object.entries(state?.tables ?? {}))
  for (const [name, update] of updates) {
    const targets = new Map(Object.entries(tables.get(name)?.targets ?? {}))
    if (update === undefined) targets.delete(target)
    else targets.set(target, update)
    const latest = update ?? newest(targets)
    if (latest === undefined) tables.delete(name)
    else tables.set(name, { ...tables.get(name), ...overall(name, [...targets.values()], latest), targets: fromEntries(targets) })
  }
  return {
    ...state,
    database_info: { ...state?.database_info, tenant_id: database, last_updated: now, total_tables: tables.size, time_zone: 'UTC' },
    tables: fromEntries(tables),
  }
}

/** The state without what one target is in it; `undefined` where nothing is left. Pure. */
export function withoutTarget(state: DatabaseState, target: string, now: string): DatabaseState | undefined {
  const tables = Object.entries(state.tables).flatMap(([name, table]) => {
    const targets = new Map(Object.entries(table.targets ?? {}))
    targets.delete(target)
    const latest = newest(targets)
    return latest === undefined ? [] : [[name, { ...table, ...overall(name, [...targets.values()], latest), targets: fromEntries(targets) }] as const]
  })
  if (tables.length === 0) return undefined
  return { ...state, database_info: { ...state.database_info, last_updated: now, total_tables: tables.length }, tables: fromEntries(tables) }
}

const newest = (targets: ReadonlyMap<string, TargetState>): TargetState | undefined =>
  [...targets.values()].toSorted((a, b) => (a.updated_at > b.updated_at ? -1 : 1))[0]

function overall(name: string, targets: readonly TargetState[], latest: TargetState): TableState {
  const worst = targets.reduce((a, b) => (STATUSES.indexOf(b.sync_status) > STATUSES.indexOf(a.sync_status) ? b : a))
  return {
    table_name: name,
    last_sync_time: oldest(targets.map((target) => target.last_sync_time)),
    sync_status: worst.sync_status,
    sync_mode: latest.sync_mode,
    records_synced: latest.records_synced,
    error_message: worst.error_message,
    updated_at: latest.updated_at,
  }
}

/** The oldest of some times; one that never was is older than all. */
export const oldest = (times: readonly (string | null)[]): string | null =>
  times.reduce((a, b) => (a === null || b === null ? null : a < b ? a : b), times[0] ?? null)

// Names such as `__proto__` are ordinary table names: fromEntries defines them as own keys.
const fromEntries = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> => Object.fromEntries(entries)

const isTableState = (value: JsonValue): boolean =>
  isProgress(value) && (value['targets'] === undefined || (isJsonObject(value['targets']) && Object.values(value['targets']).every(isTargetState)))

const isTargetState = (value: JsonValue): boolean =>
  isProgress(value) &&
  isTimeOrNull(value['compared_at']) &&
  ['source_id', 'target_id', 'target_database'].every((name) => typeof value[name] === 'string') &&
  isPosition(value['position'])

/** What a table and each of its targets have in common, as far as a decision hangs on it. */
const isProgress = (value: JsonValue): value is { readonly [key: string]: JsonValue } =>
  isJsonObject(value) && STATUSES.includes(value['sync_status'] as SyncStatus) && isTimeOrNull(value['last_sync_time'])

const isTimeOrNull = (value: JsonValue | undefined): boolean => value === null || (typeof value === 'string' && !Number.isNaN(Date.parse(value)))

/** Whatever else a position may be in time, one by time columns holds a moment for each, or null. */
const isPosition = (value: JsonValue | undefined): boolean => {
  if (!isJsonObject(value) || value['columns'] === undefined) return value !== undefined
  if (value['zone'] !== undefined && typeof value['zone'] !== 'number') return false
  return (
    isJsonObject(value['columns']) && Object.values(value['columns']).every((moment) => moment === null || (typeof moment === 'string' && MOMENT.test(moment)))
  )
}

const MOMENT = /^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?$/
