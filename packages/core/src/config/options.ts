import type { OptionSpec } from '../contract/provider.ts'
import { didYouMean, type Problem, quote } from './problems.ts'

/**
 * Checks the options of a source, target or state store against what its plugin declares.
 * `where` begins the sentence: "Target `copy`". References (`env:NAME`) count as text. The answer never holds a secret.
 */
export function checkOptions(
  provider: { readonly type: string; readonly options: readonly OptionSpec[] },
  options: Readonly<Record<string, unknown>>,
  where: string,
): Problem[] {
  const fault = (message: string): Problem => ({ code: 'CONFIG_OPTION', severity: 'error', message: `${where}: ${message}` })
  const names = provider.options.map((spec) => spec.name)
  const unknown = Object.keys(options).flatMap((name): Problem[] => {
    if (names.includes(name)) return []
    const meant = didYouMean(name, names)
    return [{ ...fault(`${provider.type} has no option ${quote(name)}${meant === '' ? '.' : meant}`), code: 'CONFIG_UNKNOWN_KEY' }]
  })
  const faults = provider.options.flatMap((spec): Problem[] => {
    const value = Object.hasOwn(options, spec.name) ? options[spec.name] : undefined
    if (value === undefined || value === '') {
      const needed = spec.required === true && spec.default === undefined
      return needed ? [{ ...fault(`the option ${quote(spec.name)} is missing.`), hint: `${spec.name}: ${spec.description}` }] : []
    }
    if (!hasKind(value, spec.kind)) return [fault(`the option ${quote(spec.name)} must be ${KIND_WORDS[spec.kind]}.`)]
    if (spec.choices !== undefined && spec.kind !== 'secret' && !spec.choices.some((choice) => choice === value)) {
      return [fault(`the option ${quote(spec.name)} must be one of ${spec.choices.join(', ')}.`)]
    }
    return []
  })
  return [...unknown, ...faults]
}

const KIND_WORDS = { string: 'text', secret: 'text', number: 'a number', boolean: 'true or false', object: 'an object' } as const

function hasKind(value: unknown, kind: OptionSpec['kind']): boolean {
  switch (kind) {
    case 'string':
    case 'secret':
      return typeof value === 'string'
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
    case 'boolean':
      return typeof value === 'boolean'
  }
}
