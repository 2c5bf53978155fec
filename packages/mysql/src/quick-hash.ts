import { type Column, storedColumns, type TableSchema } from '@dbsync/core/plugin'
import { cellExpression, isLong } from './digest.ts'
import { quoteId } from './identifiers.ts'
import type { ServerFacts } from './server.ts'
import { baseType } from './types.ts'

/** What `TableSchema.rowHash` says where both servers know this hash. */
export const QUICK = 'crc32*crc32c'

/** CRC32C, and both checksums with a value to start from. */
export const knowsQuickHash = ({ flavour, versionNumber }: Pick<ServerFacts, 'flavour' | 'versionNumber'>): boolean =>
  flavour === 'mariadb' && versionNumber >= 100800

/** Equal rows, buckets and deletes by hash are matters of tables without a key: those keep the common hash. */
export const isQuick = ({ rowHash, key }: TableSchema): boolean => rowHash === QUICK && key.length > 0

/**
 * SQL of an unsigned 64-bit hash of one row, at less than half the cost of the common one; `unknown` where the row's text outgrows max_allowed_packet. Two
 * checksums of different polynomials over one text, multiplied as numbers: each alone is linear, so that values which two rows exchange could cancel out in
 * a sum; their product is not. The text is computed once, and IF decides what is computed first.
 */
export function quickHash(schema: TableSchema, unknown = 'NULL'): string {
  const columns = storedColumns(schema)
  const long = columns.filter(isApart)
  const checksum = (crc: 'CRC32' | 'CRC32C') => long.reduce((start, column) => `${crc}(${start}, ${longBytes(column)})`, `${crc}(@dbsync_row)`)
  return `IF((@dbsync_row := CONCAT_WS(${END}, ${columns.flatMap(cells).join(', ')})) IS NULL, ${unknown}, ${checksum('CRC32')} * ${checksum('CRC32C')})`
}

/** No number and no UTF-8 has these bytes. As casts they make the whole text one of bytes, to which every column gives its own, not converted. */
const END = "CAST(X'FF' AS BINARY)"
const NULL = "CAST(X'FE' AS BINARY)"

/** Cells that end where the next one begins: of any bytes but UTF-8 the length comes first. */
function cells(column: Column): readonly string[] {
  const name = quoteId(column.name)
  const texts = isApart(column) ? [`LENGTH(${name})`] : shortCells(column, name)
  return column.nullable ? texts.map((text) => `IFNULL(${text}, ${NULL})`) : texts
}

function shortCells(column: Column, name: string): readonly string[] {
  switch (column.type.kind) {
    case 'bits':
    case 'set':
      return [`${name} + 0`]
    // The member's number too: the invalid value 0 and a member '' read alike.
    case 'enum':
      return [`${name} + 0`, ...textCells(column, name)]
    case 'bytes':
    case 'text':
      return textCells(column, name)
    default:
      return [baseType(column) === 'year' ? `${name} + 0` : cellExpression(column)]
  }
}

function textCells({ type, charset }: Column, name: string): readonly string[] {
  // UUID and INET have no bytes of their own kind in a text: their printed form.
  if (type.kind === 'text' && charset === undefined) return [`CAST(${name} AS CHAR)`]
  return charset?.startsWith('utf8') ? [name] : [`LENGTH(${name})`, name]
}

/** Too long for one text, and summed on behind it. */
const isApart = (column: Column): boolean => isLong(column) || column.type.kind === 'json' || column.type.kind === 'geometry'

function longBytes(column: Column): string {
  const name = quoteId(column.name)
  const bytes = column.type.kind === 'geometry' ? `CAST(${name} AS BINARY)` : name
  return column.nullable ? `IFNULL(${bytes}, '')` : bytes
}
