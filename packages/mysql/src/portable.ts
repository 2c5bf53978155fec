import { type Column, isLong } from '@dbsync/core/plugin'
import { quoteId } from './identifiers.ts'
import { baseType } from './types.ts'

/** Text that has to be converted to be read in UTF-8. */
export const isForeignText = ({ portable, charset }: Column): boolean =>
  portable !== undefined && charset !== undefined && !charset.startsWith('utf8') && charset !== 'binary'

/** A character that Unicode does not have becomes `?`; half a surrogate, which these two character sets take, does so by way of UTF-16 alone. */
export function utf8({ name, charset }: Column): string {
  const text = charset === 'ucs2' || charset === 'utf32' ? `CONVERT(${quoteId(name)} USING utf16)` : quoteId(name)
  return `CONVERT(${text} USING utf8mb4)`
}

/** SQL of a column's text in the digest that engines of different kinds share. The table of texts is in core's `portable.ts`. */
export function portableText(column: Column): string {
  const name = quoteId(column.name)
  if (column.portable === 'nothing') return "''"
  if (column.portable === 'presence') return `IF(${name} IS NULL, '~', '')`
  const { type } = column
  switch (type.kind) {
    case 'bool':
    case 'int':
    case 'bits':
      return orNull(column, `${name} + 0`)
    case 'decimal':
      return orNull(column, type.scale === 0 ? `${name} + 0` : `TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${name} + 0))`)
    case 'float':
      return orNull(column, floatText(name))
    case 'date':
    case 'datetime':
    case 'timestamp':
      return `IF(${exists(name)}, ${name}, '~')`
    case 'time':
      return orNull(column, name)
    case 'bytes':
      return orNull(column, isLong(type) ? `SHA1(${name})` : `HEX(${name})`)
    case 'geometry':
      return orNull(column, `SHA1(CAST(${name} AS BINARY))`)
    case 'json':
      return orNull(column, `SHA1(${asText(column)})`)
    default:
      return orNull(column, isLong(type) ? `SHA1(${asText(column)})` : `CONCAT(LENGTH(${asText(column)}), ':', CAST(${asText(column)} AS BINARY))`)
  }
}

const orNull = (column: Column, text: string): string => (column.nullable ? `IF(${quoteId(column.name)} IS NULL, '~', ${text})` : text)

/** UUID and INET have no character set, MySQL's JSON has one of its own kind: their printed form. */
const asText = (column: Column): string =>
  column.charset === undefined || baseType(column) === 'json' ? `CAST(${quoteId(column.name)} AS CHAR CHARACTER SET utf8mb4)` : utf8(column)

/** A day that is in the calendar; not for NULL. */
const exists = (name: string): string =>
  `YEAR(${name}) > 0 AND MONTH(${name}) > 0 AND DAYOFMONTH(${name}) > 0 AND DAYOFMONTH(${name}) <= DAYOFMONTH(LAST_DAY(CONCAT(LEFT(${name}, 8), '01')))`

/** From the shortest text of the double: `-0.00123` is `-123e-3`. */
function floatText(name: string): string {
  const text = `CAST(ABS(${name} * 1e0) AS CHAR)`
  const mantissa = `SUBSTRING_INDEX(${text}, 'e', 1)`
  const whole = `SUBSTRING_INDEX(${mantissa}, '.', 1)`
  const rest = `IF(LOCATE('.', ${mantissa}) > 0, SUBSTRING_INDEX(${mantissa}, '.', -1), '')`
  const digits = `TRIM(TRAILING '0' FROM TRIM(LEADING '0' FROM REPLACE(${mantissa}, '.', '')))`
  const power = `IF(LOCATE('e', ${text}) > 0, CAST(SUBSTRING_INDEX(${text}, 'e', -1) AS SIGNED), 0)`
  const first = `IF(${whole} = '0', LENGTH(TRIM(LEADING '0' FROM ${rest})) - LENGTH(${rest}) - 1, LENGTH(${whole}) - 1)`
  return `CONCAT(IF(${name} < 0, '-', ''), ${digits}, 'e', ${first} + ${power})`
}
