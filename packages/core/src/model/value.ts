import type { Column } from './schema.ts'

/** One cell as a JS value; exact, so 64-bit integers are `bigint` and decimals, dates and times stay text. */
export type Value = null | boolean | number | bigint | string | Uint8Array

/** Decodes one packed cell by its column's logical type. Text in another charset than UTF-8 or latin1's ASCII part stays bytes. */
export function decodeCell(column: Column, cell: Uint8Array | null): Value {
  if (cell === null) return null
  const { type } = column
  switch (type.kind) {
    case 'bool':
      return ascii(cell) === '1'
    case 'int':
      return type.bits === 64 ? BigInt(ascii(cell)) : Number(ascii(cell))
    case 'float':
      return Number(ascii(cell))
    default:
      return isText(column) ? utf8(cell) : cell
  }
}

/** Whether its packed cells are text in UTF-8; others are bytes. */
export function isText({ type, charset, portable }: Column): boolean {
  switch (type.kind) {
    case 'bytes':
    case 'bits':
    case 'geometry':
      return false
    case 'text':
    case 'enum':
    case 'set':
      return portable !== undefined || isUtf8(charset)
    default:
      return true
  }
}

const isUtf8 = (charset: string | undefined) => charset === undefined || charset.startsWith('utf8') || charset === 'ascii'
const view = (cell: Uint8Array) => Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength)
const ascii = (cell: Uint8Array) => view(cell).toString('latin1')
const utf8 = (cell: Uint8Array) => view(cell).toString('utf8')
