import type { Column } from '@dbsync/core/plugin'
import { type Stamp, stamp } from './stamp.ts'
import type { WarehouseType } from './types.ts'

/** Takes values, each in the form of one file format. Text is UTF-8. */
export interface CellSink {
  text(bytes: Uint8Array, start: number, end: number): void
  /** Text in which no format needs an escape, digits for example, with `tail` behind it. */
  plain(bytes: Uint8Array, start: number, end: number, tail?: Stamp): void
  /** A double, in its canonical text. */
  double(bytes: Uint8Array, start: number, end: number): void
  /** A whole number of any size, in digits. */
  digits(text: string): void
  bool(value: boolean): void
  bytes(bytes: Uint8Array, start: number, end: number): void
  json(bytes: Uint8Array, start: number, end: number): void
}

/** Why a value has no place: it becomes NULL. */
export type Loss = string

/** Writes one cell, or says why it cannot be; then nothing was written. */
export type CellWriter = (sink: CellSink, bytes: Uint8Array, start: number, end: number) => Loss | undefined

const view = (bytes: Uint8Array, start: number, end: number): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
const ascii = (bytes: Uint8Array, start: number, end: number): string => view(bytes, start, end).toString('latin1')

/** How the cells of a column are written for a type. Text must come in UTF-8. */
export function cellWriter(column: Column, type: WarehouseType): CellWriter {
  const { kind } = column.type
  switch (type) {
    case 'BYTES':
      return binary
    case 'BOOL':
      return kind === 'bits' ? bitAsBool : intAsBool
    case 'FLOAT64':
      return double
    case 'DATE':
      return dated('')
    case 'DATETIME':
      return kind === 'date' ? dated(' 00:00:00') : dated('')
    case 'TIMESTAMP':
      return dated('Z')
    case 'TIME':
      return timeOfDay
    case 'JSON':
      return json
    case 'INT64':
      if (kind === 'bits') return bitsAsNumber
      if (kind !== 'int') return text
      return column.type.kind === 'int' && column.type.bits === 64 && column.type.unsigned ? int64 : digits
    case 'NUMERIC':
    case 'BIGNUMERIC':
      if (kind === 'bits') return bitsAsNumber
      if (kind !== 'int' && kind !== 'decimal') return text
      return type === 'NUMERIC' && column.type.kind === 'decimal' && column.type.precision - column.type.scale > 29 ? numeric : digits
    default:
      return text
  }
}

export const text: CellWriter = (sink, bytes, start, end) => {
  sink.text(bytes, start, end)
  return undefined
}

/** A number as text: a JSON number would lose digits. */
export const digits: CellWriter = (sink, bytes, start, end) => {
  sink.plain(bytes, start, end)
  return undefined
}

const double: CellWriter = (sink, bytes, start, end) => {
  sink.double(bytes, start, end)
  return undefined
}

const binary: CellWriter = (sink, bytes, start, end) => {
  sink.bytes(bytes, start, end)
  return undefined
}

const bitsAsNumber: CellWriter = (sink, bytes, start, end) => {
  sink.digits(String(BigInt(`0x${view(bytes, start, end).toString('hex') || '0'}`)))
  return undefined
}

const bitAsBool: CellWriter = (sink, bytes, _, end) => {
  sink.bool(bytes[end - 1] !== 0)
  return undefined
}

const intAsBool: CellWriter = (sink, bytes, start, end) => {
  const value = end - start === 1 ? bytes[start] : undefined
  if (value !== 0x30 && value !== 0x31) return 'neither 0 nor 1'
  sink.bool(value === 0x31)
  return undefined
}

const int64: CellWriter = (sink, bytes, start, end) => {
  if (end - start > 18 && BigInt(ascii(bytes, start, end)) > 2n ** 63n - 1n) return 'beyond INT64'
  sink.plain(bytes, start, end)
  return undefined
}

const numeric: CellWriter = (sink, bytes, start, end) => {
  const [whole = ''] = ascii(bytes, start, end).split('.')
  if (whole.replace('-', '').length > 29) return 'beyond NUMERIC'
  sink.plain(bytes, start, end)
  return undefined
}

/** A date, or what begins with one. */
function dated(suffix: string): CellWriter {
  const tail = stamp(suffix)
  return (sink, bytes, start, end) => {
    if (!isDate(bytes, start)) return 'a zero or impossible date'
    sink.plain(bytes, start, end, tail)
    return undefined
  }
}

const ZERO = 0x30
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Whether `YYYY-MM-DD` at `at` is a day that exists, from the year 1 on. */
function isDate(bytes: Uint8Array, at: number): boolean {
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2)
  const month = twoDigits(bytes, at + 5)
  const day = twoDigits(bytes, at + 8)
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (DAYS[month - 1] as number) + (leap ? 1 : 0)
}

const twoDigits = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) - ZERO) * 10 + (bytes[at + 1] as number) - ZERO

const timeOfDay: CellWriter = (sink, bytes, start, end) => {
  if (!/^([01]\d|2[0-3]):/.test(ascii(bytes, start, end))) return 'not a time of day'
  sink.text(bytes, start, end)
  return undefined
}

const json: CellWriter = (sink, bytes, start, end) => {
  sink.json(bytes, start, end)
  return undefined
}
