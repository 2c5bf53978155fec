import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import { isJsonObject, type JsonValue } from '../model/json.ts'
import { databaseKey, LAST_RUN_KEY, type LastRun, parseDatabaseState } from '../state/records.ts'

const FORMAT = 'dbsync-state'
const VERSION = 1

/** The state as one file: what each database has come to, and the last run. */
export type StateExport = {
  readonly format: typeof FORMAT
  readonly version: typeof VERSION
  readonly exported_at: string
  readonly databases: { readonly [database: string]: JsonValue }
  readonly last_run: JsonValue
}

/** All of it, or an error: an export that lacks a damaged document would be taken for whole. */
export async function exportState(state: StateStore, now: Date): Promise<StateExport> {
  const prefix = databaseKey('')
  const documents = (await state.list(prefix)).map(({ key, value }) => [key.slice(prefix.length), value] as const)
  for (const [database, value] of documents) parseDatabaseState(database, value)
  const last = await state.read(LAST_RUN_KEY)
  return { format: FORMAT, version: VERSION, exported_at: now.toISOString(), databases: Object.fromEntries(documents), last_run: last?.value ?? null }
}

/** Whether a file's text is an export, of whatever version: such a one may be replaced by another. */
export function isExport(text: string): boolean {
  const value = json(text)
  return isJsonObject(value) && value['format'] === FORMAT
}

/** Throws `STATE_FILE` unless the text is a whole export, each document of the shape that a run can go on from. */
export function parseExport(text: string, file: string): StateExport {
  const value = json(text)
  if (!isJsonObject(value) || value['format'] !== FORMAT)
    throw broken(file, value === undefined ? 'is not valid JSON: cut off or damaged' : 'is no export of the state')
  if (value['version'] !== VERSION) throw broken(file, `is of version ${JSON.stringify(value['version'] ?? null)}; this dbsync reads version ${VERSION}`)
  const { databases, last_run: last = null } = value
  if (!isJsonObject(databases)) throw broken(file, 'has no databases')
  for (const [database, document] of Object.entries(databases)) {
    const fault = databaseFault(database, document)
    if (fault !== undefined) throw broken(file, fault)
  }
  if (last !== null && !isLastRun(last)) throw broken(file, 'has a last_run of another shape')
  const { exported_at: at } = value
  return { format: FORMAT, version: VERSION, exported_at: typeof at === 'string' ? at : '', databases: databases as StateExport['databases'], last_run: last }
}

function databaseFault(database: string, document: JsonValue | undefined): string | undefined {
  if (!isJsonObject(document)) return `has no document for database ${database}`
  try {
    parseDatabaseState(database, document)
    return undefined
  } catch (error) {
    if (!SyncError.is(error)) throw error
    return `cannot be used: ${error.message}`
  }
}

function isLastRun(value: JsonValue): boolean {
  const { last_sync, synced_tables, backup_point = null } = (isJsonObject(value) ? value : {}) as Partial<Record<keyof LastRun, JsonValue>>
  return typeof last_sync === 'string' && Array.isArray(synced_tables) && (backup_point === null || typeof backup_point === 'string')
}

function json(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const broken = (file: string, what: string): SyncError =>
  new SyncError('STATE_FILE', `${file} ${what}.`, { kind: 'config', hint: 'Nothing was changed. Take a file that `dbsync state export` has written.' })
