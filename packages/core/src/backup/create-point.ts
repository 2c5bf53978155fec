import type { Config, TargetConfig } from '../config/config.ts'
import { isLiteral, literalName, matcher, nameMatcher } from '../config/glob.ts'
import type { BackupPoint, BackupRequest, Backups } from '../contract/backups.ts'
import type { StateStore } from '../contract/state-store.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { JsonValue } from '../model/json.ts'
import { refuseUnfinished } from '../rollback/unfinished.ts'
import { type RetryOptions, retried } from '../run/retry.ts'
import { StateRecorder } from '../state/recorder.ts'
import { storedDatabases } from '../state/records.ts'
import { type PointTable, pointState } from './point-tables.ts'

export type PointEnds = {
  readonly config: Config
  readonly targetConfig: TargetConfig
  readonly target: Target
  readonly backups: Backups
  readonly state: StateStore
}

export type CreatePoint = {
  /** Tables that the configuration leaves out, too. */
  readonly all: boolean
  readonly signal: AbortSignal
  readonly progress?: BackupRequest['progress']
  /** Told of a fault after which it is made anew: a run may have altered a table meanwhile. */
  readonly retrying?: RetryOptions['retrying']
}

/**
 * A point of a target's tables as they are now, made by hand. Needs nothing of the source, which may be gone. Throws `BACKUP_NOTHING`, and
 * `ROLLBACK_UNFINISHED` where the tables are of two moments.
 */
export async function createPoint(ends: PointEnds, { all, signal, progress, retrying = () => {} }: CreatePoint): Promise<BackupPoint> {
  const { config, targetConfig, state, backups } = ends
  const sources = await knownSources(ends)
  const tables = await tablesOf(ends, sources, all)
  if (tables.length === 0) {
    throw new SyncError('BACKUP_NOTHING', `The target ${targetConfig.name} has no table that the configuration selects.`, {
      kind: 'config',
      hint: 'Check db_list, table_list and exclude_tables; --all takes every table of these databases.',
    })
  }
  await refuseUnfinished(backups, [...new Set(tables.map(({ table }) => table.database))], signal)
  // Before the rows are read: a position may be older than its rows, never newer.
  const recorders = new Map<string, StateRecorder>()
  for (const source of sources) recorders.set(source, await StateRecorder.open(state, source))
  const positions = pointState(tables, targetConfig.name, recorders) as unknown as JsonValue
  const refs = tables.map(({ table }) => table)
  const request = { at: new Date(), run: null, target: targetConfig.name, tables: refs, state: positions }
  const create = () => backups.create(progress === undefined ? request : { ...request, progress }, signal)
  return await retried(create, { config, signal, retrying })
}

/** Source databases by name, and by pattern those that were synced before. */
async function knownSources({ config, state }: PointEnds): Promise<readonly string[]> {
  const synced = (await storedDatabases(state)).map(({ name }) => name)
  const named = config.databases.filter(isLiteral).map(literalName)
  const selected = nameMatcher(config.databases)
  return [...new Set([...named, ...synced.filter(selected)])].sort()
}

async function tablesOf({ config, targetConfig, target }: PointEnds, sources: readonly string[], all: boolean): Promise<readonly PointTable[]> {
  const present = new Set(await target.databases())
  const selects = config.tables.length === 0 ? () => true : matcher(config.tables)
  const excludes = matcher(config.excludeTables)
  const found: PointTable[] = []
  for (const source of sources) {
    const database = targetConfig.database.replaceAll('{database}', () => source)
    if (!present.has(database)) continue
    for (const { table } of await target.describe(database)) {
      if (all || (selects(source, table.name) && !excludes(source, table.name))) found.push({ table, source: { database: source, name: table.name } })
    }
  }
  return found
}
