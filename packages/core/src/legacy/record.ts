import type { JsonValue } from '../model/json.ts'
import type { SyncMode, SyncStatus } from '../state/records.ts'
import { type Moment, parseMoment } from './local-time.ts'

/** What a file of an older tool says of one table. */
export type LegacyRecord = {
  readonly lastSync: Moment | null
  readonly status: SyncStatus
  readonly mode: SyncMode
  readonly rows: number
  readonly error: string | null
  readonly updated: Moment | null
}

type Fields = { readonly [key: string]: JsonValue | undefined }

const STATUSES: readonly SyncStatus[] = ['SUCCESS', 'FAILED', 'RUNNING']
const MODES: readonly SyncMode[] = ['FULL', 'INCREMENTAL']

/** The record, or why it is none. */
export function readRecord(fields: Fields, zone: string): LegacyRecord | string {
  const lastSync = momentOf(fields['last_sync_time'], zone)
  if (lastSync === undefined) return fault('last_sync_time', fields, 'is no time')
  const updated = momentOf(fields['updated_at'], zone)
  if (updated === undefined) return fault('updated_at', fields, 'is no time')
  const status = oneOf(STATUSES, fields['sync_status'])
  if (status === undefined) return fault('sync_status', fields, `is none of ${STATUSES.join(', ')}`)
  const mode = oneOf(MODES, fields['sync_mode'] ?? 'INCREMENTAL')
  if (mode === undefined) return fault('sync_mode', fields, `is none of ${MODES.join(', ')}`)
  const rows = fields['records_synced'] ?? 0
  if (typeof rows !== 'number' || !Number.isFinite(rows)) return fault('records_synced', fields, 'is no number')
  const error = fields['error_message'] ?? null
  if (error !== null && typeof error !== 'string') return fault('error_message', fields, 'is no text')
  return { lastSync, status, mode, rows, error, updated }
}

/** `undefined`: there is something, and it is no time. */
function momentOf(value: JsonValue | undefined, zone: string): Moment | null | undefined {
  if (value === undefined || value === null || value === '') return null
  return typeof value === 'string' ? parseMoment(value, zone) : undefined
}

function oneOf<T extends string>(all: readonly T[], value: JsonValue | undefined): T | undefined {
  return typeof value === 'string' ? all.find((each) => each === value.toUpperCase()) : undefined
}

function fault(name: string, fields: Fields, what: string): string {
  const value = fields[name]
  return value === undefined ? `its ${name} is missing` : `its ${name} ${what}: ${JSON.stringify(value).slice(0, 60)}`
}
