import { z } from 'zod'
import type { Document, KeyPath } from './document.ts'
import { didYouMean, type Problem, quote } from './problems.ts'
import { isSecretName } from './secret-names.ts'

/** Checks the part of a document at `base` against a schema. Unknown keys are warnings: files of others carry extra ones. */
export function checkDocument(
  document: Document,
  schema: z.ZodType,
  value: unknown,
  base: KeyPath = [],
  elsewhere?: { schema: z.ZodType; file: string },
): Problem[] {
  const result = schema.safeParse(value)
  return (result.error?.issues ?? []).flatMap((issue): Problem[] => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
    if (issue.code === 'unrecognized_keys') {
      const valid = keysAt(schema, path)
      return issue.keys.filter((key) => key !== '__proto__').map((key) => unknownKey(key, document.where([...base, ...path, key]), valid, elsewhere))
    }
    const full = [...base, ...path]
    const message = `${keyName(full)} in ${document.where(full)} ${problemText(issue.message, full, valueAt(value, path))}`
    return [{ code: issue.code === 'custom' ? 'CONFIG_PATTERN' : 'CONFIG_VALUE', severity: 'error', message }]
  })
}

/** "must be …, not …": what is wrong with a value, without giving away a secret. */
export function problemText(expected: string, path: KeyPath, value: unknown): string {
  if (!expected.startsWith('must be') || path.some((step) => isSecretName(String(step)))) return `${expected}.`
  const kinds = value === undefined ? 'nothing' : Array.isArray(value) ? 'a list' : value === null ? 'null' : 'an object'
  const shown = value === undefined || typeof value === 'object' ? kinds : quote(JSON.stringify(value)).slice(0, 60)
  return `${expected}, not ${shown}.`
}

/** `sync_settings.default_mode`: how messages name a key. */
export const keyName = (path: KeyPath): string => quote(path.filter((step) => typeof step === 'string').join('.'))

function unknownKey(key: string, where: string, valid: readonly string[], elsewhere?: { schema: z.ZodType; file: string }): Problem {
  const other = elsewhere !== undefined && keysAt(elsewhere.schema, []).includes(key) ? `: it belongs into ${elsewhere.file}` : didYouMean(key, valid)
  const message = `Unknown key ${quote(key)} in ${where}${other}${other.endsWith('?') ? '' : '.'}`
  return { code: 'CONFIG_UNKNOWN_KEY', severity: 'warning', message }
}

function keysAt(schema: z.ZodType, path: KeyPath): readonly string[] {
  let at: unknown = schema
  const bare = () => {
    while (at instanceof z.ZodOptional) at = at.unwrap()
    return at
  }
  for (const step of path) {
    const here = bare()
    if (here instanceof z.ZodObject) at = here.shape[String(step)]
    else if (here instanceof z.ZodRecord) at = here.valueType
  }
  const here = bare()
  return here instanceof z.ZodObject ? Object.keys(here.shape) : []
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let at = value
  for (const step of path) at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[step] : undefined
  return at
}
