/** How a text is to be read: what the SQL mode says about quotes. */
export type Quoting = { readonly ansiQuotes: boolean; readonly noBackslash: boolean }

export const quotingOf = (sqlMode: string): Quoting => {
  const modes = new Set(sqlMode.toUpperCase().split(','))
  return { ansiQuotes: modes.has('ANSI_QUOTES'), noBackslash: modes.has('NO_BACKSLASH_ESCAPES') }
}

/**
 * `word`: a keyword, a name without quotes or a number; `name`: a quoted name; `variable`: `@x`, `@@x`, or the host of an account;
 * `blank`: white space and comments, but not the marks of a comment that is executed: those are symbols, and what is inside is code.
 */
export type Token = {
  readonly kind: 'word' | 'name' | 'string' | 'variable' | 'symbol' | 'blank'
  readonly text: string
  /** Offset in the whole text. */
  readonly at: number
}

const WORD = /[\w$\u0080-\u{10ffff}]+/uy
const BLANK = /(?:\s+|#[^\n]*|--(?=[\s\p{Cc}]|$)[^\n]*|\/\*(?!!|M!)[\s\S]*?(?:\*\/|$))+/uy
const EXECUTED = /\/\*M?!\d*|\*\//y
const VARIABLE = /@@?(?:[\w$.\u0080-\u{10ffff}]+)?/uy

/** Takes SQL apart, so that the texts of all tokens together are the whole again. Never fails: what is not closed goes to the end. */
export function sqlTokens(sql: string, quoting: Quoting): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < sql.length; ) {
    const { kind, end } = tokenAt(sql, at, quoting)
    tokens.push({ kind, text: sql.slice(at, end), at })
    at = end
  }
  return tokens
}

function tokenAt(sql: string, at: number, quoting: Quoting): { readonly kind: Token['kind']; readonly end: number } {
  const char = sql[at]
  if (char === '`' || (char === '"' && quoting.ansiQuotes)) return { kind: 'name', end: quotedEnd(sql, at, false) }
  if (char === "'" || char === '"') return { kind: 'string', end: quotedEnd(sql, at, !quoting.noBackslash) }
  const blank = matchEnd(BLANK, sql, at)
  if (blank > at) return { kind: 'blank', end: blank }
  if (char === '@') {
    const end = matchEnd(VARIABLE, sql, at)
    const quoted = sql[end] === '`' || sql[end] === "'" || sql[end] === '"'
    return { kind: 'variable', end: quoted ? quotedEnd(sql, end, sql[end] !== '`' && !quoting.noBackslash) : end }
  }
  const word = matchEnd(WORD, sql, at)
  if (word > at) return { kind: 'word', end: word }
  const executed = matchEnd(EXECUTED, sql, at)
  return { kind: 'symbol', end: executed > at ? executed : at + 1 }
}

function matchEnd(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(sql) ? pattern.lastIndex : at
}

function quotedEnd(sql: string, at: number, backslash: boolean): number {
  const quote = sql[at]
  for (let i = at + 1; i < sql.length; i++) {
    if (backslash && sql[i] === '\\') i++
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1
      i++
    }
  }
  return sql.length
}

/** The name that a word or a quoted name stands for. */
export function nameOf({ kind, text }: Token): string {
  if (kind !== 'name') return text
  const quote = text[0] as string
  return text.slice(1, -1).replaceAll(quote + quote, quote)
}
