import { resolve } from 'node:path'
import type { Document } from './document.ts'
import { at } from './merge.ts'
import { mysqlOptions } from './mysql-options.ts'
import { type Problem, quote } from './problems.ts'
import { isSecretName } from './secret-names.ts'

/** Where the pieces of the configuration are gathered. */
export type Gathered = { readonly problems: Problem[]; readonly sources: Map<string, string> }

/** Options of one entry of a file: MySQL's checked and named as its plugin names them, any other type's as they stand. */
export function endpointOptions(
  type: string,
  raw: Readonly<Record<string, unknown>>,
  document: Document,
  path: readonly string[],
  { problems, sources }: Gathered,
): Readonly<Record<string, unknown>> {
  const named = type === 'mysql' ? mysqlOptions(raw, document, path, problems) : raw
  const walk = (value: unknown, key: string, here: string, from: readonly string[]): unknown => {
    if (isObject(value)) {
      const copy: Record<string, unknown> = Object.create(null)
      for (const [inner, item] of Object.entries(value)) copy[inner] = walk(item, inner, `${here}.${inner}`, [...from, inner])
      return copy
    }
    sources.set(here, at(document.value, from) === undefined ? 'default' : document.where(from))
    problems.push(...plainSecretWarning(key, value, document.where(from)))
    return isSecretName(key) ? startFrom(value, document.directory) : value
  }
  const original = (option: string) => Object.keys(raw).find((key) => key === option || key === `db_${option}` || (option === 'password' && key === 'db_pass'))
  const options: Record<string, unknown> = Object.create(null)
  for (const [option, value] of Object.entries(named)) {
    options[option] = walk(value, option, `${path.join('.')}.options.${option}`, [...path, original(option) ?? option])
  }
  return options
}

/** `file:PATH` with the path made absolute; anything else as it is. */
export const startFrom = (value: unknown, directory: string): unknown =>
  typeof value === 'string' && value.startsWith('file:') ? `file:${resolve(directory, value.slice('file:'.length))}` : value

/** A secret that stands readable in a file. References are resolved later; see secrets.ts. */
export function plainSecretWarning(name: string, value: unknown, where: string): Problem[] {
  if (typeof value !== 'string' || value === '' || /^(env|file|cmd):/.test(value) || !isSecretName(name)) return []
  // Mostly the path of a key file.
  if (/credential/i.test(name)) return []
  const message = `${quote(name)} in ${where} stands there in plain text: "env:NAME", "file:PATH" or "cmd:COMMAND" keep it out of the file.`
  return [{ code: 'CONFIG_SECRET', severity: 'warning', message }]
}

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
