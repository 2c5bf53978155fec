import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import { isJsonObject, type JsonValue } from '../model/json.ts'
import type { TableRef } from '../model/schema.ts'
import { type DatabaseState, databaseKey, parseDatabaseState, type TargetState, withTargetStates } from '../state/records.ts'
import { withoutPrint } from '../state/source-print.ts'

/** What the state knew of tables at one target, by source database and table; `null`: nothing. */
export type Positions = { readonly [database: string]: { readonly [table: string]: TargetState | null } }

/** Times that somebody else's write may come before ours. */
const CONFLICTS = 20

/** The positions in a point's manifest; `undefined` where it has none that can be read: then nothing of the state fits its tables. */
export function positionsIn(state: JsonValue): Positions | undefined {
  const tables = isJsonObject(state) ? state['tables'] : undefined
  if (!isJsonObject(tables)) return undefined
  return Object.values(tables).every((each) => isJsonObject(each) && Object.values(each).every((one) => one === null || isJsonObject(one)))
    ? (tables as unknown as Positions)
    : undefined
}

/** What the state knows now of these tables of a target, and of all that `also` names. */
export async function readPositions(store: StateStore, target: string, tables: readonly TableRef[], also: Positions = {}): Promise<Positions> {
  const found = new Map<string, Map<string, TargetState | null>>()
  for (const [database, each] of Object.entries(also)) found.set(database, new Map(Object.keys(each).map((table) => [table, null])))
  for (const { database, state } of await allStates(store)) {
    for (const [table, { targets }] of Object.entries(state.tables)) {
      const saved = ownValue(targets, target)
      if (saved === undefined || !(found.get(database)?.has(table) || isAmong(tables, { database: saved.target_database, name: table }))) continue
      found.set(database, (found.get(database) ?? new Map<string, TargetState | null>()).set(table, saved))
    }
  }
  return Object.fromEntries([...found].map(([database, each]) => [database, Object.fromEntries(each)]))
}

/** Puts positions back. Doing it twice is the same as doing it once. */
export async function writePositions(store: StateStore, target: string, positions: Positions): Promise<void> {
  for (const [database, tables] of Object.entries(positions)) {
    await change(store, database, (state) => withPositions(state, database, target, tables))
  }
}

/** Nobody knows where the rows of these tables come from: the next run compares each as a whole. Those that `except` names keep theirs. */
export async function forgetPositions(store: StateStore, target: string, tables: readonly TableRef[], except: Positions = {}): Promise<void> {
  const found = await readPositions(store, target, tables)
  const forgotten = Object.entries(found).map(([database, each]) => {
    const unknown = Object.entries(each).filter(([table]) => ownValue(ownValue(except, database), table) === undefined)
    return [database, Object.fromEntries(unknown.map(([table, saved]) => [table, saved && { ...withoutPrint(saved), position: null, compared_at: null }]))]
  })
  await writePositions(store, target, Object.fromEntries(forgotten) as Positions)
}

/** Pure. A table of which no target knows anything any more is not in the answer. */
function withPositions(before: DatabaseState | undefined, database: string, target: string, tables: Positions[string]): DatabaseState | undefined {
  const now = new Date().toISOString()
  const given = Object.entries(tables)
  const known = given.flatMap(([table, saved]): [string, TargetState][] => (saved === null ? [] : [[table, withoutPrint(saved)]]))
  const unknown = new Set(given.filter(([, saved]) => saved === null).map(([table]) => table))
  const state = known.length === 0 ? before : withTargetStates(before, database, target, new Map(known), now)
  if (state === undefined) return undefined
  const kept = Object.entries(state.tables).flatMap(([table, entry]): [string, DatabaseState['tables'][string]][] => {
    if (!unknown.has(table) || entry.targets === undefined || !Object.hasOwn(entry.targets, target)) return [[table, entry]]
    const targets = Object.fromEntries(Object.entries(entry.targets).filter(([name]) => name !== target))
    return Object.keys(targets).length === 0 ? [] : [[table, { ...entry, targets }]]
  })
  const tableStates: DatabaseState['tables'] = Object.fromEntries(kept)
  return { ...state, database_info: { ...state.database_info, last_updated: now, total_tables: kept.length }, tables: tableStates }
}

async function change(store: StateStore, database: string, update: (state: DatabaseState | undefined) => DatabaseState | undefined): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const entry = await store.read(databaseKey(database))
    const state = update(entry === undefined ? undefined : parseDatabaseState(database, entry.value))
    if (state === undefined) return
    try {
      await store.write(databaseKey(database), state as unknown as JsonValue, entry?.revision)
      return
    } catch (error) {
      // A run into another target has written its own part of the document.
      if (attempt === CONFLICTS || !SyncError.is(error) || error.code !== 'STATE_CONFLICT') throw error
    }
  }
}

async function allStates(store: StateStore): Promise<readonly { readonly database: string; readonly state: DatabaseState }[]> {
  return (await store.list(databaseKey(''))).map(({ key, value }) => {
    const database = key.slice(databaseKey('').length)
    return { database, state: parseDatabaseState(database, value) }
  })
}

/** Without regard to case: a position too few makes the next run compare, one too many makes it miss rows. */
const isAmong = (tables: readonly TableRef[], table: TableRef): boolean =>
  tables.some(({ database, name }) => database.toLowerCase() === table.database.toLowerCase() && name.toLowerCase() === table.name.toLowerCase())

const ownValue = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
