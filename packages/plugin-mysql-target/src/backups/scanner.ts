import type { ServerFacts } from '@dbsync/mysql'

export type Token = {
  /** `text`: a string, quotes included. `name`: a name in backticks. `sign`: one character. */
  readonly kind: 'word' | 'name' | 'text' | 'sign'
  /** Words in upper case; names without their quotes. */
  readonly value: string
  readonly start: number
  readonly end: number
}

export type Dialect = Pick<ServerFacts, 'flavour' | 'versionNumber'>

/** What a statement cannot be, in a few words: whoever reads the file says which statement it was. */
export class NotUnderstood extends Error {}

const WORD = /[A-Za-z0-9_$@\u0080-\uffff]+/y
const SPACE = /\s+|(?:#|--(?=\s|$))[^\n]*|\/\*(?!M?!)[\s\S]*?\*\//y
const STRING = /'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'|"[^"\\]*(?:(?:\\.|"")[^"\\]*)*"/sy
const NAME = /`[^`]*(?:``[^`]*)*`/y
const SIGNS = '(),;=*+-<>!~^&|%/?:{}[].'

/** A statement without its comments, what conditional comments hold written out where the server would read it: what is looked at is what is sent. */
export function withoutComments(sql: string, server: Dialect): string {
  let text = ''
  for (let at = 0; at < sql.length; ) {
    const piece = match(STRING, sql, at) ?? match(NAME, sql, at)
    if (piece !== undefined) {
      text += piece
      at += piece.length
    } else if (sql.startsWith('/*', at)) {
      const comment = readComment(sql, at, server)
      text += comment.text
      at = comment.end
    } else if (sql[at] === '#' || /^--(?:\s|$)/.test(sql.slice(at, at + 3))) {
      const newline = sql.indexOf('\n', at)
      at = newline < 0 ? sql.length : newline
    } else {
      text += sql[at]
      at++
    }
  }
  return text.trim()
}

function readComment(sql: string, at: number, server: Dialect): { readonly text: string; readonly end: number } {
  const head = /^\/\*(M?)!(\d{5,6})?/.exec(sql.slice(at, at + 16))
  const end = head === null ? sql.indexOf('*/', at + 2) : commentEnd(sql, at + head[0].length)
  if (end < 0) throw new NotUnderstood('a comment without an end')
  if (head === null || !applies(head[1] === 'M', Number(head[2] ?? 0), server)) return { text: ' ', end: end + 2 }
  return { text: ` ${withoutComments(sql.slice(at + head[0].length, end), server)} `, end: end + 2 }
}

/** Where a conditional comment ends: strings, names and comments in it may hold anything. */
function commentEnd(sql: string, from: number): number {
  for (let at = from; at < sql.length; ) {
    if (sql.startsWith('*/', at)) return at
    if (sql.startsWith('/*', at)) {
      const inner = sql.indexOf('*/', at + 2)
      at = inner < 0 ? sql.length : inner + 2
      continue
    }
    at += (match(STRING, sql, at) ?? match(NAME, sql, at))?.length ?? 1
  }
  return -1
}

/** MariaDB leaves out what is meant for MySQL 5.7 and later. */
function applies(mariadbOnly: boolean, version: number, { flavour, versionNumber }: Dialect): boolean {
  if (flavour === 'mysql') return !mariadbOnly && version <= versionNumber
  return version <= versionNumber && (mariadbOnly || version < 50_700 || version > 99_999)
}

/** The tokens of a text without conditional comments. Throws `NotUnderstood` at what is none: a lone quote, a backslash. */
export function* tokens(sql: string): Generator<Token> {
  for (let at = 0; at < sql.length; ) {
    for (let space = match(SPACE, sql, at); space !== undefined; space = match(SPACE, sql, at)) at += space.length
    if (at >= sql.length) return
    const token = tokenAt(sql, at)
    yield token
    at = token.end
  }
}

function tokenAt(sql: string, at: number): Token {
  const text = match(STRING, sql, at)
  if (text !== undefined) return { kind: 'text', value: text, start: at, end: at + text.length }
  const name = match(NAME, sql, at)
  if (name !== undefined) return { kind: 'name', value: name.slice(1, -1).replaceAll('``', '`'), start: at, end: at + name.length }
  const word = match(WORD, sql, at)
  if (word !== undefined) return { kind: 'word', value: word.toUpperCase(), start: at, end: at + word.length }
  const sign = sql[at] as string
  if (!SIGNS.includes(sign)) throw new NotUnderstood(`the character ${JSON.stringify(sign)} outside of a string`)
  return { kind: 'sign', value: sign, start: at, end: at + 1 }
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}
