import { type Column, keyColumns, type RowBatch, type RowRange, type TableSchema } from '@dbsync/core/plugin'
import { hexLiteral, quoteId, quoteText } from './identifiers.ts'
import { isForeignText, utf8 } from './portable.ts'

const NUMBER = /^-?\d+(\.\d+)?$/
const MOMENT = /^[-\d:. ]+$/
const view = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** A cell's canonical text as a literal of the column's own type and character set, so that the comparison is the column's and its index serves. */
export function literal(column: Column, cell: Uint8Array): string {
  switch (column.type.kind) {
    case 'bool':
    case 'int':
    case 'decimal':
      return checked(NUMBER, column, view(cell).toString('latin1'))
    case 'bits':
      return BigInt(`0x${view(cell).toString('hex') || '0'}`).toString()
    case 'date':
    case 'time':
    case 'datetime':
    case 'timestamp':
      return `'${checked(MOMENT, column, view(cell).toString('latin1'))}'`
    case 'bytes':
    case 'geometry':
      return hexLiteral(cell)
    default:
      // UUID and INET have no character set.
      if (column.charset === undefined) return quoteText(view(cell).toString('utf8'))
      if (isForeignText(column)) return `_utf8mb4 ${hexLiteral(cell)}`
      // Every server knows `utf8`; its newer name is not known to all.
      return `_${column.charset === 'utf8mb3' ? 'utf8' : column.charset} ${hexLiteral(cell)}`
  }
}

function checked(shape: RegExp, column: Column, text: string): string {
  if (!shape.test(text)) throw new Error(`${JSON.stringify(text)} is no value of column ${column.name} (${column.native})`)
  return text
}

const hasCollation = (column: Column): boolean => column.charset !== undefined

/** Rows whose key is exactly one of `keys` from `start` up to `end`: the column's comparison finds them by index, the bytes decide. */
export function keysCondition(schema: TableSchema, keys: RowBatch, start: number, end: number): string {
  return anyOf(schema, keys, { start, end }, (column, cells) => {
    return hasCollation(column) ? `${byIndex(column, cells)} AND ${byBytes(column, cells)}` : byIndex(column, cells)
  })
}

/** In these character sets each character of Unicode has one code at most, and every code a character. */
const ONE_TO_ONE = new Set(['latin1', 'utf16', 'utf16le'])

/**
 * The rows of these keys that no index finds, since their text leads to another code: cp932 has two for `Ⅰ`, and what Unicode has not reads as `?`.
 * `undefined`: there are none, in the character sets of this key. Whoever looks for them reads the whole table.
 */
export function unindexedCondition(schema: TableSchema, keys: RowBatch, start: number, end: number): string | undefined {
  if (!keyColumns(schema).some((column) => isForeignText(column) && !ONE_TO_ONE.has(column.charset ?? ''))) return undefined
  const byText = anyOf(schema, keys, { start, end }, (column, cells) => (hasCollation(column) ? byBytes(column, cells) : byIndex(column, cells)))
  return `(${byText}) AND NOT (${keysCondition(schema, keys, start, end)})`
}

/** Rows with one of these keys; `test`: a key column is one of some cells. */
function anyOf(
  schema: TableSchema,
  keys: RowBatch,
  { start, end }: { readonly start: number; readonly end: number },
  test: (column: Column, cells: readonly Uint8Array[]) => string,
): string {
  const columns = keyColumns(schema)
  const [first] = columns
  if (first === undefined) throw new Error(`${schema.table.name} has no key`)
  const cell = (row: number, index: number): Uint8Array => {
    const bytes = keys.cell(row, index)
    if (bytes === null) throw new Error('a key is never NULL')
    return bytes
  }
  const rows = Array.from({ length: end - start }, (_, i) => start + i)
  if (columns.length === 1)
    return test(
      first,
      rows.map((row) => cell(row, 0)),
    )
  return rows.map((row) => `(${columns.map((column, i) => test(column, [cell(row, i)])).join(' AND ')})`).join(' OR ')
}

const byIndex = (column: Column, cells: readonly Uint8Array[]): string => {
  const literals = cells.map((cell) => literal(column, cell))
  return isOneOf(quoteId(column.name), literals)
}

const byBytes = (column: Column, cells: readonly Uint8Array[]): string => isOneOf(exact(column), cells.map(hexLiteral))

const isOneOf = (expression: string, literals: readonly string[]): string =>
  literals.length === 1 ? `${expression} = ${literals[0]}` : `${expression} IN (${literals.join(', ')})`

const exact = (column: Column): string => `CAST(${isForeignText(column) ? utf8(column) : quoteId(column.name)} AS BINARY)`

/** Rows in which one of these columns is at or after its bound, or NULL. */
export function sinceCondition(schema: TableSchema, since: Readonly<Record<string, string>>): string {
  const tests = Object.entries(since).map(([name, bound]) => {
    const column = schema.columns.find((candidate) => candidate.name === name)
    if (column === undefined) throw new Error(`no column ${name}`)
    const after = `${quoteId(name)} >= ${literal(column, Buffer.from(bound))}`
    return column.nullable ? `${after} OR ${quoteId(name)} IS NULL` : after
  })
  return `(${tests.join(' OR ') || 'TRUE'})`
}

/** What orders a key column: ENUM and SET sort by number, and compare by text unless told otherwise. */
export const orderExpression = (column: Column): string => (isNumbered(column) ? `${quoteId(column.name)} + 0` : quoteId(column.name))
export const isNumbered = (column: Column): boolean => column.type.kind === 'enum' || column.type.kind === 'set'

/** One cell of a bound, in hex. */
function boundLiteral(column: Column, hex: string): string {
  const cell = Buffer.from(hex, 'hex')
  return isNumbered(column) ? checked(/^\d+$/, column, cell.toString('latin1')) : literal(column, cell)
}

/**
 * The rows of a key range. Composite bounds are spelled out, since servers do not use the index for `(a, b) >= (1, 2)`;
 * the plain comparison of the first column in front gives them a range to scan.
 */
export function rangeCondition(schema: TableSchema, range: Extract<RowRange, { by: 'key' }>): string {
  const columns = keyColumns(schema)
  const sides = [range.from === undefined ? [] : beyond(columns, range.from, '>', '>='), range.to === undefined ? [] : beyond(columns, range.to, '<', '<')]
  return sides.flat().join(' AND ') || 'TRUE'
}

function beyond(columns: readonly Column[], bound: readonly string[], strict: '<' | '>', last: '<' | '>='): string[] {
  if (bound.length !== columns.length) throw new Error(`a bound of ${bound.length} cells for a key of ${columns.length}`)
  const sides = columns.map((column, i) => ({ name: orderExpression(column), value: boundLiteral(column, bound[i] as string) }))
  const [first] = sides
  if (first === undefined) throw new Error('a range of a table without a key')
  if (sides.length === 1) return [`${first.name} ${last} ${first.value}`]
  const steps = sides.map(({ name, value }, i) => {
    const equal = sides.slice(0, i).map((side) => `${side.name} = ${side.value}`)
    return `(${[...equal, `${name} ${i === sides.length - 1 ? last : strict} ${value}`].join(' AND ')})`
  })
  return [`${first.name} ${strict}= ${first.value}`, `(${steps.join(' OR ')})`]
}
