import type { TargetConfig } from './config.ts'
import type { Document } from './document.ts'
import { endpointOptions, type Gathered, isObject, startFrom } from './endpoint.ts'
import { at, type Documents, type Found, type Settings } from './merge.ts'
import { quote } from './problems.ts'
import type { SettingKey } from './settings.ts'
import { ANY_DATABASE } from './templates.ts'

const TARGET_NAME = /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,63}$/u

/** The targets of both files, then the ones that single keys and variables describe: `bigquery` (bq_*) and `backup` (BACKUP_DB_*). */
export function gatherTargets(documents: Documents, settings: Settings, cwd: string, gathered: Gathered): TargetConfig[] {
  const targets = new Map<string, TargetConfig>()
  for (const document of [documents.params, documents.sync]) {
    const entries = at(document?.value, ['targets'])
    if (document === undefined || !isObject(entries)) continue
    for (const [name, entry] of Object.entries(entries)) {
      const target = isObject(entry) ? fileTarget(name, entry, document, gathered) : undefined
      if (target === undefined) continue
      const other = targets.has(name) ? gathered.sources.get(`targets.${name}`) : undefined
      if (other !== undefined) {
        const message = `Target ${quote(name)} is named in ${other} and in ${document.where(['targets', name])}.`
        gathered.problems.push({ code: 'CONFIG_TARGET_NAME', severity: 'error', message, hint: 'Give every target a name of its own.' })
        continue
      }
      targets.set(name, target)
      gathered.sources.set(`targets.${name}`, document.where(['targets', name]))
    }
  }
  bigqueryTarget(targets, settings, documents, cwd, gathered)
  backupTarget(targets, settings, cwd, gathered)
  return [...targets.values()]
}

function fileTarget(name: string, entry: Record<string, unknown>, document: Document, gathered: Gathered): TargetConfig | undefined {
  const path = ['targets', name]
  if (!TARGET_NAME.test(name)) {
    const message = `Target name ${quote(name)} in ${document.where(path)} cannot be used: letters, digits, - and _ only, and not empty.`
    gathered.problems.push({ code: 'CONFIG_TARGET_NAME', severity: 'error', message })
    return undefined
  }
  const { type, database, ...rest } = entry
  if (typeof type !== 'string' || (database !== undefined && typeof database !== 'string')) return undefined
  const options = endpointOptions(type, rest, document, path, gathered)
  gathered.sources.set(`targets.${name}.type`, document.where([...path, 'type']))
  gathered.sources.set(`targets.${name}.database`, database === undefined ? 'default' : document.where([...path, 'database']))
  return { name, type, database: database ?? ANY_DATABASE, options, directory: document.directory }
}

function bigqueryTarget(targets: Map<string, TargetConfig>, settings: Settings, documents: Documents, cwd: string, gathered: Gathered): void {
  const options = described('targets.bigquery.options.', ['project', 'dataset', 'location'], settings, gathered)
  const [first] = options.values()
  if (first === undefined) return
  if (targets.has('bigquery')) {
    const message = `Target \`bigquery\` is described twice: in ${gathered.sources.get('targets.bigquery')} and by the bq_ keys (${first.source}).`
    gathered.problems.push({ code: 'CONFIG_TARGET_NAME', severity: 'error', message, hint: 'Keep one of the two.' })
    return
  }
  gathered.sources.set('targets.bigquery', first.source)
  targets.set('bigquery', {
    name: 'bigquery',
    type: 'bigquery',
    database: ANY_DATABASE,
    options: Object.fromEntries([...options].map(([name, found]) => [name, found.value])),
    directory: documents.params?.directory ?? cwd,
  })
}

/** BACKUP_DB_* describe a MySQL target of their own, or win over what a file says of the MySQL target `backup`. */
function backupTarget(targets: Map<string, TargetConfig>, settings: Settings, cwd: string, gathered: Gathered): void {
  const existing = targets.get('backup')
  const found = described('targets.backup.options.', ['host', 'port', 'user', 'password'], settings, gathered)
  const database = settings.get('targets.backup.database')
  if (found.size === 0 && database === undefined) return
  // A password alone: a file refers to it.
  if (existing === undefined && database === undefined && found.size === 1 && found.has('password')) return
  if (existing?.type !== undefined ? existing.type !== 'mysql' : !found.has('host')) {
    const reason = existing === undefined ? 'BACKUP_DB_HOST is missing' : 'the target `backup` is not a MySQL one'
    gathered.problems.push({ code: 'CONFIG_VALUE', severity: 'warning', message: `The BACKUP_DB_ variables are not used: ${reason}.` })
    return
  }
  const values = [...found].map(([name, { value, directory }]) => [name, startFrom(value, directory)] as const)
  const base = existing ?? { name: 'backup', type: 'mysql', database: ANY_DATABASE, options: { port: 3306 }, directory: cwd }
  if (existing === undefined) {
    gathered.sources.set('targets.backup', found.get('host')?.source ?? 'environment')
    if (!found.has('port')) gathered.sources.set('targets.backup.options.port', 'default')
  }
  if (database !== undefined) gathered.sources.set('targets.backup.database', database.source)
  else if (existing === undefined) gathered.sources.set('targets.backup.database', 'default')
  targets.set('backup', {
    ...base,
    database: database === undefined ? base.database : String(database.value),
    options: { ...base.options, ...Object.fromEntries(values) },
  })
}

function described(prefix: string, names: readonly string[], settings: Settings, { sources }: Gathered): Map<string, Found> {
  const options = new Map<string, Found>()
  for (const name of names) {
    const found = settings.get(`${prefix}${name}` as SettingKey)
    if (found === undefined) continue
    options.set(name, found)
    sources.set(`${prefix}${name}`, found.source)
  }
  return options
}
