import type { TableSchema } from '@dbsync/core/plugin'
import { type CreateTableParts, type KeyPart, type MysqlNative, mysqlNative, parseCreateTable, quoteId } from '@dbsync/mysql'

/** The definition that a schema carries: every schema that `fit` or `describe` gave has one. */
export function nativeTable(schema: TableSchema): MysqlNative {
  const native = mysqlNative(schema)
  if (native === undefined) throw new Error(`no definition of ${schema.table.database}.${schema.table.name}`)
  return native
}

export const definition = (schema: TableSchema): CreateTableParts => parseCreateTable(nativeTable(schema).create)

/** Whether a table is so small that a statement more costs more than it can save. */
export const hasFewRows = (rows = Number.POSITIVE_INFINITY): boolean => rows <= 2_000

/**
 * The keys that can wait until about `rows` rows are in, so that adding them back gives the same order again. Without a primary key the
 * unique keys stay (one of them orders the rows), and a counter that leads no primary key needs its key from the start.
 * Unique keys that wait are checked when they are added.
 */
export function laterKeys(parts: CreateTableParts, rows?: number): readonly KeyPart[] {
  const primary = parts.keys.find((key) => key.kind === 'primary')
  const counter = parts.columns.find((column) => /\bAUTO_INCREMENT\b/i.test(unquoted(column.definition)))
  if (counter !== undefined && !(primary?.definition ?? '').includes(`(${quoteId(counter.name)}`)) return []
  const waits = (key: KeyPart) => (key.kind === 'unique' ? primary !== undefined : !hasFewRows(rows))
  return parts.keys.filter((key) => key.kind !== 'primary' && waits(key))
}

/** MariaDB keeps every earlier version of such a table's rows. */
export const isVersioned = (schema: TableSchema): boolean => /WITH SYSTEM VERSIONING/i.test(unquoted(definition(schema).options))

/** Names and strings, quoted in any way. */
const QUOTED = /(`(?:[^`]|``)*`|'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*")/s

/** A definition without its names and strings: what is left are keywords. */
export const unquoted = (text: string): string => mapCode(text, (code) => code, '')

/** Changes what is code in a definition; names and strings stay, or become `quoted`. */
export function mapCode(text: string, change: (code: string) => string, quoted?: string): string {
  return text
    .split(QUOTED)
    .map((part, i) => (i % 2 === 0 ? change(part) : (quoted ?? part)))
    .join('')
}
