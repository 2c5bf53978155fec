import { pickColumns, type RowBatch, type TableSchema } from '@dbsync/core/plugin'
import { literal } from './cells.ts'
import { keyOf, type WarehouseColumn, warehouseColumn } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { rowHash } from './digest.ts'
import { DELETED, TENANT } from './system-columns.ts'

/** The rows of one tenant: those that were marked as deleted are not among them. */
export const tenantCondition = (dialect: Dialect, tenant: string, prefix = ''): string =>
  `${prefix}${TENANT} = ${dialect.quoteText(tenant)} AND ${prefix}${DELETED} IS NOT TRUE`

/** Rows in which one of these columns is at or after its bound, or NULL. */
export function sinceCondition(dialect: Dialect, schema: TableSchema, since: Readonly<Record<string, string>>): string {
  const tests = pickColumns(schema.columns, Object.keys(since)).map((column) => {
    const encoded = warehouseColumn(dialect, schema, column)
    const name = dialect.quoteName(encoded.name)
    const bound = since[column.name] ?? ''
    // Warehouses have no zero date, and no date before it.
    if (bound.startsWith('0000-')) return 'TRUE'
    return `${name} >= ${literal(dialect, encoded, Buffer.from(bound))} OR ${name} IS NULL`
  })
  return `(${tests.join(' OR ') || 'TRUE'})`
}

/** Rows of a table without a key with one of these hashes. */
export function hashesCondition(dialect: Dialect, schema: TableSchema, hashes: RowBatch): string {
  const digits = Array.from({ length: hashes.rowCount }, (_, row) => `'${hashDigits(hashes.cell(row, 0))}'`)
  return `${rowHash(dialect, schema)} IN (${digits.join(', ')})`
}

/** A hash, a number as text, as the 16 hexadecimal digits that SQL here makes of it. */
const hashDigits = (cell: Uint8Array | null): string =>
  BigInt(Buffer.from(cell ?? []).toString('latin1'))
    .toString(16)
    .padStart(16, '0')

/** Rows with one of these keys, from `start` up to `end`. */
export function keysCondition(dialect: Dialect, schema: TableSchema, keys: RowBatch, start: number, end: number): string {
  const columns = keyOf(dialect, schema)
  const cell = (row: number, index: number, column: WarehouseColumn): string => {
    const bytes = keys.cell(row, index)
    if (bytes === null) throw new Error('a key is never NULL')
    return literal(dialect, column, bytes)
  }
  const rows = Array.from({ length: end - start }, (_, i) => start + i)
  const [first] = columns
  if (first === undefined) throw new Error(`${schema.table.name} has no key`)
  if (columns.length === 1) return `${dialect.quoteName(first.name)} IN (${rows.map((row) => cell(row, 0, first)).join(', ')})`
  const one = (row: number) => columns.map((column, i) => `${dialect.quoteName(column.name)} = ${cell(row, i, column)}`).join(' AND ')
  return `(${rows.map((row) => `(${one(row)})`).join(' OR ')})`
}
