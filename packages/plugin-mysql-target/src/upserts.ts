import { type Column, storedColumns, type TableRef, type WriteWork } from '@dbsync/core/plugin'
import { baseType, quoteId, quoteTable } from '@dbsync/mysql'
import { isVersioned } from './definition.ts'
import { keptColumns } from './method.ts'
import { type StagingRole, stagingTable } from './names.ts'
import { copyShape, dropTables } from './staging.ts'
import type { Step } from './steps.ts'

export type Upserts = { readonly prepare: readonly string[]; readonly tables: readonly TableRef[]; readonly steps: readonly Step[] }

/** The staged rows into the live table, by key. */
export function upserts(work: WriteWork): Upserts {
  const { schema, existing } = work
  const columns = storedColumns(schema).map((column) => quoteId(column.name))
  const furtherKeys = schema.uniqueKeys.length > 0 || (existing?.uniqueKeys.length ?? 0) > 0
  // The version that an update leaves behind would be counted as a row.
  if (!furtherKeys && !(existing !== undefined && isVersioned(existing))) {
    // The key's own columns too: a key that differs in case only is the same key.
    const set = columns.map((column) => `${column}=VALUES(${column})`).join(', ')
    return { prepare: [], tables: [], steps: [{ sql: `${insertSelect(work)} ON DUPLICATE KEY UPDATE ${set}`, does: 'upsert' }] }
  }
  // Unique values may move from row to row: all changed rows leave before the first one comes back.
  const live = quoteTable(schema.table)
  const fresh = quoteTable(stagingTable(schema.table, 'new'))
  const own = stagingTable(schema.table, 'own')
  const aside = quoteTable(own)
  const changed = `${live} JOIN ${fresh} ON ${sameKey(work, live)} WHERE NOT (${sameRow(storedColumns(schema), live, fresh)})`
  const missing = `LEFT JOIN ${live} ON ${sameKey(work, live)} WHERE ${live}.${quoteId(schema.key[0] as string)} IS NULL`
  const insert = (more: readonly string[], from: string) =>
    `INSERT INTO ${live} (${[...columns, ...more].join(', ')}) SELECT ${[...columns.map((column) => `${fresh}.${column}`), ...more.map((column) => `${aside}.${column}`)].join(', ')} FROM ${fresh} ${from}`
  const kept = existing === undefined ? [] : keptColumns(schema, existing).map(quoteId)
  if (kept.length === 0) {
    return {
      prepare: [],
      tables: [],
      steps: [
        { sql: `DELETE ${live} FROM ${changed}`, does: 'change' },
        { sql: insert([], missing), does: 'insert' },
      ],
    }
  }
  // What only the target knows about a row is set aside while the row is away.
  const away = [...schema.key.map(quoteId), ...kept]
  const sameAside = sameColumns(schema.key, fresh, aside)
  return {
    prepare: [dropTables([own]), copyShape(work, own, away, 'PRIMARY KEY')],
    tables: [own],
    steps: [
      { sql: `INSERT INTO ${aside} SELECT ${away.map((column) => `${live}.${column}`).join(', ')} FROM ${changed}` },
      { sql: `DELETE ${live} FROM ${live} JOIN ${aside} ON ${sameColumns(schema.key, live, aside)}`, does: 'change' },
      { sql: insert(kept, `JOIN ${aside} ON ${sameAside}`), does: 'insert' },
      { sql: insert([], missing), does: 'insert' },
    ],
  }
}

/** All staged rows into the live table. */
export function insertSelect({ schema }: WriteWork): string {
  const columns = storedColumns(schema)
    .map((column) => quoteId(column.name))
    .join(', ')
  return `INSERT INTO ${quoteTable(schema.table)} (${columns}) SELECT ${columns} FROM ${quoteTable(stagingTable(schema.table, 'new'))}`
}

/** No aliases: a table of the user's may have that very name, and a DELETE that names an alias wants a default database. */
export const sameKey = (work: WriteWork, live: string, role: StagingRole = 'new'): string =>
  sameColumns(work.schema.key, live, quoteTable(stagingTable(work.schema.table, role)))

const sameColumns = (names: readonly string[], one: string, other: string): string =>
  names.map((name) => `${one}.${quoteId(name)} = ${other}.${quoteId(name)}`).join(' AND ')

/** Equal byte for byte: collations, JSON and ENUM compare more generously than that. */
const sameRow = (columns: readonly Column[], live: string, fresh: string): string => columns.map((column) => sameCell(column, live, fresh)).join(' AND ')

function sameCell(column: Column, live: string, fresh: string): string {
  const [one, other] = [`${live}.${quoteId(column.name)}`, `${fresh}.${quoteId(column.name)}`]
  const bytes = exactText(column)
  if (bytes === undefined) return `${one} <=> ${other}`
  // A text that outgrows max_allowed_packet becomes NULL: what cannot be compared counts as changed.
  return `(${one} IS NULL AND ${other} IS NULL OR IFNULL(${bytes(one)} = ${bytes(other)}, FALSE))`
}

/** The value as something that is equal only where the bytes are; `undefined` where the type itself compares so. */
function exactText(column: Column): ((cell: string) => string) | undefined {
  switch (column.type.kind) {
    case 'text':
      return /^(medium|long)text/i.test(column.native ?? '') ? (cell) => `SHA2(${cell}, 256)` : (cell) => `CAST(${cell} AS BINARY)`
    case 'json':
      return baseType(column) === 'json' ? (cell) => `SHA2(CAST(${cell} AS CHAR), 256)` : (cell) => `SHA2(${cell}, 256)`
    case 'geometry':
      return (cell) => `HEX(${cell})`
    case 'enum':
    case 'set':
      return (cell) => `${cell} + 0`
    default:
      return undefined
  }
}
