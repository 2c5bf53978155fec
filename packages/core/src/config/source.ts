import { resolve } from 'node:path'
import type { EndpointConfig, TargetConfig } from './config.ts'
import { type Gathered, plainSecretWarning, startFrom } from './endpoint.ts'
import { at, type Documents, type Settings } from './merge.ts'
import { type Tls, tls } from './mysql-options.ts'
import { type Problem, quote } from './problems.ts'
import type { SettingKey } from './settings.ts'

const EXAMPLE = 'examples/params-minimal.json shows the smallest file, examples/env-example the .env file.'

/** The source that db_* keys and DB_* variables describe. */
export function gatherSource({ params }: Documents, settings: Settings, cwd: string, { problems, sources }: Gathered): EndpointConfig {
  const options: Record<string, unknown> = Object.create(null)
  for (const name of ['host', 'port', 'socket', 'user', 'password']) {
    const found = settings.get(`source.options.${name}` as SettingKey)
    if (found === undefined) continue
    options[name] = name === 'password' ? startFrom(found.value, found.directory) : found.value
    if (name === 'password' && found.fromFile) problems.push(...plainSecretWarning('db_pass', found.value, found.source))
  }
  const ssl: Record<string, string> = {}
  for (const name of ['mode', 'ca', 'cert', 'key']) {
    const found = settings.get(`source.options.ssl.${name}` as SettingKey)
    if (found !== undefined) ssl[name] = name === 'mode' ? String(found.value) : resolve(found.directory, String(found.value))
  }
  if (Object.keys(ssl).length > 0 || at(params?.value, ['db_ssl']) !== undefined) {
    options.ssl = tls(ssl as Tls, cwd)
    if (ssl.mode === undefined) sources.set('source.options.ssl.mode', 'default')
  }
  if (settings.get('compress')?.value === true) {
    options.compress = true
    sources.set('source.options.compress', settings.get('compress')?.source ?? 'default')
  }
  return { type: 'mysql', options, directory: params?.directory ?? cwd }
}

/** What cannot be left out and is. */
export function missingParts(source: EndpointConfig, targets: readonly TargetConfig[], settings: Settings, documents: Documents): Problem[] {
  if (source.options.host === undefined && source.options.socket === undefined) return [noSource(documents)]
  const problems: Problem[] = []
  if (source.options.user === undefined) {
    const hint = 'Give `db_user` in params.json, or DB_USER in .env. The user needs SELECT and nothing else.'
    problems.push({ code: 'CONFIG_NO_SOURCE', severity: 'error', message: 'The user of the source is missing.', hint })
  }
  const databases = settings.get('databases')
  if (!Array.isArray(databases?.value) || databases.value.length === 0) {
    const message = databases === undefined ? 'No database is listed.' : `The list of databases (${databases.source}) is empty.`
    problems.push({ code: 'CONFIG_NO_DATABASES', severity: 'error', message, hint: 'Give `db_list` in params.json, such as ["shop"], or DB_NAME in .env.' })
  }
  if (targets.length === 0) {
    const hint = `Give \`targets\` in params.json or sync-config.json, such as {"copy": {"type": "mysql", "host": "…", "user": "…"}}, or BACKUP_DB_HOST in .env. ${EXAMPLE}`
    problems.push({ code: 'CONFIG_NO_TARGET', severity: 'error', message: 'There is no target to copy to.', hint })
  }
  for (const { name, type, options } of targets) {
    if (type !== 'mysql') continue
    const gone = [...(options.host === undefined && options.socket === undefined ? ['host'] : []), ...(options.user === undefined ? ['user'] : [])]
    for (const option of gone)
      problems.push({ code: 'CONFIG_OPTION', severity: 'error', message: `Target ${quote(name)}: the option ${quote(option)} is missing.` })
  }
  return problems
}

function noSource({ params, sync }: Documents): Problem {
  const read = [params, sync].flatMap((document) => document?.name ?? [])
  const message =
    read.length === 0
      ? 'There is no configuration here: no params.json, no sync-config.json and no DB_HOST.'
      : `Nothing says where the source is (read: ${read.join(', ')}).`
  const hint = `\`dbsync init\` asks for all that is needed. Or write \`db_host\`, \`db_user\` and \`db_list\` into params.json, or DB_HOST, DB_USER and DB_NAME into .env. ${EXAMPLE}`
  return { code: 'CONFIG_NO_SOURCE', severity: 'error', message, hint }
}
