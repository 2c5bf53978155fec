import { distance } from 'fastest-levenshtein'
import { SyncError } from '../errors/sync-error.ts'
import type { ConfigCode } from './codes.ts'

/** Something wrong in the configuration. Errors stop every command; warnings are shown and the run goes on. */
export type Problem = {
  readonly code: ConfigCode
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
}

const SHOWN = 20
const WARNINGS = 100

/** All errors among the problems as the one error that the user sees; `undefined` where there are only warnings. */
export function problemsError(problems: readonly Problem[]): SyncError | undefined {
  const errors = problems.filter((problem) => problem.severity === 'error')
  const [first] = errors
  if (first === undefined) return undefined
  const code = errors.every((problem) => problem.code === first.code) ? first.code : 'CONFIG_INVALID'
  const hints = [...new Set(errors.flatMap((problem) => problem.hint ?? []))].slice(0, 5)
  const more = errors.length > SHOWN ? `\n  and ${errors.length - SHOWN} more` : ''
  const list = errors.slice(0, SHOWN).map((problem) => `\n  ${problem.message.replaceAll('\n', '\n  ')}`)
  const main = errors.length === 1 ? first.message : `${errors.length} problems in the configuration:${list.join('')}${more}`
  // A mistyped key is often why something else is missing.
  const unknown = problems.filter((problem) => problem.severity === 'warning' && problem.code === 'CONFIG_UNKNOWN_KEY').slice(0, SHOWN)
  const message = [main, ...unknown.map((problem) => problem.message)].join('\n')
  return new SyncError(code, message, { kind: 'config', ...(hints.length === 0 ? {} : { hint: hints.join('\n') }) })
}

/** The warnings as sentences; the rest of very many is counted only. */
export function warningsOf(problems: readonly Problem[]): readonly string[] {
  const messages = problems.filter((problem) => problem.severity === 'warning').map((problem) => problem.message)
  return messages.length <= WARNINGS ? messages : [...messages.slice(0, WARNINGS), `And ${messages.length - WARNINGS} more warnings of this kind.`]
}

/** The valid name that was probably meant: at most a third of its letters differ. */
export function nearest(name: string, valid: Iterable<string>): string | undefined {
  const wanted = name.slice(0, 64).toLowerCase()
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of valid) {
    const away = distance(wanted, candidate.toLowerCase())
    if (away < bestDistance && away <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate
      bestDistance = away
    }
  }
  return best
}

export const didYouMean = (name: string, valid: Iterable<string>): string => {
  const found = nearest(name, valid)
  return found === undefined ? '' : `: did you mean ${quote(found)}?`
}

/** A name from a file or a flag, safe to print: control characters escaped, cut when long. */
export function quote(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 80)}…` : name
  const coded = (character: string) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0') ?? ''}`
  return `\`${short.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, coded)}\``
}
