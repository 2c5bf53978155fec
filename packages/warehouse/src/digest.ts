import { isLong, type TableSchema } from '@dbsync/core/plugin'
import { keyOf, type WarehouseColumn, warehouseColumns } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { inGroups } from './in-groups.ts'

/** SQL of the first 16 hexadecimal digits of the row's hash, over the texts of core's `portable.ts`. */
export const rowHash = (dialect: Dialect, schema: TableSchema, prefix = ''): string => hashOf(dialect, warehouseColumns(dialect, schema), prefix)

/** The same of what tables are split by where their key has another order at the source. */
export const splitHash = (dialect: Dialect, schema: TableSchema): string =>
  schema.key.length === 0 ? rowHash(dialect, schema) : hashOf(dialect, keyOf(dialect, schema))

function hashOf(dialect: Dialect, columns: readonly WarehouseColumn[], prefix = ''): string {
  const texts = columns.map((column) => portableText(dialect, column, prefix))
  const pieces = texts.flatMap((text, i) => (i === 0 ? [text] : ["','", text]))
  return `SUBSTR(${dialect.sha1(inGroups(pieces, (some) => `CONCAT(${some.join(', ')})`))}, 1, 16)`
}

function portableText(dialect: Dialect, { column, name, type }: WarehouseColumn, prefix: string): string {
  const value = `${prefix}${dialect.quoteName(name)}`
  if (column.portable === 'nothing') return "''"
  if (column.portable === 'presence') return `IF(${value} IS NULL, '~', '')`
  return `IFNULL(${valueText()}, '~')`

  function valueText(): string {
    const text = dialect.textOf(value, type)
    switch (column.type.kind) {
      case 'int':
      case 'bits':
      case 'bool':
      case 'decimal':
        return trimmed(text)
      case 'float':
        return floatText(dialect, type === 'STRING' ? `CAST(${value} AS FLOAT64)` : value)
      case 'datetime':
      case 'timestamp':
        return type === 'STRING' ? value : `SUBSTR(${text}, 1, ${column.type.fraction === 0 ? 19 : 20 + column.type.fraction})`
      case 'date':
      case 'time':
        return text
      case 'bytes':
        return isLong(column.type) ? dialect.sha1(value) : dialect.hex(value)
      case 'json':
      case 'geometry':
        return dialect.sha1(value)
      default:
        return isLong(column.type) ? dialect.sha1(value) : `CAST(${dialect.byteLength(value)} AS STRING) || ':' || ${value}`
    }
  }
}

/** Without zeros at the end of a fraction: how many are printed is the engine's own affair. */
const trimmed = (text: string): string => `IF(STRPOS(${text}, '.') > 0, RTRIM(RTRIM(${text}, '0'), '.'), ${text})`

/** From the shortest text of the double: `-0.00123` is `-123e-3`. */
function floatText(dialect: Dialect, value: string): string {
  const text = `LOWER(${dialect.doubleText(`ABS(${value})`)})`
  const mantissa = `REGEXP_REPLACE(${text}, 'e.*$', '')`
  const whole = `REGEXP_REPLACE(${mantissa}, '[.].*$', '')`
  const rest = `IF(STRPOS(${mantissa}, '.') > 0, SUBSTR(${mantissa}, STRPOS(${mantissa}, '.') + 1), '')`
  const digits = `RTRIM(LTRIM(REPLACE(${mantissa}, '.', ''), '0'), '0')`
  const power = `IF(STRPOS(${text}, 'e') > 0, CAST(REPLACE(SUBSTR(${text}, STRPOS(${text}, 'e') + 1), '+', '') AS INT64), 0)`
  const first = `IF(${whole} = '0', LENGTH(LTRIM(${restOf(rest)}, '0')) - LENGTH(${restOf(rest)}) - 1, LENGTH(${whole}) - 1)`
  // Not CONCAT, which leaves out what is NULL in some engines.
  return `IF(${value} < 0, '-', '') || ${digits} || 'e' || CAST(${first} + ${power} AS STRING)`
}

/** `1.0` and `1` are one number. */
const restOf = (rest: string): string => `RTRIM(${rest}, '0')`
