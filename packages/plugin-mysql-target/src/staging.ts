import { type Column, FINGERPRINT_COLUMNS, keyColumns, storedColumns, type TableRef, type WriteWork } from '@dbsync/core/plugin'
import { quoteId, quoteTable } from '@dbsync/mysql'
import { cellForm } from './cells.ts'
import { definition, hasFewRows } from './definition.ts'
import { stagingTable } from './names.ts'

export type Dialect = {
  readonly flavour: 'mariadb' | 'mysql'
  /** Rows arrive by one INSERT for many rows at once, in the form in which they came. */
  readonly bulk?: boolean
  /** Where not, they arrive by LOAD DATA LOCAL; else by INSERT. */
  readonly loadData: boolean
}

/** A table that rows are loaded into, and its statements in order. */
export type Staging = {
  readonly table: TableRef
  readonly columns: readonly Column[]
  /**
   * Where the first one makes the table, one that a killed run left behind is dropped. A merge drops it before: whoever may not drop tables is to hear of it
   * before the rows are in, and not when nothing but tidying up is left. A table that takes another's place needs that right for its RENAME.
   */
  readonly create: readonly string[]
  /** The whole LOAD DATA, or an INSERT up to its rows. */
  readonly load: string
  /** The INSERT for many rows at once, with a `?` for each cell. */
  readonly bulk?: string
  /** So few rows are expected that each statement may commit by itself. */
  readonly few: boolean
}

/** Whole rows, in the live table's types. */
export function rowStaging(work: WriteWork, dialect: Dialect): Staging {
  const table = stagingTable(work.schema.table, 'new')
  const columns = storedColumns(work.schema)
  const shape = copyShape(
    work,
    table,
    columns.map((column) => quoteId(column.name)),
    'PRIMARY KEY',
  )
  return staging(table, work, columns, [dropTables([table]), shape], dialect)
}

/** Keys of rows that go; where there is no key, row hashes. */
export function goneStaging(work: WriteWork, dialect: Dialect): Staging {
  const table = stagingTable(work.schema.table, 'del')
  if (work.schema.key.length === 0) return staging(table, work, FINGERPRINT_COLUMNS.slice(0, 1), [dropTables([table]), createHashes(table)], dialect)
  const columns = keyColumns(work.schema)
  // Not unique: the same key twice is the same fact twice.
  const shape = copyShape(
    work,
    table,
    columns.map((column) => quoteId(column.name)),
    'KEY',
  )
  return staging(table, work, columns, [dropTables([table]), shape], dialect)
}

/** Columns of the live table as an empty table: types and collations, without counters, checks, foreign keys and generated columns. */
export function copyShape(work: WriteWork, table: TableRef, columns: readonly string[], kind: 'PRIMARY KEY' | 'KEY'): string {
  const primary = definition(work.schema).keys.find((part) => part.kind === 'primary')
  // The primary key may hold but the beginning of a long column; any other key of rows holds whole ones.
  const parts = primary?.definition.slice('PRIMARY KEY '.length) ?? `(${work.schema.key.map(quoteId).join(', ')})`
  const key = work.schema.key.length === 0 ? '' : ` (${kind} ${parts})`
  return `CREATE TABLE ${quoteTable(table)}${key} ENGINE=InnoDB SELECT ${columns.join(', ')} FROM ${quoteTable(work.schema.table)} WHERE FALSE`
}

export const createHashes = (table: TableRef): string =>
  `CREATE TABLE ${quoteTable(table)} (\`row_hash\` BIGINT UNSIGNED NOT NULL, KEY (\`row_hash\`)) ENGINE=InnoDB`

export function staging(table: TableRef, { schema }: WriteWork, columns: readonly Column[], create: readonly string[], dialect: Dialect): Staging {
  const load = dialect.loadData ? loadData(table, columns, dialect) : insertHead(table, columns)
  return {
    table,
    columns,
    create,
    load,
    few: hasFewRows(schema.estimate?.rows),
    ...(dialect.bulk === true ? { bulk: bulkInsert(table, columns, dialect) } : {}),
  }
}

function loadData(table: TableRef, columns: readonly Column[], dialect: Dialect): string {
  const asText = columns.flatMap((column, i) => (cellForm(column, dialect.flavour) === 'characters' ? [{ column, variable: `@c${i}` }] : []))
  const fields = columns.map((column) => asText.find((text) => text.column === column)?.variable ?? quoteId(column.name))
  const set = asText.map(({ column, variable }) => `${quoteId(column.name)} = CONVERT(${variable} USING utf8mb4)`)
  return [
    `LOAD DATA LOCAL INFILE '' INTO TABLE ${quoteTable(table)} CHARACTER SET binary`,
    `FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' (${fields.join(', ')})`,
    ...(set.length === 0 ? [] : [`SET ${set.join(', ')}`]),
  ].join(' ')
}

function bulkInsert(table: TableRef, columns: readonly Column[], dialect: Dialect): string {
  const values = columns.map((column) => (cellForm(column, dialect.flavour) === 'characters' ? 'CONVERT(? USING utf8mb4)' : '?'))
  return `${insertHead(table, columns)}(${values.join(', ')})`
}

const insertHead = (table: TableRef, columns: readonly Column[]): string =>
  `INSERT INTO ${quoteTable(table)} (${columns.map((column) => quoteId(column.name)).join(', ')}) VALUES `

export const dropTables = (tables: readonly TableRef[]): string => `DROP TABLE IF EXISTS ${tables.map(quoteTable).join(', ')}`
