import { resolve } from 'node:path'
import { checkDocument, keyName } from './check.ts'
import type { Document } from './document.ts'
import { type Problem, quote } from './problems.ts'
import { mysqlSchema } from './schema.ts'

const ALIASES = new Map([
  ['db_host', 'host'],
  ['db_port', 'port'],
  ['db_user', 'user'],
  ['db_pass', 'password'],
  ['db_password', 'password'],
  ['db_socket', 'socket'],
  ['db_ssl', 'ssl'],
])

/** The options of a MySQL entry in a file, under the plugin's names (`db_host` counts as `host`), numbers as numbers, paths absolute. */
export function mysqlOptions(
  raw: Readonly<Record<string, unknown>>,
  document: Document,
  path: readonly string[],
  problems: Problem[],
): Record<string, unknown> {
  const options: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(raw)) {
    const name = ALIASES.get(key) ?? key
    if (name !== key && name in raw) {
      const message = `${keyName([...path, key])} in ${document.where([...path, key])} is not used: ${quote(name)} is there too.`
      problems.push({ code: 'CONFIG_VALUE', severity: 'warning', message })
    } else options[name] = value
  }
  const found = checkDocument(document, mysqlSchema, options, path)
  problems.push(...found)
  const parsed = mysqlSchema.safeParse(options)
  const { ssl, ...rest } = parsed.success ? parsed.data : { ...options, ssl: undefined }
  const known = { port: 3306, ...rest }
  return ssl === undefined ? known : { ...known, ssl: tls(ssl, document.directory) }
}

export type Tls = {
  readonly mode?: string | undefined
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Asked for without a mode means verified: a certificate that nobody checks protects from nobody. */
export function tls(ssl: Tls, directory: string): Record<string, string> {
  const paths = Object.entries(ssl).flatMap(([name, value]) =>
    name === 'mode' || typeof value !== 'string' ? [] : [[name, resolve(directory, value)] as const],
  )
  return { mode: ssl.mode ?? 'verify-identity', ...Object.fromEntries(paths) }
}
