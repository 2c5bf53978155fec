import type { Probe } from './probe.ts'
import type { Json } from './rest.ts'

const BIG = '12345678901234567890.1234567891'
const BIGGEST = '12345678901234567890123456789012345678.12345678901234567890123456789012345678'

/** A value of each type, loaded as dbsync writes it and read back as text that shows every bit. */
export const VALUE_PROBES = {
  'load INT64': value('INT64', ['9223372036854775807', '-9223372036854775808', 5], 'CAST(v AS STRING)', ['9223372036854775807', '-9223372036854775808', '5']),
  'load FLOAT64': value('FLOAT64', [0.1, 1e300, '2.5'], 'CAST(v = 0.1 OR v = 1e300 OR v = 2.5 AS STRING)', ['true', 'true', 'true']),
  'load BOOL': value('BOOL', [true, false], 'CAST(v AS STRING)', ['true', 'false']),
  'load STRING': value('STRING', ['', 'a\n"\\\u{1F600}', 'null'], 'v', ['', 'a\n"\\\u{1F600}', 'null']),
  'load BYTES (base64)': value('BYTES', ['AP8Q', ''], 'TO_HEX(v)', ['00ff10', '']),
  'load NUMERIC (text)': value('NUMERIC', ['99999999999999999999999999999.999999999', '-0.000000001'], 'CAST(v AS STRING)', [
    '99999999999999999999999999999.999999999',
    '-0.000000001',
  ]),
  'load BIGNUMERIC (20 + 10 digits)': value('BIGNUMERIC', [BIG], `CAST(v = BIGNUMERIC '${BIG}' AS STRING)`, ['true']),
  'load BIGNUMERIC (38 + 38 digits)': value('BIGNUMERIC', [BIGGEST], `CAST(v = BIGNUMERIC '${BIGGEST}' AS STRING)`, ['true']),
  'load DATE': value('DATE', ['0001-01-01', '9999-12-31'], 'CAST(v AS STRING)', ['0001-01-01', '9999-12-31']),
  'load DATETIME (microseconds)': value('DATETIME', ['2024-03-31 02:30:00.000001', '1000-01-01T00:00:00'], `FORMAT_DATETIME('%F %H:%M:%E6S', v)`, [
    '2024-03-31 02:30:00.000001',
    '1000-01-01 00:00:00.000000',
  ]),
  'load TIMESTAMP (microseconds)': value('TIMESTAMP', ['2024-03-31 02:30:00.000001Z', '1970-01-01 00:00:01Z'], `FORMAT_TIMESTAMP('%F %H:%M:%E6S', v, 'UTC')`, [
    '2024-03-31 02:30:00.000001',
    '1970-01-01 00:00:01.000000',
  ]),
  'load JSON: an object': value('JSON', [{ a: [1, null], b: 'x' }], 'TO_JSON_STRING(v)', ['{"a":[1,null],"b":"x"}']),
  'load JSON: a number, true': value('JSON', [3, true], 'TO_JSON_STRING(v)', ['3', 'true']),
  'load JSON: a text': value('JSON', ['text', '{}'], 'TO_JSON_STRING(v)', ['"text"', '"{}"']),
  'load NULL': value('STRING', [null, 'x'], 'v', [null, 'x']),
} satisfies Record<string, Probe>

function value(type: string, loaded: readonly Json[], sql: string, seen: readonly Json[]): Probe {
  return {
    bigquery: seen,
    async run({ rest, table, load }) {
      const made = await table(['n INT64', `v ${type}`])
      await load(
        made,
        loaded.map((v, n) => ({ n, v })),
      )
      const rows = await rest.query(`SELECT ${sql} FROM ${made.sql} ORDER BY n`)
      return rows.map(([cell = null]) => cell)
    },
  }
}
