import type { LegacyFile, LegacyListing } from '../contract/state-store.ts'
import { type DatabaseState, databaseKey, type TargetState, withTargetStates } from '../state/records.ts'
import { type Known, type Owner, ownerOf } from './owner.ts'
import { type LegacyRecord, readRecord } from './record.ts'

/** `template` is that of the database's name at the target. */
export type MigrationTarget = { readonly name: string; readonly template: string }

export type MigrationInput = {
  readonly listing: LegacyListing
  readonly known: Known
  readonly zone: string
  /** Nobody has said that this is the zone: positions are taken so much earlier that any would do. */
  readonly assumedZone: boolean
  readonly targets: readonly MigrationTarget[]
}

/** What becomes of the files of an older tool. */
export type MigrationPlan = {
  readonly zone: string
  readonly assumedZone: boolean
  readonly targets: readonly MigrationTarget[]
  /** In the order in which they have to be written. */
  readonly databases: readonly MigratedDatabase[]
  readonly left: readonly LeftFile[]
}

export type MigratedDatabase = { readonly database: string; readonly files: readonly MigratedFile[] }

export type MigratedFile = { readonly file: LegacyFile; readonly table: string; readonly state: Omit<TargetState, 'target_database'> }

export type LeftFile = {
  readonly path: string
  /** `foreign`: no state of a table at all. */
  readonly kind: 'ambiguous' | 'unknown' | 'broken' | 'foreign' | 'blocked'
  readonly reason: string
}

/** More than any two zones differ. */
const ANY_ZONE_MS = 26 * 3_600_000

/** Pure: what lies there, and what it says. */
export function planMigration({ listing, known, zone, assumedZone, targets }: MigrationInput): MigrationPlan {
  const databases = new Map<string, MigratedFile[]>()
  const left: LeftFile[] = []
  const stays = new Set<string>()
  for (const file of listing.files) {
    const leave = (kind: LeftFile['kind'], reason: string) => {
      left.push({ path: file.path, kind, reason })
      if (file.occupies !== undefined) stays.add(file.occupies)
    }
    if (file.content.kind !== 'table') {
      leave(file.content.kind, file.content.reason)
      continue
    }
    const { value } = file.content
    const owner = tableOf(file, known)
    if (owner.kind === 'several') {
      leave('ambiguous', `it may belong to any of the databases ${owner.databases.join(', ')}`)
    } else if (owner.kind === 'none') {
      leave('unknown', unknownReason(file, value['table_name'], owner.database))
    } else {
      const record = readRecord(value, zone)
      if (typeof record === 'string') leave('broken', record)
      else push(databases, owner.database, { file, table: owner.table, state: stateOf(record, assumedZone) })
    }
  }
  // A file that has the name of another database's document goes before that is written: its own database's name is the beginning of it.
  const ordered = [...databases].sort(([a], [b]) => (a < b ? -1 : 1))
  const possible: MigratedDatabase[] = []
  for (const [database, files] of ordered) {
    if (!stays.has(databaseKey(database))) {
      possible.push({ database, files })
      continue
    }
    for (const { file } of files) {
      left.push({ path: file.path, kind: 'blocked', reason: `the state of ${database} cannot be written: a file with its name stays` })
      if (file.occupies !== undefined) stays.add(file.occupies)
    }
  }
  return { zone, assumedZone, targets, databases: possible, left }
}

/** Whose table a file speaks of. */
export function tableOf(file: LegacyFile, known: Known): Owner {
  const table = file.content.kind === 'table' ? file.content.value['table_name'] : undefined
  return typeof table === 'string' ? ownerOf(file.name, table, known) : { kind: 'none', database: undefined }
}

function unknownReason(file: LegacyFile, table: unknown, database: string | undefined): string {
  if (typeof table !== 'string') return 'its table_name is no text'
  if (database !== undefined) return `no database ${database} is known: neither configured, nor in the state, nor seen at the source`
  return `its name ${file.name} does not end in _${table}`
}

/** What the older tool says, as the state of one target: without a proof, and without the servers that it was true of. */
function stateOf({ lastSync, status, mode, rows, error, updated }: LegacyRecord, assumedZone: boolean): MigratedFile['state'] {
  const time = lastSync === null ? null : new Date(lastSync.ms).toISOString()
  // Of a sync that did not end nobody knows what its time means.
  const since = lastSync !== null && status === 'SUCCESS' ? lastSync.ms - (assumedZone && !lastSync.zoned ? ANY_ZONE_MS : 0) : undefined
  return {
    last_sync_time: time,
    sync_status: status,
    sync_mode: mode,
    records_synced: rows,
    error_message: error,
    updated_at: updated === null ? (time ?? new Date(0).toISOString()) : new Date(updated.ms).toISOString(),
    position: since === undefined ? null : { since: new Date(since).toISOString() },
    compared_at: null,
    source_id: '',
    target_id: '',
  }
}

/** What a migrated table becomes: `older`: the state knows as much or something newer of it already, at every target. */
export type MergedTable = { readonly path: string; readonly table: string; readonly state: MigratedFile['state']; readonly taken: 'new' | 'newer' | 'older' }

/** The database's state with what is newer in the files. Pure; doing it again changes nothing. */
export function mergeMigrated(
  before: DatabaseState | undefined,
  { database, files }: MigratedDatabase,
  targets: readonly MigrationTarget[],
  now: string,
): { readonly state: DatabaseState | undefined; readonly tables: readonly MergedTable[] } {
  const updates = targets.map(({ name, template }) => ({ name, at: template.replaceAll('{database}', () => database), tables: new Map<string, TargetState>() }))
  const tables: MergedTable[] = []
  for (const { file, table, state: said } of files) {
    const existing = updates.map((update) => update.tables.get(table) ?? ownValue(ownValue(before?.tables, table)?.targets, update.name))
    const taken = existing.map((saved) => saved === undefined || said.updated_at > saved.updated_at)
    for (const [index, update] of updates.entries()) {
      if (!taken[index]) continue
      const { compared_at = null, source_id = '', target_id = '' } = existing[index] ?? {}
      update.tables.set(table, { ...said, compared_at, source_id, target_id, target_database: update.at })
    }
    tables.push({
      path: file.path,
      table,
      state: said,
      taken: !taken.includes(true) ? 'older' : existing.every((saved) => saved === undefined) ? 'new' : 'newer',
    })
  }
  let state = before
  for (const update of updates) if (update.tables.size > 0) state = withTargetStates(state, database, update.name, update.tables, now)
  return { state, tables }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

const ownValue = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
