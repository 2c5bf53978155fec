import { type Column, keyColumns, storedColumns, type TableSchema } from '@dbsync/core/plugin'
import { quoteId } from './identifiers.ts'
import { isForeignText, portableText, utf8 } from './portable.ts'
import { baseType } from './types.ts'

/** A column as it is read (an ENUM's invalid value 0 reads as empty text: only the digest tells it from an empty member). Text prints a FLOAT with 6 digits, a DOUBLE(10,2) with 2 and ZEROFILL with zeros: multiplied or added to, each prints its value. */
export function cellExpression(column: Column): string {
  const name = quoteId(column.name)
  if (isForeignText(column)) return utf8(column)
  // The year 0 prints as 0000.
  if (column.portable !== undefined && baseType(column) === 'year') return `${name} + 0`
  if (column.type.kind === 'float') return `${name} * 1e0`
  if (/zerofill/i.test(column.native ?? '')) return `${name} + 0`
  return name
}

/** Expressions for these columns: never `*`, which leaves invisible columns out and follows the order of the day. */
export const selectList = (columns: readonly Column[]): string => columns.map((column) => unnamed(column, cellExpression(column))).join(', ')

/** The character sets that the driver is sure to know. */
const DECODED = new Set(['utf8mb4', 'utf8mb3', 'latin1', 'ascii'])

/**
 * A column of a select list. The driver refuses names such as `__proto__`, so it gets none. It decodes the names of table and database by the
 * column's own character set, too, and breaks where it does not know that: what COALESCE gives has the same bytes, and no table.
 */
export const unnamed = (column: Column, expression: string): string =>
  `${column.charset === undefined || DECODED.has(column.charset) ? expression : `COALESCE(${expression})`} AS ''`

/**
 * SQL of the unsigned 64-bit hash of one row, over a text in which no two different rows are alike: each cell with its length, or in an alphabet
 * without the separator, NULL marked; the stored bytes, in no collation. NULL where that text outgrows max_allowed_packet.
 */
export function rowHash(schema: TableSchema): string {
  return hashOf(storedColumns(schema))
}

const hashOf = (columns: readonly Column[]): string =>
  `CAST(CONV(LEFT(SHA1(CONCAT(${columns.map((column) => (column.portable === undefined ? canonical(column) : portableText(column))).join(", ',', ")})), 16), 16, 10) AS UNSIGNED)`

/** What tables that are not split by ranges of their key are split by. */
export const splitHash = (schema: TableSchema): string => (schema.key.length === 0 ? rowHash(schema) : hashOf(keyColumns(schema)))

/** The sum of row hashes over a group; one hash that is NULL lifts it to `INEXACT` and beyond. Each hash is computed once. */
export const hashSum = (hash: string): string => `SUM(IFNULL(${hash}, ${INEXACT}))`

/** More than 2^63 rows of 2^64 each can add up to. */
export const INEXACT = 10n ** 40n

function canonical(column: Column): string {
  const name = quoteId(column.name)
  const { kind } = column.type
  switch (kind) {
    case 'bits':
    case 'set':
      return orNull(column, `${name} + 0`)
    // The member's number too: the invalid value 0 and a member '' read alike.
    case 'enum':
      return orNull(column, `CONCAT(${name} + 0, ':', LENGTH(${name}), ':', CAST(${name} AS BINARY))`)
    case 'json':
      return orNull(column, baseType(column) === 'json' ? `SHA1(CAST(${name} AS CHAR CHARACTER SET utf8mb4))` : `SHA1(${name})`)
    case 'geometry':
      return orNull(column, `SHA1(CAST(${name} AS BINARY))`)
    case 'bytes':
    case 'text':
      return orNull(column, isLong(column) ? `SHA1(${name})` : sized(column, name))
    default:
      return orNull(column, baseType(column) === 'year' ? `${name} + 0` : cellExpression(column))
  }
}

/** No cell's text is a lone tilde. IF and not IFNULL: a text that outgrew max_allowed_packet is NULL as well, and must not look like an empty cell. */
const orNull = (column: Column, text: string): string => (column.nullable ? `IF(${quoteId(column.name)} IS NULL, '~', ${text})` : text)

/** UUID and INET have no bytes of their own kind in a text: their printed form. */
function sized(column: Column, name: string): string {
  if (column.type.kind === 'text' && column.charset === undefined) return `CAST(${name} AS CHAR)`
  return `CONCAT(LENGTH(${name}), ':', CAST(${name} AS BINARY))`
}

/** Everything else fits into one row of 64 KiB. */
export const isLong = (column: Column): boolean => /(text|blob|vector)$/.test(baseType(column))
