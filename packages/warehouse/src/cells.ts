import type { Column } from '@dbsync/core/plugin'
import type { Dialect } from './dialect.ts'
import type { EncodedColumn } from './row-encoder.ts'
import type { WarehouseType } from './types.ts'

/** The canonical text, or the bytes, of a cell that was read as `Dialect.textOf` says. */
export function cellOf({ column, type }: EncodedColumn, text: string | null): string | Uint8Array | null {
  if (text === null) return null
  if (type === 'BYTES') return Buffer.from(text, 'base64')
  if (type === 'FLOAT64') return doubleText(Number(text))
  if (type === 'JSON') return sortedJson(text)
  switch (column.type.kind) {
    case 'bits':
      return bitsOf(wholeNumber(text), column.type.length)
    case 'int':
      return wholeNumber(text)
    case 'decimal':
      return type === 'STRING' ? text : scaled(text, column.type.scale)
    case 'date':
      return padYear(text).slice(0, 10)
    case 'time':
    case 'datetime':
    case 'timestamp':
      return withFraction(column.type.kind === 'time' ? text : padYear(text), column.type.fraction)
    default:
      return text
  }
}

/** How a value changes on its way, of a column that is not kept exactly; for comparing. */
export function asKept(type: WarehouseType): ((text: string) => string) | undefined {
  if (type === 'JSON') return sortedJson
  if (type === 'FLOAT64') return (text) => doubleText(Number(text))
  return undefined
}

/** Without spaces, keys in order: JSON is not kept letter by letter. */
function sortedJson(text: string): string {
  return JSON.stringify(JSON.parse(text), (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

/** A column that another tenant has widened prints with zeros. */
const wholeNumber = (text: string): string => (text.includes('.') ? text.slice(0, text.indexOf('.')) : text)

function bitsOf(number: string, length: number): Uint8Array {
  const hex = BigInt(number).toString(16)
  return Buffer.from(hex.padStart(Math.ceil(length / 8) * 2, '0'), 'hex')
}

/** With exactly `scale` digits after the point. */
function scaled(text: string, scale: number): string {
  const [whole = '0', digits = ''] = text.split('.')
  return scale === 0 ? whole : `${whole}.${digits.slice(0, scale).padEnd(scale, '0')}`
}

/** Years before 1000 come without their zeros. */
const padYear = (text: string): string => text.replace(/^\d{1,3}(?=-)/, (year) => year.padStart(4, '0'))

function withFraction(text: string, fraction: number): string {
  const [whole = '', digits = ''] = text.split('.')
  return fraction === 0 ? whole : `${whole}.${digits.slice(0, fraction).padEnd(fraction, '0')}`
}

/** As MySQL prints a double: with an exponent from 15 digits before the point and below 1e-15. */
function doubleText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (value === 0 || (exponent >= -15 && exponent < 15)) return plainDigits(mantissa, exponent)
  return `${mantissa}e${exponent}`
}

function plainDigits(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const rest = digits.slice(exponent + 1)
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}`
}

const NUMBER = /^-?\d+(\.\d+)?$/
const MOMENT = /^[-\d:. ]+$/

/** A cell's canonical text as a constant of the column's type. */
export function literal(dialect: Dialect, { column, type }: EncodedColumn, cell: Uint8Array): string {
  const text = (shape: RegExp) => {
    const found = Buffer.from(cell).toString('latin1')
    if (!shape.test(found)) throw new Error(`${JSON.stringify(found)} is no value of column ${column.name}`)
    return found
  }
  const constant = (value: string) => dialect.constant(type, value)
  switch (type) {
    case 'STRING':
    case 'JSON':
      return dialect.quoteText(Buffer.from(cell).toString('utf8'))
    case 'BYTES':
      return constant(Buffer.from(cell).toString('hex'))
    case 'BOOL':
      return isSet(column, cell) ? 'TRUE' : 'FALSE'
    case 'INT64':
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return constant(column.type.kind === 'bits' ? bitsNumber(cell) : text(NUMBER))
    case 'FLOAT64':
      return constant(text(/^[-+.\de]+$/i))
    case 'DATE':
    case 'DATETIME':
    case 'TIME':
    case 'TIMESTAMP':
      return constant(text(MOMENT))
  }
}

const bitsNumber = (cell: Uint8Array): string => BigInt(`0x${Buffer.from(cell).toString('hex') || '0'}`).toString()

const isSet = ({ type: { kind } }: Column, cell: Uint8Array): boolean => (kind === 'bits' ? cell.at(-1) !== 0 : cell[0] === 0x31)
