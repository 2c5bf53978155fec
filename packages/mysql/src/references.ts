import { quoteId } from './identifiers.ts'
import { nameOf, type Quoting, sqlTokens, type Token } from './sql-tokens.ts'

/** A dotted name in a text: `database.table`, `table.column`, `database.table.column`, `database.function(`, or a name alone. */
export type Reference = {
  readonly names: readonly string[]
  readonly tokens: readonly Token[]
  /** It stands where a table or a routine is named. */
  readonly place: 'table' | 'call' | 'other'
  /** `.*` follows: one name more. */
  readonly all: boolean
}

/** These are followed by tables. FROM and the rest depend on where they stand: see `Clauses`. */
const TABLES = new Set(['JOIN', 'STRAIGHT_JOIN', 'TABLE', 'TABLES', 'TRUNCATE', 'REFERENCES', 'CALL', 'HANDLER'])
/** These end a list of tables. */
const OTHERS = new Set('WHERE ON SET VALUES VALUE GROUP ORDER HAVING LIMIT WINDOW THEN ELSE BEGIN DO END RETURN WHILE UNTIL CASE WHEN'.split(' '))
const STATEMENTS = new Set(['SELECT', 'INSERT', 'REPLACE', 'DELETE', 'UPDATE', 'LOAD'])
/** Statements whose names are functions too. */
const FUNCTIONS = new Set(['REPLACE', 'INSERT', 'TRUNCATE'])

/** All names of a text and where they stand. */
function references(sql: string, quoting: Quoting): readonly Reference[] {
  const tokens = sqlTokens(sql, quoting).filter(({ kind }) => kind !== 'blank')
  const clauses = new Clauses()
  const found: Reference[] = []
  for (let i = 0; i < tokens.length; ) {
    const members = isName(tokens[i]) && tokens[i - 1]?.text !== '.' ? chainAt(tokens, i) : []
    const last = i + Math.max(0, 2 * (members.length - 1))
    const next = tokens[last + 1]
    if (members.length > 0) {
      const all = next?.text === '.' && tokens[last + 2]?.text === '*'
      found.push({ names: members.map(nameOf), tokens: members, place: next?.text === '(' && clauses.place === 'other' ? 'call' : clauses.place, all })
    }
    if (members.length < 2) clauses.see(tokens[i] as Token, tokens[i - 1], next)
    i = last + 1
  }
  return found
}

/** The names from here on that dots join. */
function chainAt(tokens: readonly Token[], start: number): readonly Token[] {
  const members = [tokens[start] as Token]
  for (let i = start + 1; tokens[i]?.text === '.' && isName(tokens[i + 1]); i += 2) members.push(tokens[i + 1] as Token)
  return members
}

/** A number is a word too, and the two halves of 1.5 are no names. */
const isName = (token: Token | undefined): boolean => token?.kind === 'name' || (token?.kind === 'word' && !/^\d+(?:e\d*)?$/i.test(token.text))

type Clause = { place: 'table' | 'other'; verb: string }

/** Follows a statement just far enough to tell a list of tables from everything else. */
class Clauses {
  #stack: [Clause, ...Clause[]] = [{ place: 'other', verb: '' }]

  get place(): Clause['place'] {
    return this.#top.place
  }

  get #top(): Clause {
    return this.#stack.at(-1) as Clause
  }

  see(token: Token, before: Token | undefined, next: Token | undefined): void {
    if (token.text === '(') {
      // Parentheses around tables hold tables; those after a name, a function or a condition do not.
      const opens = this.place === 'table' && (before === undefined || before.kind === 'symbol' || BEFORE_TABLES.has(before.text.toUpperCase()))
      this.#stack.push({ place: opens ? 'table' : 'other', verb: '' })
    } else if (token.text === ')') {
      if (this.#stack.length > 1) this.#stack.pop()
    } else if (token.text === ';') {
      this.#stack = [{ place: 'other', verb: '' }]
    } else if (token.kind === 'word' && !(next?.text === '(' && FUNCTIONS.has(token.text.toUpperCase()))) {
      this.#word(token.text.toUpperCase(), before?.kind === 'word' ? before.text.toUpperCase() : '')
    }
  }

  #word(word: string, last: string): void {
    const top = this.#top
    // … FOR UPDATE, ON DUPLICATE KEY UPDATE, ON DELETE: no statement begins.
    if (STATEMENTS.has(word) && (last === 'FOR' || last === 'KEY' || last === 'ON')) top.place = 'other'
    else if (STATEMENTS.has(word)) {
      top.verb = word
      top.place = word === 'SELECT' || word === 'LOAD' ? 'other' : 'table'
    } else if (word === 'FROM') {
      // In EXTRACT(… FROM …) and TRIM(… FROM …) no table follows.
      top.place = top.verb === '' && this.#stack.length > 1 ? 'other' : 'table'
    } else if (word === 'INTO') top.place = top.verb === 'SELECT' || top.verb === '' ? 'other' : 'table'
    else if (word === 'USING') top.place = top.verb === 'DELETE' ? 'table' : 'other'
    else if (TABLES.has(word)) top.place = 'table'
    else if (OTHERS.has(word)) top.place = 'other'
  }
}

const BEFORE_TABLES = new Set(['FROM', 'JOIN', 'STRAIGHT_JOIN', 'USING', 'UPDATE'])

export type DatabaseRename = {
  readonly from: string
  readonly to: string
  readonly quoting: Quoting
  /** Whether two names of databases are the same one. */
  readonly same: (a: string, b: string) => boolean
}

export type Renamed = {
  readonly text: string
  /** Databases other than `from` that are named. */
  readonly others: readonly string[]
  /** Tables and views of `from` that are named with their database. */
  readonly own: readonly string[]
  /** A string holds the database's name with a dot: a statement that is put together at run time. */
  readonly inStrings: boolean
}

/**
 * Puts another database's name wherever a text names `from` as one. Names alone, aliases and columns stay, also where they are
 * spelled alike: where the name stands for something else too, only places that can hold nothing but a table or a routine are changed.
 */
export function renameDatabase(sql: string, { from, to, quoting, same }: DatabaseRename): Renamed {
  const all = references(sql, quoting)
  const elsewhere = all.some(({ names }) => names.some((name, i) => (i > 0 || names.length === 1) && !(i === 2 && names.length === 3) && same(name, from)))
  const others = new Set<string>()
  const own = new Set<string>()
  const places: Token[] = []
  for (const { names, tokens, place, all: star } of all) {
    const parts = names.length + (star ? 1 : 0)
    const first = names[0] as string
    const certain = parts >= 3 || (names.length === 2 && place !== 'other')
    if (names.length < 2) continue
    if (same(first, from)) {
      if (!certain && elsewhere) continue
      places.push(tokens[0] as Token)
      if (place !== 'call') own.add(names[1] as string)
    } else if (certain && !/^(?:new|old)$/i.test(first)) others.add(first)
  }
  const inStrings = sqlTokens(sql, quoting).some(({ kind, text }) => kind === 'string' && mentions(text, from))
  let text = ''
  let done = 0
  for (const token of from === to ? [] : places) {
    text += sql.slice(done, token.at) + quoteId(to)
    done = token.at + token.text.length
  }
  return { text: text + sql.slice(done), others: [...others], own: [...own], inStrings }
}

function mentions(literal: string, database: string): boolean {
  const text = literal.replaceAll(/''|""|\\(.)/gs, (pair, escaped?: string) => escaped ?? pair[0] ?? '')
  for (let at = text.indexOf(database); at >= 0; at = text.indexOf(database, at + 1)) {
    const after = text.slice(at + database.length)
    if (!/[\w$]$/.test(text.slice(0, at)) && /^`?\s*\./.test(after)) return true
  }
  return false
}
