/**
 * Patterns over database and table names. `*` is any run of characters, `?` is one, `[a-z]` and `[!a-z]` are classes, and a
 * backslash makes the next character literal. Names are compared exactly, upper and lower case apart.
 *
 * Not picomatch: it matches paths, so `*` stops at a slash, quotes and `..` have meanings of their own and `(a+)+` reaches the
 * regular expression; and it backtracks, so eight stars over one long name take minutes. This walk takes pattern × name steps.
 */
type Token = { readonly kind: 'star' } | { readonly kind: 'one'; readonly accepts: (character: string) => boolean }

const MAX_LENGTH = 512
const MAX_STARS = 32

/** Why a pattern cannot be used, as the end of the sentence "the pattern …"; `undefined` when it can. */
export function patternFault(pattern: string): string | undefined {
  if (pattern === '') return 'is empty'
  if (pattern.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`
  const bare = pattern.replace(/\\[\s\S]/g, '')
  if (bare.endsWith('\\')) return 'ends in a backslash'
  if ((bare.match(/\*/g)?.length ?? 0) > MAX_STARS) return `has more than ${MAX_STARS} stars`
  const special = /[(){}|]|^!/.exec(bare)
  // Other globs give these a meaning. A list that silently matches nothing would sync too much or too little.
  if (special !== null && !(special[0] === '!' && pattern.startsWith('\\')))
    return `uses \`${special[0]}\`: put a backslash before it if it is part of the name`
  return undefined
}

/** True when the pattern can match one name only. */
export const isLiteral = (pattern: string): boolean => !/[*?[]/.test(pattern.replace(/\\[\s\S]/g, ''))

/** The name that a literal pattern stands for. */
export const literalName = (pattern: string): string => pattern.replace(/\\([\s\S])/g, '$1')

/** The pattern that matches exactly this name. */
export const escapeName = (name: string): string => name.replace(/[\\*?[\](){}|!.,]/g, '\\$&')

/**
 * Splits `database.table` at its first dot that is neither escaped nor in a class; no dot, no database.
 * A dot in a name is written `\.`.
 */
export function splitPattern(pattern: string): { readonly database: string | undefined; readonly table: string } {
  const dot = /^(?:\\[\s\S]|\[[^\]]*\]|(?!\[[^\]]*\])[^.\\])*?\./.exec(pattern)
  if (dot === null) return { database: undefined, table: pattern }
  return { database: pattern.slice(0, dot[0].length - 1), table: pattern.slice(dot[0].length) }
}

/** Whether a name matches any of the patterns. */
export function nameMatcher(patterns: readonly string[]): (name: string) => boolean {
  const literals = new Set(patterns.filter(isLiteral).map(literalName))
  const globs = patterns.filter((pattern) => !isLiteral(pattern)).map(tokens)
  return (name) => literals.has(name) || globs.some((glob) => matches(glob, [...name]))
}

/** Whether a table matches any of the patterns over `table` or `database.table`. */
export function matcher(patterns: readonly string[]): (database: string, table: string) => boolean {
  const split = patterns.map(splitPattern)
  const anywhere = nameMatcher(split.flatMap(({ database, table }) => (database === undefined ? [table] : [])))
  const qualified = split.flatMap(({ database, table }) => (database === undefined ? [] : [{ database: nameMatcher([database]), table: nameMatcher([table]) }]))
  return (database, table) => anywhere(table) || qualified.some((pattern) => pattern.table(table) && pattern.database(database))
}

function tokens(pattern: string): readonly Token[] {
  const parts = pattern.match(/\\[\s\S]|\*+|\[!?\]?[^\]]*\]|[\s\S]/gu) ?? []
  return parts.map((part): Token => {
    if (part.startsWith('*')) return { kind: 'star' }
    if (part === '?') return { kind: 'one', accepts: () => true }
    if (part.startsWith('[') && part.length > 1) return { kind: 'one', accepts: characterClass(part.slice(1, -1)) }
    const literal = part.length > 1 && part.startsWith('\\') ? part.slice(1) : part
    return { kind: 'one', accepts: (character) => character === literal }
  })
}

function characterClass(body: string): (character: string) => boolean {
  const negated = body.startsWith('!')
  const members = negated ? body.slice(1) : body
  const ranges = [...members.matchAll(/([\s\S])-([\s\S])|([\s\S])/gu)].map(([, from, to, single]) => [from ?? single ?? '', to ?? single ?? ''] as const)
  const code = (character: string) => character.codePointAt(0) ?? -1
  return (character) => ranges.some(([from, to]) => code(from) <= code(character) && code(character) <= code(to)) !== negated
}

/** On a mismatch only the last star can take one character more: an earlier one would reach the same places. */
function matches(pattern: readonly Token[], name: readonly string[]): boolean {
  let at = 0
  let read = 0
  let star = -1
  let starRead = 0
  while (read < name.length) {
    const token = pattern[at]
    if (token?.kind === 'one' && token.accepts(name[read] as string)) {
      at++
      read++
    } else if (token?.kind === 'star') {
      star = at++
      starRead = read
    } else if (star >= 0) {
      at = star + 1
      read = ++starRead
    } else return false
  }
  while (pattern[at]?.kind === 'star') at++
  return at === pattern.length
}
