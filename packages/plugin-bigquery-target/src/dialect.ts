import { type Dialect, WAREHOUSE_TYPES, type WarehouseType, warehouseType } from '@dbsync/warehouse'
import { quoteName, quoteText } from './sql.ts'

/** What a type can be widened to in place, with every value kept. */
const WIDER: Readonly<Partial<Record<string, readonly WarehouseType[]>>> = { INT64: ['NUMERIC', 'BIGNUMERIC'], NUMERIC: ['BIGNUMERIC'] }

/** The length of `0001-01-01 00:00:00.000000`. */
const MOMENT = 26

/** BigQuery's SQL. Types are never parameterised: then there is less to widen. */
export const BIGQUERY: Dialect = {
  warehouse: 'bigquery',
  place: 'dataset',
  typeNames: WAREHOUSE_TYPES,
  exactType: warehouseType,
  typeName: (_, type) => type,
  typeNamed: (name) => WAREHOUSE_TYPES.find((type) => type === name),
  common(a, b) {
    if (a === b || WIDER[b]?.some((wider) => wider === a)) return a
    return WIDER[a]?.some((wider) => wider === b) ? b : undefined
  },
  quoteName: (name) => quoteName(name),
  quoteText,
  textOf(value, type) {
    switch (type) {
      case 'STRING':
        return value
      case 'BYTES':
        return `TO_BASE64(${value})`
      case 'BOOL':
        return `CAST(CAST(${value} AS INT64) AS STRING)`
      case 'DATETIME':
        // A year before 1000 is written without zeros.
        return `LPAD(FORMAT_DATETIME('%F %H:%M:%E6S', ${value}), ${MOMENT}, '0')`
      case 'TIMESTAMP':
        return `LPAD(FORMAT_TIMESTAMP('%F %H:%M:%E6S', ${value}, 'UTC'), ${MOMENT}, '0')`
      case 'JSON':
        // NULL would print as the JSON value null.
        return `IF(${value} IS NULL, NULL, TO_JSON_STRING(${value}))`
      default:
        return `CAST(${value} AS STRING)`
    }
  },
  doubleText: (value) => `CAST(${value} AS STRING)`,
  constant(type, text) {
    switch (type) {
      case 'BYTES':
        return `FROM_HEX('${text}')`
      case 'NUMERIC':
      case 'BIGNUMERIC':
      case 'DATE':
      case 'DATETIME':
      case 'TIME':
        return `${type} '${text}'`
      case 'TIMESTAMP':
        return `TIMESTAMP '${text} UTC'`
      default:
        return text
    }
  },
  sha1: (value) => `TO_HEX(SHA1(${value}))`,
  hex: (bytes) => `UPPER(TO_HEX(${bytes}))`,
  byteLength: (text) => `BYTE_LENGTH(${text})`,
  // 64 bits without a sign do not fit into INT64.
  hashNumber: (digits) =>
    `(CAST(CAST(CONCAT('0x', SUBSTR(${digits}, 1, 8)) AS INT64) AS NUMERIC) * 4294967296 + CAST(CONCAT('0x', SUBSTR(${digits}, 9, 8)) AS INT64))`,
}
