import type { Column } from '@dbsync/core/plugin'

/** What a column becomes, in BigQuery's words. Others translate them: INT64 is DuckDB's BIGINT. */
export type WarehouseType = 'BOOL' | 'INT64' | 'NUMERIC' | 'BIGNUMERIC' | 'FLOAT64' | 'STRING' | 'BYTES' | 'DATE' | 'DATETIME' | 'TIMESTAMP' | 'TIME' | 'JSON'

export const WAREHOUSE_TYPES: readonly WarehouseType[] = [
  'BOOL',
  'INT64',
  'NUMERIC',
  'BIGNUMERIC',
  'FLOAT64',
  'STRING',
  'BYTES',
  'DATE',
  'DATETIME',
  'TIMESTAMP',
  'TIME',
  'JSON',
]

/** The narrowest type that holds every value of the column exactly, zero dates apart. Source: the type map of the reference, section 3.1. */
export function warehouseType({ type }: Pick<Column, 'type'>): WarehouseType {
  switch (type.kind) {
    case 'bool':
      return 'BOOL'
    case 'int':
      return type.bits === 64 && type.unsigned ? 'NUMERIC' : 'INT64'
    case 'bits':
      if (type.length === 1) return 'BOOL'
      return type.length < 64 ? 'INT64' : 'NUMERIC'
    case 'decimal': {
      // NUMERIC has 29 digits before the point and 9 after it, BIGNUMERIC 38 and 38.
      const whole = type.precision - type.scale
      if (type.scale <= 9 && whole <= 29) return 'NUMERIC'
      return type.scale <= 38 && whole <= 38 ? 'BIGNUMERIC' : 'STRING'
    }
    case 'float':
      return 'FLOAT64'
    case 'bytes':
    // The engine's own form: four bytes of SRID, then well-known binary.
    case 'geometry':
      return 'BYTES'
    case 'date':
      return 'DATE'
    case 'datetime':
      return 'DATETIME'
    case 'timestamp':
      return 'TIMESTAMP'
    // Beyond 24 hours and below zero: no type of time holds it. JSON as text keeps every letter.
    default:
      return 'STRING'
  }
}

/** By kind, what it may be kept as instead; `STRING` holds everything but raw bytes. */
const INSTEAD: Readonly<Partial<Record<Column['type']['kind'], readonly WarehouseType[]>>> = {
  bool: ['INT64'],
  int: ['BOOL', 'INT64', 'NUMERIC', 'BIGNUMERIC', 'FLOAT64'],
  bits: ['INT64', 'NUMERIC', 'BYTES'],
  decimal: ['NUMERIC', 'BIGNUMERIC', 'FLOAT64'],
  json: ['JSON'],
  time: ['TIME'],
  timestamp: ['DATETIME'],
  date: ['DATETIME'],
}

/** Whether a column may be kept as `type` at all. */
export function isPossible({ type: { kind } }: Column, type: WarehouseType): boolean {
  if (type === 'STRING') return !['bytes', 'bits', 'geometry'].includes(kind)
  return INSTEAD[kind]?.includes(type) ?? false
}

/** The values of the column that have no place in `type`, for people; `undefined`: all have one. */
function withoutPlace({ type: from }: Column, type: WarehouseType): string | undefined {
  if (type === 'STRING') return undefined
  if (from.kind === 'date' || from.kind === 'datetime' || from.kind === 'timestamp') return 'zero and impossible dates'
  if (from.kind === 'time' && type === 'TIME') return 'times below zero and from 24 hours on'
  if (from.kind === 'int' && type === 'BOOL') return 'numbers other than 0 and 1'
  if (from.kind === 'int' && from.bits === 64 && from.unsigned && type === 'INT64') return 'numbers beyond 9223372036854775807'
  if (from.kind === 'decimal' && type === 'NUMERIC' && type !== warehouseType({ type: from })) return 'numbers beyond NUMERIC'
  return undefined
}

/** Whether some values of the column become NULL in `type`. */
export const becomesNull = (column: Column, type: WarehouseType): boolean => withoutPlace(column, type) !== undefined

/** What is lost between the source's column and its type here, for people; `undefined`: nothing. */
export function narrowing(column: Column, type: WarehouseType): string | undefined {
  const { kind } = column.type
  const lost = withoutPlace(column, type)
  if (lost !== undefined) return `${lost} become NULL`
  if (kind === 'enum' || kind === 'set') return `${kind.toUpperCase()} is kept as text, without its numbers`
  if (type === 'FLOAT64' && kind !== 'float') return 'digits beyond a double are lost'
  if (kind === 'json' && type === 'JSON') return 'JSON keeps its meaning, not its text: spaces, the order of keys and the digits of numbers change'
  if (kind === 'geometry') return 'geometries are kept as bytes: 4 of the SRID, then well-known binary'
  return undefined
}

/** Of these every byte that a column can hold is a character of Unicode. Seen by converting all of them there and back; of two bytes each, only a part is. */
const WHOLLY_UNICODE = new Set(
  'utf8mb4 utf8mb3 utf8 utf16 utf16le latin1 latin2 latin5 latin7 cp850 cp852 cp866 keybcs2 koi8r koi8u macce macroman binary'.split(' '),
)

/** Whether all text of a character set can be kept as text in UTF-8. */
export const isWhollyUnicode = (charset: string): boolean => WHOLLY_UNICODE.has(charset)
