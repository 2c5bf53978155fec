import { isAbsolute, resolve } from 'node:path'
import { type PluginContext, SyncError } from '@dbsync/core/plugin'
import { OptionReader, type WarehouseSettings } from '@dbsync/warehouse'
import { MOST_LOADS } from './budget.ts'
import { BIGQUERY } from './dialect.ts'

export type Settings = WarehouseSettings & {
  readonly project: string | undefined
  readonly dataset: string
  readonly location: string | undefined
  readonly auth: 'adc' | 'key' | 'none'
  readonly keyFile: string | undefined
  readonly apiEndpoint: string | undefined
  readonly maxBytesBilled: string | undefined
  readonly loadBytes: number
  readonly maxDailyLoads: number
  /** Before the first retry; doubled each time. */
  readonly retryDelayMs: number
}

/** Settings that core has checked against `OPTIONS`. Throws `BIGQUERY_OPTIONS` and `WAREHOUSE_OPTIONS`. */
export function bigquerySettings(options: Readonly<Record<string, unknown>>, { directory }: Pick<PluginContext, 'directory'>): Settings {
  const given = new OptionReader(options, wrong)
  const dataset = given.text('dataset')
  if (dataset === undefined || !/^\w{1,1024}$/.test(dataset)) {
    throw wrong(`dataset ${dataset === undefined ? 'is missing' : 'has to be letters, digits and _'}`, 'Set "dataset" of the target, or bq_dataset.')
  }
  const keyFile = given.text('key_file')
  const auth = given.oneOf('auth', ['adc', 'key', 'none'] as const) ?? (keyFile === undefined ? 'adc' : 'key')
  if ((auth === 'key') !== (keyFile !== undefined)) throw wrong('auth and key_file do not go together', 'Use "auth": "key" with a key_file, or neither.')
  const project = given.text('project')
  if (auth === 'none' && project === undefined) throw wrong('project is missing', 'An emulator takes any name.')
  const apiEndpoint = given.text('api_endpoint')
  if (apiEndpoint !== undefined && !URL.canParse(apiEndpoint)) throw wrong('api_endpoint is no URL', 'Use "http://127.0.0.1:9050", for example.')
  if (auth === 'none' && apiEndpoint === undefined) throw wrong('api_endpoint is missing', 'Without credentials only an emulator can be reached.')
  const maxBytesBilled = given.text('max_bytes_billed')
  if (maxBytesBilled !== undefined && !/^\d{1,18}$/.test(maxBytesBilled)) throw wrong('max_bytes_billed is no number of bytes', 'Use "10000000000" for 10 GB.')
  const loadBytes = Number(options['load_bytes'] ?? 8_000_000)
  if (!Number.isInteger(loadBytes) || loadBytes < 1 || loadBytes > 1_000_000_000) throw wrong('load_bytes is no size', 'Use a number up to 1000000000.')
  const maxDailyLoads = Number(options['max_daily_loads'] ?? MOST_LOADS)
  if (!Number.isInteger(maxDailyLoads) || maxDailyLoads < 1) throw wrong('max_daily_loads is no number of loads', `Use ${MOST_LOADS}, the quota of a project.`)
  return {
    project,
    dataset,
    location: given.text('location'),
    auth,
    keyFile: keyFile === undefined || isAbsolute(keyFile) ? keyFile : resolve(directory, keyFile),
    apiEndpoint: apiEndpoint?.replace(/\/+$/, ''),
    ...given.warehouse(BIGQUERY),
    maxBytesBilled,
    loadBytes,
    maxDailyLoads,
    // Nobody else waits for an emulator.
    retryDelayMs: auth === 'none' ? 100 : 1000,
  }
}

const wrong = (what: string, hint: string): SyncError => new SyncError('BIGQUERY_OPTIONS', `BigQuery: the setting ${what}.`, { kind: 'config', hint })
