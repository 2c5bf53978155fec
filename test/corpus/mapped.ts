import type { Connection } from 'mysql2/promise'

/** A column of the source as its catalogue has it. */
export type SourceColumn = {
  readonly name: string
  readonly dataType: string
  readonly columnType: string
  readonly precision: number
  readonly scale: number
  readonly charset: string | null
  readonly computed: boolean
}

/** How a value is told as text at both ends. */
export type Kind = 'whole' | 'bool' | 'decimal' | 'double' | 'date' | 'datetime' | 'timestamp' | 'text' | 'bytes'

/** What is lost of a column in a warehouse, as the plan has to say it before anything is written. */
export const ANNOUNCED: Readonly<Record<string, RegExp>> = {
  dates: /^zero and impossible dates become NULL$/,
  members: /^(ENUM|SET) is kept as text, without its numbers$/,
  geometry: /^geometries are kept as bytes/,
  foreign: /^what \w+ has and Unicode has not becomes "\?"$/,
  computed: /^what the source computes is not copied$/,
}

const GEOMETRIES = ['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon', 'geometrycollection']
const BYTES = ['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', ...GEOMETRIES]

export function kindOf({ dataType, columnType }: SourceColumn): Kind {
  if (/^(tiny|small|medium|big)?int$/.test(dataType) || dataType === 'year') return 'whole'
  if (dataType === 'bit') return columnType === 'bit(1)' ? 'bool' : 'whole'
  if (dataType === 'float') return 'double'
  if (dataType === 'decimal' || dataType === 'double' || dataType === 'date' || dataType === 'datetime' || dataType === 'timestamp') return dataType
  return BYTES.includes(dataType) ? 'bytes' : 'text'
}

/** Every byte of these is a character of Unicode, and every character of Unicode of those is there and back the same. */
const UNICODE = 'utf8mb4 utf8mb3 utf16 utf16le latin1 latin2 latin5 latin7 cp850 cp852 cp866 keybcs2 koi8r koi8u macce macroman'.split(' ')

/** The words of `ANNOUNCED`. */
export function lossesOf({ computed, dataType, charset }: SourceColumn): readonly string[] {
  if (computed) return ['computed']
  if (['date', 'datetime', 'timestamp'].includes(dataType)) return ['dates']
  if (GEOMETRIES.includes(dataType)) return ['geometry']
  const members = dataType === 'enum' || dataType === 'set' ? ['members'] : []
  return charset === null || UNICODE.includes(charset) ? members : [...members, 'foreign']
}

/** SQL of the source for a value as text: every byte of it, and every digit. */
export function sourceText(column: SourceColumn): string {
  const name = `\`${column.name.replaceAll('`', '``')}\``
  switch (kindOf(column)) {
    case 'whole':
    case 'bool':
      return `CAST(${name} + 0 AS CHAR)`
    case 'decimal':
      // Without the zeros that ZEROFILL shows.
      return `CAST(${name} + 0 AS CHAR)`
    case 'double':
      return `CAST(CAST(${name} AS DOUBLE) AS CHAR)`
    case 'bytes':
      return `HEX(${name})`
    case 'text':
      return `HEX(CONVERT(${column.charset === null ? `CAST(${name} AS CHAR)` : name} USING utf8mb4))`
    default:
      return `CAST(${name} AS CHAR)`
  }
}

/** What has to be in the warehouse for a text of the source; null for a value that has no place there. */
export function expectedText(kind: Kind, text: string | null): string | null {
  if (text === null) return null
  if (kind === 'double') return bits(Number(text))
  if (kind === 'decimal') return plain(text)
  if (kind === 'date') return isDay(text) ? text : null
  if (kind === 'datetime' || kind === 'timestamp') return isDay(text) ? toMicroseconds(text) : null
  if (kind === 'text') return withoutHalves(text)
  return text.toUpperCase()
}

/** A text that a warehouse gave, in the same form. */
export function foundText(kind: Kind, text: string | null): string | null {
  if (text === null || kind === 'date') return text
  if (kind === 'double') return bits(Number(text))
  if (kind === 'decimal') return plain(text)
  return kind === 'datetime' || kind === 'timestamp' ? toMicroseconds(text) : text.toUpperCase()
}

/** Half a surrogate, which UCS-2 can hold, is no character: bytes in hexadecimal digits. */
const withoutHalves = (hex: string): string =>
  hex.toUpperCase().replaceAll(/(ED[AB]...)|../g, (character, half: string | undefined) => (half === undefined ? character : '3F'))

/** All 64 of a double. In SQL -0 is 0: which of them a warehouse keeps is its own affair. */
function bits(value: number): string {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value + 0)
  return view.getBigUint64(0).toString(16)
}

const plain = (digits: string): string => {
  const whole = digits.replace(/^(-?)\./, '$10.')
  return (whole.includes('.') ? whole.replace(/\.?0+$/, '') : whole).replace(/^-0$/, '0')
}
const toMicroseconds = (text: string): string => `${text.slice(0, 19)}.${text.slice(20).padEnd(6, '0')}`

/** By the calendar of JavaScript. */
function isDay(text: string): boolean {
  const day = text.slice(0, 10)
  const moment = new Date(`${day}T00:00:00Z`)
  return day >= '0001' && !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day)
}

/** The columns of all tables of the chosen database, by table. Without a JOIN: there the case of a name does not count. */
export async function columnsAt(at: Connection): Promise<ReadonlyMap<string, readonly SourceColumn[]>> {
  const [rows] = await at.query({
    sql: `SELECT table_name, column_name, data_type, column_type, numeric_precision, numeric_scale, character_set_name, is_generated
      FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position`,
    rowsAsArray: true,
  })
  const columns = new Map<string, SourceColumn[]>()
  for (const [table, name, dataType, columnType, precision, scale, charset, generated] of rows as unknown as (string | null)[][]) {
    const list = columns.get(String(table)) ?? []
    columns.set(String(table), list)
    list.push({
      name: String(name),
      dataType: String(dataType),
      columnType: String(columnType),
      precision: Number(precision),
      scale: Number(scale),
      charset: charset ?? null,
      computed: generated === 'ALWAYS',
    })
  }
  return columns
}
