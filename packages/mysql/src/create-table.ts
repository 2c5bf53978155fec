import { SyncError, type TableRef } from '@dbsync/core/plugin'
import { quoteTable } from './identifiers.ts'

export type TablePart = {
  readonly name: string
  /** The text as the server printed it, name included. */
  readonly definition: string
}
export type KeyPart = TablePart & { readonly kind: 'primary' | 'unique' | 'index' | 'fulltext' | 'spatial' }
export type ConstraintPart = TablePart & { readonly kind: 'foreign' | 'check' | 'period' }

/** A table's definition in its parts; `renderCreateTable` puts it together again. */
export type CreateTableParts = {
  readonly columns: readonly TablePart[]
  readonly keys: readonly KeyPart[]
  readonly constraints: readonly ConstraintPart[]
  /** What follows the closing parenthesis, without AUTO_INCREMENT: engine, charset, comment, partitions. */
  readonly options: string
  /** The counter that AUTO_INCREMENT=… gave, as digits. */
  readonly autoIncrement?: string
}

/** Takes the answer of SHOW CREATE TABLE apart. Throws `MYSQL_DEFINITION` for a text that is no table of a kind that we know. */
export function parseCreateTable(text: string): CreateTableParts {
  const open = bodyStart(text)
  const { items, end } = splitBody(text, open)
  const columns: TablePart[] = []
  const keys: KeyPart[] = []
  const constraints: ConstraintPart[] = []
  for (const definition of items) {
    const key = KEY.exec(definition)
    const constraint = CONSTRAINT.exec(definition)
    if (definition.startsWith('`')) columns.push({ name: readName(definition, 0).name, definition })
    else if (key !== null) keys.push(keyPart(key, definition))
    else if (constraint !== null) constraints.push(constraintPart(constraint, definition))
    else throw unknown(text)
  }
  if (columns.length === 0) throw unknown(text)
  const { options, autoIncrement } = splitOptions(text.slice(end + 1))
  return { columns, keys, constraints, options, ...(autoIncrement === undefined ? {} : { autoIncrement }) }
}

/** A CREATE TABLE statement under a name of its own; the counter is written only where `parts` has one. */
export function renderCreateTable(table: TableRef, parts: CreateTableParts): string {
  const body = [...parts.columns, ...parts.keys, ...parts.constraints].map((part) => `  ${part.definition}`).join(',\n')
  const counter = parts.autoIncrement === undefined ? '' : ` AUTO_INCREMENT=${parts.autoIncrement}`
  // The counter first: partitions must stay last.
  return `CREATE TABLE ${quoteTable(table)} (\n${body}\n)${counter}${parts.options === '' ? '' : ` ${parts.options}`}`
}

export type ForeignKeyParts = {
  readonly columns: readonly string[]
  /** Without a database it is the table's own. */
  readonly references: { readonly database: string | undefined; readonly name: string }
  readonly referencedColumns: readonly string[]
  /** `CASCADE`, `SET NULL`, …; `RESTRICT` where nothing is said. */
  readonly onUpdate: string
  readonly onDelete: string
}

/** Reads the definition of a foreign key: information_schema shows its actions only to users who may do more than SELECT. */
export function parseForeignKey(part: ConstraintPart): ForeignKeyParts {
  const text = part.definition
  let at = text.startsWith('CONSTRAINT ') ? readName(text, 11).end : 0
  at = text.indexOf('FOREIGN KEY', at)
  const own = readNames(text, text.indexOf('(', at))
  at = text.indexOf('`', own.end)
  const first = readName(text, at)
  const second = text[first.end] === '.' ? readName(text, first.end + 1) : undefined
  const theirs = readNames(text, text.indexOf('(', second?.end ?? first.end))
  const rules = text.slice(theirs.end)
  const rule = (event: string) => new RegExp(`ON ${event} (CASCADE|SET NULL|SET DEFAULT|RESTRICT|NO ACTION)`).exec(rules)?.[1] ?? 'RESTRICT'
  return {
    columns: own.names,
    references: second === undefined ? { database: undefined, name: first.name } : { database: first.name, name: second.name },
    referencedColumns: theirs.names,
    onUpdate: rule('UPDATE'),
    onDelete: rule('DELETE'),
  }
}

const KEY = /^(?:(PRIMARY) KEY|(?:(UNIQUE|FULLTEXT|SPATIAL) )?(?:KEY|INDEX) )/
const CONSTRAINT = /^(?:CONSTRAINT |(FOREIGN KEY|CHECK|PERIOD FOR)\b)/

function keyPart(match: RegExpExecArray, definition: string): KeyPart {
  if (match[1] !== undefined) return { kind: 'primary', name: 'PRIMARY', definition }
  const kind = match[2] === 'UNIQUE' ? 'unique' : match[2] === 'FULLTEXT' ? 'fulltext' : match[2] === 'SPATIAL' ? 'spatial' : 'index'
  return { kind, name: readName(definition, match[0].length).name, definition }
}

function constraintPart(match: RegExpExecArray, definition: string): ConstraintPart {
  let name = ''
  let rest = definition
  if (match[1] === undefined) {
    const named = readName(definition, match[0].length)
    name = named.name
    rest = definition.slice(named.end).trimStart()
  }
  const kind = rest.startsWith('FOREIGN KEY') ? 'foreign' : rest.startsWith('PERIOD') ? 'period' : 'check'
  return { kind, name, definition }
}

/** The offset of the parenthesis that opens the body. */
function bodyStart(text: string): number {
  const head = /^CREATE\s+(?:TEMPORARY\s+)?TABLE\s+/.exec(text)
  if (head === null) throw unknown(text)
  let at = readName(text, head[0].length).end
  if (text[at] === '.') at = readName(text, at + 1).end
  while (/\s/.test(text[at] ?? '')) at++
  if (text[at] !== '(') throw unknown(text)
  return at
}

/** Splits at the commas outside of names, strings, comments and inner parentheses. */
function splitBody(text: string, open: number): { items: string[]; end: number } {
  const items: string[] = []
  let depth = 0
  let from = open + 1
  for (let at = open; at < text.length; at = next(text, at)) {
    const char = text[at]
    if (char === '(') depth++
    else if (char === ')') depth--
    if (depth === 0 || (depth === 1 && char === ',')) {
      items.push(text.slice(from, at).trim())
      from = at + 1
    }
    if (depth === 0) return { items, end: at }
  }
  throw unknown(text)
}

/** The offset after the token at `at`: a quoted name or string counts as one. */
function next(text: string, at: number): number {
  const char = text[at]
  if (char === '`') return readName(text, at).end
  if (char === "'" || char === '"') return stringEnd(text, at)
  return at + 1
}

function stringEnd(text: string, at: number): number {
  const quote = text[at]
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1
      i++
    }
  }
  throw unknown(text)
}

function readName(text: string, at: number): { name: string; end: number } {
  if (text[at] !== '`') throw unknown(text)
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] !== '`') continue
    if (text[i + 1] !== '`') return { name: text.slice(at + 1, i).replaceAll('``', '`'), end: i + 1 }
    i++
  }
  throw unknown(text)
}

/** The names of a list in parentheses that opens at `at`. */
function readNames(text: string, at: number): { names: string[]; end: number } {
  const names: string[] = []
  let i = at + 1
  while (text[i] !== ')') {
    if (i >= text.length || i <= 0) throw unknown(text)
    if (text[i] !== '`') i++
    else {
      const { name, end } = readName(text, i)
      names.push(name)
      i = end
    }
  }
  return { names, end: i + 1 }
}

/** Takes AUTO_INCREMENT=n out of the options, and never out of a comment. */
function splitOptions(text: string): { options: string; autoIncrement?: string } {
  for (let at = 0; at < text.length; at = next(text, at)) {
    const counter = text.startsWith('AUTO_INCREMENT=', at) && /\s/.test(text[at - 1] ?? ' ') ? /^AUTO_INCREMENT=(\d+)\s?/.exec(text.slice(at)) : null
    if (counter !== null) return { options: (text.slice(0, at) + text.slice(at + counter[0].length)).trim(), autoIncrement: counter[1] as string }
  }
  return { options: text.trim() }
}

const unknown = (text: string): SyncError =>
  new SyncError('MYSQL_DEFINITION', `the definition of a table is not understood: ${text.slice(0, 200)}`, {
    kind: 'bug',
    hint: 'Please report it with the output of SHOW CREATE TABLE.',
  })
