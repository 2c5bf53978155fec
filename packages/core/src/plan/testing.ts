import type { Visibility } from '../contract/source.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { TableSchema } from '../model/schema.ts'
import { int, schemaOf } from '../run/testing.ts'
import type { DatabaseState, TargetState } from '../state/records.ts'
import type { RouteFacts } from './gather.ts'

export const partial: Visibility = { scope: 'partial', user: "'sync'@'%'" }

/** A table of the database `shop` with an `id`. */
export const named = (name: string, over: Partial<TableSchema> = {}): TableSchema => ({ ...schemaOf(name, [int('id')]), ...over })

/** What a run that went well has left of a table. */
export const synced: TargetState = {
  last_sync_time: '2026-01-01T00:00:00.000Z',
  sync_status: 'SUCCESS',
  sync_mode: 'FULL',
  records_synced: 1,
  error_message: null,
  updated_at: '2026-01-01T00:00:00.000Z',
  position: null,
  compared_at: '2026-01-01T00:00:00.000Z',
  source_id: 'source',
  target_id: 'target',
  target_database: 'shop',
}

/** The state of a database of which these tables were synced into the target `copy`, or another one. */
export function stateOf(tables: Readonly<Record<string, Partial<TargetState>>>, target = 'copy'): DatabaseState {
  return {
    database_info: { tenant_id: 'shop', last_updated: synced.updated_at, total_tables: 0, time_zone: 'UTC' },
    tables: Object.fromEntries(
      Object.entries(tables).map(([name, over]) => [name, { ...synced, table_name: name, targets: { [target]: { ...synced, ...over } } }]),
    ),
  }
}

/** The database `shop` into that of the target `copy`: empty at both ends, and all of it can be seen. */
export const factsOf = (over: Partial<RouteFacts> = {}): RouteFacts => ({
  ...{ target: 'copy', source: 'shop', database: 'shop', tables: [], unreadable: new Map(), visibility: { scope: 'complete' } },
  ...{ objects: { views: [], triggers: [], routines: [], events: [], sequences: [] }, existing: [] },
  ...{ databaseExists: true, leftovers: [], state: undefined },
  ...over,
})

/** What `work` refuses with. */
export function failure(work: () => unknown): SyncError {
  try {
    work()
  } catch (error) {
    if (SyncError.is(error)) return error
  }
  throw new Error('nothing was refused')
}
