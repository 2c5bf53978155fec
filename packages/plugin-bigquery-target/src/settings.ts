import { isAbsolute, resolve } from 'node:path'
import { type PluginContext, SyncError } from '@dbsync/core/plugin'
import { type TypeOverrides, typeOverrides } from '@dbsync/warehouse'

export type Deletes = 'hard' | 'soft' | 'ignore'

export type Settings = {
  readonly project: string | undefined
  readonly dataset: string
  readonly location: string | undefined
  readonly auth: 'adc' | 'key' | 'none'
  readonly keyFile: string | undefined
  readonly apiEndpoint: string | undefined
  readonly deletes: Deletes
  readonly strict: boolean
  readonly overrides: TypeOverrides
  readonly maxBytesBilled: string | undefined
  readonly loadBytes: number
  /** Before the first retry; doubled each time. */
  readonly retryDelayMs: number
}

/** Settings that core has checked against `OPTIONS`. Throws `BIGQUERY_OPTIONS` and `WAREHOUSE_OPTIONS`. */
export function bigquerySettings(options: Readonly<Record<string, unknown>>, { directory }: Pick<PluginContext, 'directory'>): Settings {
  const dataset = text(options, 'dataset')
  if (dataset === undefined || !/^\w{1,1024}$/.test(dataset)) {
    throw wrong(`dataset ${dataset === undefined ? 'is missing' : 'has to be letters, digits and _'}`, 'Set "dataset" of the target, or bq_dataset.')
  }
  const keyFile = text(options, 'key_file')
  const auth = oneOf(options, 'auth', ['adc', 'key', 'none'] as const) ?? (keyFile === undefined ? 'adc' : 'key')
  if ((auth === 'key') !== (keyFile !== undefined)) throw wrong('auth and key_file do not go together', 'Use "auth": "key" with a key_file, or neither.')
  const project = text(options, 'project')
  if (auth === 'none' && project === undefined) throw wrong('project is missing', 'An emulator takes any name.')
  const apiEndpoint = text(options, 'api_endpoint')
  if (apiEndpoint !== undefined && !URL.canParse(apiEndpoint)) throw wrong('api_endpoint is no URL', 'Use "http://127.0.0.1:9050", for example.')
  if (auth === 'none' && apiEndpoint === undefined) throw wrong('api_endpoint is missing', 'Without credentials only an emulator can be reached.')
  const maxBytesBilled = text(options, 'max_bytes_billed')
  if (maxBytesBilled !== undefined && !/^\d{1,18}$/.test(maxBytesBilled)) throw wrong('max_bytes_billed is no number of bytes', 'Use "10000000000" for 10 GB.')
  const loadBytes = Number(options['load_bytes'] ?? 8_000_000)
  if (!Number.isInteger(loadBytes) || loadBytes < 1 || loadBytes > 1_000_000_000) throw wrong('load_bytes is no size', 'Use a number up to 1000000000.')
  return {
    project,
    dataset,
    location: text(options, 'location'),
    auth,
    keyFile: keyFile === undefined || isAbsolute(keyFile) ? keyFile : resolve(directory, keyFile),
    apiEndpoint: apiEndpoint?.replace(/\/+$/, ''),
    deletes: oneOf(options, 'deletes', ['hard', 'soft', 'ignore'] as const) ?? 'hard',
    strict: options['strict'] === true,
    overrides: typeOverrides(options['type_overrides']),
    maxBytesBilled,
    loadBytes,
    retryDelayMs: 1000,
  }
}

function text(options: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = options[name]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw wrong(`${name} is not text`, 'Put it in quotes.')
  return value
}

function oneOf<const T extends string>(options: Readonly<Record<string, unknown>>, name: string, choices: readonly T[]): T | undefined {
  const value = text(options, name)
  const found = choices.find((choice) => choice === value)
  if (value !== undefined && found === undefined) throw wrong(`${name} is ${JSON.stringify(value)}`, `Choose one of ${choices.join(', ')}.`)
  return found
}

const wrong = (what: string, hint: string): SyncError => new SyncError('BIGQUERY_OPTIONS', `BigQuery: the setting ${what}.`, { kind: 'config', hint })
