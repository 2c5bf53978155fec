import { createHash } from 'node:crypto'
import { CellCursor, packRows, type RowBatch } from '../model/rows.ts'
import type { Column, TableSchema } from '../model/schema.ts'
import type { LogicalType } from '../model/types.ts'
import type { Cell, Row } from './database.ts'

export const bytesOf = (cell: string | Uint8Array): Buffer =>
  typeof cell === 'string' ? Buffer.from(cell) : Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength)

/** The rows of a batch as cells of their own: the batch's buffer may be used again. */
export function unpack(batch: RowBatch): Row[] {
  const cursor = new CellCursor(batch.bytes)
  return Array.from({ length: batch.rowCount }, () =>
    batch.columns.map(() => {
      cursor.next()
      return cursor.cell()?.slice() ?? null
    }),
  )
}

/** Identifies cells exactly: equal for equal bytes, whether they were given as text or as bytes. */
export const identityOf = (cells: Row): string => Buffer.from(packRows([], [cells]).bytes).toString('latin1')

/** The 64-bit hash of a row: the head of the SHA-1 of its packed cells. */
export const hashOf = (cells: Row): bigint =>
  createHash('sha1')
    .update(packRows([], [cells]).bytes)
    .digest()
    .readBigUInt64BE(0)

/** The position of the key's columns among `columns`. */
export const keyIndexes = (schema: TableSchema, columns: readonly Column[]): readonly number[] =>
  schema.key.map((name) => columns.findIndex((column) => column.name === name))

/** The order of cells of one type: integers by value, all else by bytes; NULL first. */
export function compareCells(type: LogicalType, a: Cell, b: Cell): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null)
  if (type.kind === 'int') {
    const [left, right] = [BigInt(bytesOf(a).toString('latin1')), BigInt(bytesOf(b).toString('latin1'))]
    return left < right ? -1 : Number(left > right)
  }
  if (type.kind === 'datetime' || type.kind === 'timestamp' || type.kind === 'time') return Buffer.compare(sixDigits(a), sixDigits(b))
  return Buffer.compare(bytesOf(a), bytesOf(b))
}

export function compareKeys(columns: readonly Column[], a: Row, b: Row): number {
  for (const [i, column] of columns.entries()) {
    const order = compareCells(column.type, a[i] ?? null, b[i] ?? null)
    if (order !== 0) return order
  }
  return 0
}

export const toHex = (key: Row): readonly string[] => key.map((cell) => bytesOf(cell ?? '').toString('hex'))

export const fromHex = (key: readonly string[]): Row => key.map((cell) => Buffer.from(cell, 'hex'))

/** Texts with and without a fraction compare by value: bounds have six digits, whatever the column has. */
function sixDigits(cell: string | Uint8Array): Buffer {
  const text = bytesOf(cell).toString('latin1')
  const [whole = '', fraction = ''] = text.split('.')
  return Buffer.from(`${whole}.${fraction.padEnd(6, '0')}`)
}
