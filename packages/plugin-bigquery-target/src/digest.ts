import { isLong, type TableSchema } from '@dbsync/core/plugin'
import type { EncodedColumn } from '@dbsync/warehouse'
import { cellExpression } from './cells.ts'
import { encodedColumns, keyOf } from './columns.ts'
import { quoteName } from './sql.ts'

/** SQL of the first 16 hexadecimal digits of the row's hash, over the texts of core's `portable.ts`. */
export const rowHash = (schema: TableSchema, prefix = ''): string => hashOf(encodedColumns(schema), prefix)

/** The same of what tables are split by where their key has another order at the source. */
export const splitHash = (schema: TableSchema): string => (schema.key.length === 0 ? rowHash(schema) : hashOf(keyOf(schema)))

const hashOf = (columns: readonly EncodedColumn[], prefix = ''): string =>
  `SUBSTR(TO_HEX(SHA1(CONCAT(${columns.map((column) => portableText(column, prefix)).join(", ',', ")}))), 1, 16)`

/** The number that these digits are: 64 bits without a sign do not fit into INT64. */
export const hashNumber = (hash: string): string =>
  `(CAST(CAST(CONCAT('0x', SUBSTR(${hash}, 1, 8)) AS INT64) AS NUMERIC) * 4294967296 + CAST(CONCAT('0x', SUBSTR(${hash}, 9, 8)) AS INT64))`

function portableText(encoded: EncodedColumn, prefix: string): string {
  const { column, name, type } = encoded
  const quoted = `${prefix}${quoteName(name)}`
  if (column.portable === 'presence') return `IF(${quoted} IS NULL, '~', '')`
  return `IFNULL(${valueText()}, '~')`

  function valueText(): string {
    switch (column.type.kind) {
      case 'int':
      case 'bits':
      case 'bool':
      case 'decimal':
        return trimmed(cellExpression(encoded, prefix))
      case 'float':
        return type === 'STRING' ? floatText(`CAST(${quoted} AS FLOAT64)`) : floatText(quoted)
      case 'datetime':
      case 'timestamp':
        return type === 'STRING' ? quoted : `SUBSTR(${cellExpression(encoded, prefix)}, 1, ${column.type.fraction === 0 ? 19 : 20 + column.type.fraction})`
      case 'date':
      case 'time':
        return cellExpression(encoded, prefix)
      case 'bytes':
        return isLong(column.type) ? `TO_HEX(SHA1(${quoted}))` : `UPPER(TO_HEX(${quoted}))`
      case 'json':
      case 'geometry':
        return `TO_HEX(SHA1(${quoted}))`
      default:
        return isLong(column.type) ? `TO_HEX(SHA1(${quoted}))` : `CONCAT(CAST(BYTE_LENGTH(${quoted}) AS STRING), ':', ${quoted})`
    }
  }
}

/** Without zeros at the end of a fraction: how many are printed is the engine's own affair. */
const trimmed = (text: string): string => `IF(STRPOS(${text}, '.') > 0, RTRIM(RTRIM(${text}, '0'), '.'), ${text})`

/** From the shortest text of the double: `-0.00123` is `-123e-3`. */
function floatText(value: string): string {
  const text = `LOWER(CAST(ABS(${value}) AS STRING))`
  const mantissa = `SPLIT(${text}, 'e')[OFFSET(0)]`
  const whole = `SPLIT(${mantissa}, '.')[OFFSET(0)]`
  const rest = `IF(STRPOS(${mantissa}, '.') > 0, SUBSTR(${mantissa}, STRPOS(${mantissa}, '.') + 1), '')`
  const digits = `RTRIM(LTRIM(REPLACE(${mantissa}, '.', ''), '0'), '0')`
  const power = `IF(STRPOS(${text}, 'e') > 0, CAST(REPLACE(SUBSTR(${text}, STRPOS(${text}, 'e') + 1), '+', '') AS INT64), 0)`
  const first = `IF(${whole} = '0', LENGTH(LTRIM(${restOf(rest)}, '0')) - LENGTH(${restOf(rest)}) - 1, LENGTH(${whole}) - 1)`
  return `CONCAT(IF(${value} < 0, '-', ''), ${digits}, 'e', CAST(${first} + ${power} AS STRING))`
}

/** `1.0` and `1` are one number. */
const restOf = (rest: string): string => `RTRIM(${rest}, '0')`
