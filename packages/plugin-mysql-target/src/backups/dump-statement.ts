import { isUtf8 } from 'node:buffer'
import type { TableRef } from '@dbsync/core/plugin'
import { parseCreateTable, quoteTable } from '@dbsync/mysql'
import { Cursor, named } from './cursor.ts'
import { copyRows, countRows } from './insert-rows.ts'
import { type Dialect, NotUnderstood, type Token, tokens, withoutComments } from './scanner.ts'
import { triggerParts } from './trigger-text.ts'

/** What a dump's statement does to tables. None of it is ever run as it is written: a loader makes its own statements from this. */
export type DumpStatement =
  | { readonly kind: 'drop'; readonly tables: readonly TableRef[] }
  /** `create` is its text without comments, under the name that it was dumped with. */
  | { readonly kind: 'create'; readonly table: TableRef; readonly create: string }
  /** `into` makes the same rows a statement for another table. */
  | { readonly kind: 'insert'; readonly table: TableRef; readonly rows: number; readonly into: (table: TableRef) => string }
  | DumpedTrigger
  /** Nothing about tables: a setting, a lock, or an object of which `what` says that it is left out. */
  | { readonly kind: 'other'; readonly what?: string }

export type DumpedTrigger = {
  readonly kind: 'trigger'
  readonly table: TableRef
  readonly name: string
  /** CREATE TRIGGER for the table of that name in another database. */
  readonly into: (database: string) => string
  /** In which it was made, and must be made again. */
  readonly sqlMode: string
  /** Of its session; `undefined`: the file does not say. */
  readonly collation: string | undefined
}

/** Reads the statements of one dump in order, and keeps what earlier ones set. */
export class DumpReader {
  readonly #server: Dialect
  #database: string
  #sqlMode = ''
  #collation: string | undefined
  /** As the file sets it; `undefined`: it does not, and the times are in the zone of whatever server it is loaded into. */
  timeZone: string | undefined

  /** `database`: of tables before any USE; empty: as the first lines of a dump say. */
  constructor(database: string, server: Dialect) {
    this.#database = database
    this.#server = server
  }

  /** Throws `NotUnderstood` for whatever is not known to be harmless. */
  read(statement: Buffer): DumpStatement {
    if (this.#database === '') this.#database = databaseInComment(statement)
    const at = insertStart(statement)
    if (at !== undefined) {
      this.#requirePlainMode()
      return this.#insert(statement, at)
    }
    if (!isUtf8(statement)) throw new NotUnderstood('a definition that is not in UTF-8')
    const sql = withoutComments(statement.toString('utf8'), this.#server)
    const [first, second, third] = firstTokens(sql)
    switch (first?.value) {
      case undefined:
        return { kind: 'other' }
      case 'SET':
        return this.#set(sql)
      case 'USE':
        if (second === undefined || third !== undefined) throw new NotUnderstood('USE without one name')
        this.#database = named(second, sql)
        return { kind: 'other' }
      case 'DROP':
        return this.#drop(sql, second)
      case 'CREATE':
        return this.#create(sql, statement.toString('utf8'))
      case 'ALTER':
        return alter(sql)
      case 'LOCK':
      case 'UNLOCK':
        if (second?.value === 'TABLES' || second?.value === 'TABLE') return { kind: 'other' }
        break
      case 'START':
      case 'COMMIT':
      case 'BEGIN':
        return { kind: 'other' }
    }
    throw new NotUnderstood(`${first?.value} is no statement of a dump`)
  }

  #insert(statement: Buffer, at: number): DumpStatement {
    // Byte by byte: whatever the rows hold, no offset moves.
    const cursor = new Cursor(statement.toString('latin1', at, Math.min(statement.length, at + HEAD_BYTES)), 'latin1')
    cursor.expect('INSERT', 'REPLACE')
    const verb = cursor.last?.value as string
    const ignore = cursor.skip('LOW_PRIORITY', 'DELAYED', 'IGNORE').includes('IGNORE')
    cursor.skip('INTO')
    const table = this.#tableAt(cursor)
    let columns = ''
    if (cursor.peek()?.value === '(') columns = cursor.list()
    cursor.expect('VALUES', 'VALUE')
    const from = at + (cursor.last as Token).end
    const rows = countRows(statement, from)
    const list = columns === '' ? '' : ` ${Buffer.from(columns, 'latin1').toString('utf8')}`
    return {
      kind: 'insert',
      table,
      rows,
      into: (other) => `${verb}${ignore ? ' IGNORE' : ''} INTO ${quoteTable(other)}${list} VALUES ${copyRows(statement, from)}`,
    }
  }

  #set(sql: string): DumpStatement {
    const words = [...tokens(sql)]
    const names = words.findIndex(({ value }, i) => value === 'NAMES' && words[i - 1]?.value === 'SET')
    const charset = words[names + 1]
    if (names >= 0 && charset !== undefined && !READABLE.has(unquoted(charset).toLowerCase())) {
      throw new NotUnderstood(`text in the character set ${unquoted(charset)}`)
    }
    words.forEach(({ value }, i) => {
      const at = i + (words[i + 1]?.value === ':' ? 3 : 2)
      const operand = words[at]
      if (value === 'COLLATION_CONNECTION') this.#collation = collationName(operand, words[at + 2]) ?? this.#collation
      // From a variable: the mode before is put back.
      if (value === 'SQL_MODE' && operand?.kind === 'word') this.#sqlMode = ''
      if (operand?.kind !== 'text') return
      if (value === 'TIME_ZONE') this.timeZone = unquoted(operand)
      if (value === 'SQL_MODE') this.#sqlMode = unquoted(operand)
    })
    return { kind: 'other' }
  }

  #drop(sql: string, what: Token | undefined): DumpStatement {
    if (what?.value !== 'TABLE') {
      if (what !== undefined && OBJECTS.has(what.value)) return { kind: 'other' }
      throw new NotUnderstood(`DROP ${what?.value ?? ''}`)
    }
    const cursor = new Cursor(sql)
    cursor.expect('DROP')
    cursor.expect('TABLE')
    cursor.skip('IF', 'EXISTS')
    const tables = [this.#tableAt(cursor)]
    while (cursor.peek()?.value === ',') {
      cursor.expect(',')
      tables.push(this.#tableAt(cursor))
    }
    cursor.end()
    return { kind: 'drop', tables }
  }

  #create(sql: string, written: string): DumpStatement {
    const cursor = new Cursor(sql)
    cursor.expect('CREATE')
    for (let token = cursor.next(); token !== undefined; token = cursor.next()) {
      if (token.kind !== 'word') continue
      if (token.value === 'TABLE') {
        this.#requirePlainMode()
        return this.#createTable(cursor)
      }
      if (token.value === 'TRIGGER') return this.#trigger(sql, written)
      if (token.value === 'DATABASE' || token.value === 'SCHEMA') return { kind: 'other' }
      if (OBJECTS.has(token.value)) return { kind: 'other', what: `the ${token.value.toLowerCase()} ${cursor.rest().slice(0, 60)}` }
    }
    throw new NotUnderstood('CREATE without saying what')
  }

  #createTable(cursor: Cursor): DumpStatement {
    cursor.skip('IF', 'NOT', 'EXISTS')
    const table = this.#tableAt(cursor)
    const create = `CREATE TABLE \`x\` ${cursor.rest()}`
    const { options } = parseCreateTable(create)
    for (const { kind, value } of tokens(options)) {
      if (kind === 'word' && NOT_AN_OPTION.has(value)) throw new NotUnderstood(`CREATE TABLE … ${value}`)
    }
    return { kind: 'create', table, create }
  }

  #trigger(sql: string, written: string): DumpStatement {
    // Comments belong to a trigger's body: they stay, unless the whole statement stands in conditional ones.
    const { name, table, into } = triggerParts(/\/\*M?!/.test(written) ? sql : written.trim(), this.#sqlMode)
    return { kind: 'trigger', table: { database: this.#database, name: table }, name, into, sqlMode: this.#sqlMode, collation: this.#collation }
  }

  /** In which strings are read as we read them. A trigger alone may have been made in another one. */
  #requirePlainMode(): void {
    if (/NO_BACKSLASH_ESCAPES|ANSI/i.test(this.#sqlMode)) throw new NotUnderstood(`text in the SQL mode ${this.#sqlMode}`)
  }

  /** A name of the file's own database. One in another database is nothing that a dump writes. */
  #tableAt(cursor: Cursor): TableRef {
    const first = cursor.name()
    if (cursor.peek()?.value !== '.') return { database: this.#database, name: first }
    cursor.expect('.')
    if (first !== this.#database) throw new NotUnderstood('a table in a database that the file does not use')
    return { database: this.#database, name: cursor.name() }
  }
}

const HEAD_BYTES = 1 << 20
const READABLE = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'binary'])
const OBJECTS = new Set(['VIEW', 'TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT', 'SEQUENCE', 'DATABASE', 'SCHEMA'])
/** What would take rows, or a place for them, from somewhere else. */
const NOT_AN_OPTION = new Set(['SELECT', 'LIKE', 'UNION', 'CONNECTION', 'AS', 'IGNORE', 'REPLACE', 'DIRECTORY'])

const databaseInComment = (statement: Buffer): string => /^-- Host: .*?\bDatabase: (.+)$/m.exec(statement.toString('utf8', 0, 2000))?.[1]?.trim() ?? ''

/** Where INSERT or REPLACE stands, with nothing but comments in front of it. */
function insertStart(statement: Buffer): number | undefined {
  const text = statement.toString('latin1', 0, Math.min(statement.length, HEAD_BYTES))
  const [space = ''] = /^(?:\s+|(?:#|--(?=\s))[^\n]*(?:\n|$)|\/\*(?!M?!)[\s\S]*?\*\/)*/.exec(text) ?? []
  return /^(?:INSERT|REPLACE)\b/i.test(text.slice(space.length, space.length + 8)) ? space.length : undefined
}

function alter(sql: string): DumpStatement {
  const [, what] = firstTokens(sql)
  if (what?.value === 'DATABASE' || what?.value === 'SCHEMA') return { kind: 'other' }
  const last = [...tokens(sql)].slice(-2).map(({ value }) => value)
  if (what?.value === 'TABLE' && last[1] === 'KEYS' && (last[0] === 'DISABLE' || last[0] === 'ENABLE')) return { kind: 'other' }
  throw new NotUnderstood('ALTER is no statement of a dump')
}

function firstTokens(sql: string): Token[] {
  const found: Token[] = []
  for (const token of tokens(sql)) if (found.push(token) === 3) break
  return found
}

const unquoted = ({ kind, value }: Token): string => (kind === 'text' ? value.slice(1, -1) : value)

/** A plain name, or our own `_utf8mb4 X'…'`; a variable is none. */
function collationName(operand: Token | undefined, bytes: Token | undefined): string | undefined {
  if (operand?.kind !== 'word') return operand?.kind === 'text' ? unquoted(operand) : undefined
  if (operand.value === '_UTF8MB4') return bytes?.kind === 'text' ? Buffer.from(unquoted(bytes), 'hex').toString('utf8') : undefined
  return /^[A-Z][A-Z0-9_]*$/.test(operand.value) ? operand.value.toLowerCase() : undefined
}
