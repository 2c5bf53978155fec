import type { Column } from '@dbsync/core/plugin'
import { charsetName, collationName, logicalType, nativeType } from './types.ts'

/** One row of information_schema.COLUMNS and the column's own line of SHOW CREATE TABLE as a `Column`. */
export function describeColumn(row: readonly (string | null)[], definition: string): Column {
  const [, , name = '', dataType, columnType, nullable, defaultText, extra, maxLength, precision, scale, fraction, charset, collation] = row
  const native = nativeType(columnType ?? '')
  const type = logicalType({
    dataType: (dataType ?? '').toLowerCase(),
    columnType: columnType ?? '',
    maxLength: number(maxLength),
    precision: number(precision),
    scale: number(scale),
    fraction: number(fraction),
  })
  const generated = generation(extra ?? '')
  const stamped = stamp(type.kind, defaultText ?? '', extra ?? '')
  return {
    name: name ?? '',
    type: isMariadbJson(dataType ?? '', definition) ? { kind: 'json' } : type,
    nullable: nullable === 'YES',
    native,
    ...(charset ? { charset: charsetName(charset) } : {}),
    ...(collation ? { collation: collationName(collation) } : {}),
    ...(generated === undefined ? {} : { generated }),
    ...(stamped === undefined ? {} : { stamped }),
  }
}

const number = (text: string | null | undefined): number | undefined => (text === null || text === undefined ? undefined : Number(text))

function generation(extra: string): Column['generated'] {
  if (/VIRTUAL/i.test(extra)) return 'virtual'
  return /STORED|PERSISTENT/i.test(extra) ? 'stored' : undefined
}

function stamp(kind: string, defaultText: string, extra: string): Column['stamped'] {
  if (kind !== 'datetime' && kind !== 'timestamp') return undefined
  if (/on update/i.test(extra)) return 'on-update'
  return /^(current_timestamp|now)\b/i.test(defaultText) ? 'on-insert' : undefined
}

/** MariaDB has no JSON type: it is a LONGTEXT under a check of its own. */
const isMariadbJson = (dataType: string, definition: string): boolean =>
  dataType.toLowerCase() === 'longtext' && /CHECK \(json_valid\(`(?:[^`]|``)*`\)\)$/i.test(definition)
