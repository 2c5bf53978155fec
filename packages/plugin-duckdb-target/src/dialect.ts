import type { Dialect } from '@dbsync/warehouse'
import { common, exactType, TYPE_NAMES, typeName, typeNamed } from './types.ts'

const MOMENT = "'%Y-%m-%d %H:%M:%S.%f'"

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""').replaceAll('\0', '')}"`

/** Where only a plain literal may stand: paths and comments. */
export const plainLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Text as a literal. What has control characters goes through its bytes. */
export const quoteText = (text: string): string => (/\p{Cc}/u.test(text) ? `decode(unhex('${Buffer.from(text).toString('hex')}'))` : plainLiteral(text))

/** DuckDB's SQL. */
export const DUCKDB: Dialect = {
  warehouse: 'duckdb',
  place: 'file',
  typeNames: TYPE_NAMES,
  exactType,
  typeName,
  typeNamed,
  common,
  quoteName,
  quoteText,
  textOf(value, type) {
    switch (type) {
      case 'STRING':
        return value
      case 'BYTES':
        return `to_base64(${value})`
      case 'BOOL':
        return `CAST(CAST(${value} AS INT64) AS STRING)`
      case 'DATETIME':
        return `strftime(${value}, ${MOMENT})`
      case 'TIMESTAMP':
        return `strftime(timezone('UTC', ${value}), ${MOMENT})`
      case 'NUMERIC':
      case 'BIGNUMERIC':
        // A decimal of fraction digits alone prints without the 0 before its point.
        return `regexp_replace(CAST(${value} AS STRING), '^(-?)[.]', '\\10.')`
      default:
        return `CAST(${value} AS STRING)`
    }
  },
  // As text a double has the fewest digits here too, but not always the nearest ones.
  doubleText(value) {
    const [fewer, more, most] = [14, 15, 16].map((digits) => `format('{:.${digits}e}', ${value})`)
    // This near to zero doubles have fewer digits than 15, and those that follow them are no zeros.
    return `CASE WHEN ${value} > 0 AND ${value} < 2.2250738585072014e-308 THEN CAST(${value} AS STRING)
      WHEN ${value} = CAST(${fewer} AS DOUBLE) THEN ${fewer} WHEN ${value} = CAST(${more} AS DOUBLE) THEN ${more} ELSE ${most} END`
  },
  constant(type, text) {
    switch (type) {
      case 'BYTES':
        return `unhex('${text}')`
      case 'FLOAT64':
        // A plain number with a point is a decimal.
        return `CAST('${text}' AS DOUBLE)`
      case 'DATE':
      case 'TIME':
        return `${type} '${text}'`
      case 'DATETIME':
        return `TIMESTAMP '${text}'`
      case 'TIMESTAMP':
        return `TIMESTAMPTZ '${text}+00'`
      default:
        return text
    }
  },
  sha1: (value) => `sha1(${value})`,
  hex: (bytes) => `hex(${bytes})`,
  byteLength: (text) => `strlen(${text})`,
  hashNumber: (digits) => `CAST('0x' || ${digits} AS UBIGINT)`,
}
