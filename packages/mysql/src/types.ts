import type { Column, LogicalType } from '@dbsync/core/plugin'

/** The facts of information_schema.COLUMNS that decide a type. */
export type TypeFacts = {
  /** `DATA_TYPE`, lower case. */
  readonly dataType: string
  /** `COLUMN_TYPE`: the whole of it. */
  readonly columnType: string
  readonly maxLength: number | undefined
  readonly precision: number | undefined
  readonly scale: number | undefined
  readonly fraction: number | undefined
}

const INT_BITS = new Map<string, 8 | 16 | 24 | 32 | 64>([
  ['tinyint', 8],
  ['smallint', 16],
  ['mediumint', 24],
  ['int', 32],
  ['integer', 32],
  ['bigint', 64],
])

/** What a column means. A type that we have never heard of is text: it travels as the server prints it. */
export function logicalType(facts: TypeFacts): LogicalType {
  const { dataType, columnType } = facts
  const bits = INT_BITS.get(dataType)
  if (bits !== undefined) return { kind: 'int', bits, ...(/\bunsigned\b/i.test(columnType) ? { unsigned: true } : {}) }
  switch (dataType) {
    case 'year':
      return { kind: 'int', bits: 16, unsigned: true }
    case 'decimal':
    case 'numeric':
      return { kind: 'decimal', precision: facts.precision ?? 10, scale: facts.scale ?? 0 }
    case 'float':
      return { kind: 'float', bits: 32 }
    case 'double':
    case 'real':
      return { kind: 'float', bits: 64 }
    case 'bit':
      return { kind: 'bits', length: facts.precision ?? 1 }
    case 'date':
      return { kind: 'date' }
    case 'time':
    case 'datetime':
    case 'timestamp':
      return { kind: dataType, fraction: facts.fraction ?? 0 }
    case 'enum':
      return { kind: 'enum' }
    case 'set':
      return { kind: 'set' }
    case 'json':
      return { kind: 'json' }
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return { kind: 'bytes', ...length(facts) }
    case 'vector':
      return { kind: 'bytes' }
    case 'geometry':
    case 'point':
    case 'linestring':
    case 'polygon':
    case 'multipoint':
    case 'multilinestring':
    case 'multipolygon':
    case 'geometrycollection':
    case 'geomcollection':
      return { kind: 'geometry' }
    default:
      return { kind: 'text', ...length(facts) }
  }
}

const length = (facts: TypeFacts) => (facts.maxLength === undefined ? {} : { maxLength: facts.maxLength })

/** `COLUMN_TYPE` in one spelling for all servers: MySQL 8.0.19 dropped the display width of integers and years, except where it means something. */
export function nativeType(columnType: string): string {
  if (/^(tiny|small|medium|big)?int\b/i.test(columnType) && !/zerofill/i.test(columnType)) return columnType.replace(/\(\d+\)/, '')
  if (/^year\b/i.test(columnType)) return 'year'
  return columnType
}

/** `utf8` is an older name of `utf8mb3`. */
export const charsetName = (name: string): string => (name === 'utf8' ? 'utf8mb3' : name)
export const collationName = (name: string): string => (name.startsWith('utf8_') ? `utf8mb3_${name.slice(5)}` : name)

/** The first word of a column's native type: `varchar`, `uuid`, `year`. */
export const baseType = (column: Column): string => /^[a-z0-9_]+/i.exec(column.native ?? '')?.[0].toLowerCase() ?? ''
