import { pickColumns, type RowBatch, type TableSchema } from '@dbsync/core/plugin'
import { DELETED, type EncodedColumn, TENANT } from '@dbsync/warehouse'
import { literal } from './cells.ts'
import { encodedColumn, keyOf } from './columns.ts'
import { rowHash } from './digest.ts'
import { quoteName, quoteText } from './sql.ts'

/** The rows of one tenant: those that were marked as deleted are not among them. */
export const tenantCondition = (tenant: string, prefix = ''): string => `${prefix}${TENANT} = ${quoteText(tenant)} AND ${prefix}${DELETED} IS NOT TRUE`

/** Rows in which one of these columns is at or after its bound, or NULL. */
export function sinceCondition(schema: TableSchema, since: Readonly<Record<string, string>>): string {
  const tests = pickColumns(schema.columns, Object.keys(since)).map((column) => {
    const encoded = encodedColumn(schema, column)
    const name = quoteName(encoded.name)
    return `${name} >= ${literal(encoded, Buffer.from(since[column.name] ?? ''))} OR ${name} IS NULL`
  })
  return `(${tests.join(' OR ') || 'TRUE'})`
}

/** Rows of a table without a key with one of these hashes. */
export function hashesCondition(schema: TableSchema, hashes: RowBatch): string {
  const digits = Array.from({ length: hashes.rowCount }, (_, row) => `'${hashDigits(hashes.cell(row, 0))}'`)
  return `${rowHash(schema)} IN (${digits.join(', ')})`
}

/** A hash, a number as text, as the 16 hexadecimal digits that SQL here makes of it. */
const hashDigits = (cell: Uint8Array | null): string =>
  BigInt(Buffer.from(cell ?? []).toString('latin1'))
    .toString(16)
    .padStart(16, '0')

/** Rows with one of these keys, from `start` up to `end`. */
export function keysCondition(schema: TableSchema, keys: RowBatch, start: number, end: number): string {
  const columns = keyOf(schema)
  const cell = (row: number, index: number, column: EncodedColumn): string => {
    const bytes = keys.cell(row, index)
    if (bytes === null) throw new Error('a key is never NULL')
    return literal(column, bytes)
  }
  const rows = Array.from({ length: end - start }, (_, i) => start + i)
  const [first] = columns
  if (first === undefined) throw new Error(`${schema.table.name} has no key`)
  if (columns.length === 1) return `${quoteName(first.name)} IN (${rows.map((row) => cell(row, 0, first)).join(', ')})`
  const one = (row: number) => columns.map((column, i) => `${quoteName(column.name)} = ${cell(row, i, column)}`).join(' AND ')
  return `(${rows.map((row) => `(${one(row)})`).join(' OR ')})`
}
