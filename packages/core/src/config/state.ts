import { join, resolve } from 'node:path'
import { keyName } from './check.ts'
import type { EndpointConfig } from './config.ts'
import { endpointOptions, type Gathered, isObject } from './endpoint.ts'
import { at, type Documents, type Settings } from './merge.ts'

const PATHS = ['status_dir', 'sync_dir']

/**
 * Where positions are kept. For the json store both folders are filled in: `status_dir`, and `sync_dir` beside the file that
 * names it, where earlier versions kept sync/sync-state.json.
 */
export function gatherState({ params, sync }: Documents, settings: Settings, cwd: string, gathered: Gathered): EndpointConfig {
  const document = [sync, params].find((candidate) => isObject(at(candidate?.value, ['state'])))
  const entry = at(document?.value, ['state'])
  if (document === sync && params !== undefined && at(params.value, ['state']) !== undefined) {
    const message = `${keyName(['state'])} in ${sync?.where(['state'])} is used, not the one in ${params.where(['state'])}.`
    gathered.problems.push({ code: 'CONFIG_VALUE', severity: 'warning', message })
  }
  const { type: named, ...raw } = isObject(entry) ? entry : {}
  const type = typeof named === 'string' ? named : 'json'
  gathered.sources.set('state.type', typeof named === 'string' && document !== undefined ? document.where(['state', 'type']) : 'default')
  const options = document === undefined ? {} : endpointOptions(type, raw, document, ['state'], gathered)
  const directory = document?.directory ?? cwd
  if (type !== 'json') {
    gathered.sources.delete('state.options.status_dir')
    return { type, options, directory }
  }
  const folder = settings.get('state.options.status_dir')
  const base = folder?.directory ?? cwd
  const folders = { status_dir: resolve(base, String(folder?.value)), sync_dir: join(base, 'sync') }
  if (typeof options.status_dir === 'string') folders.sync_dir = join(directory, 'sync')
  else gathered.sources.set('state.options.status_dir', folder?.source ?? 'default')
  const given = Object.entries(options).map(([name, value]) => [name, PATHS.includes(name) && typeof value === 'string' ? resolve(directory, value) : value])
  return { type, options: { ...folders, ...Object.fromEntries(given) }, directory }
}
