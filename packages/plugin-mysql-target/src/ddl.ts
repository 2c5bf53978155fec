import type { SchemaChange, TableRef, TableSchema } from '@dbsync/core/plugin'
import { quoteId, quoteTable, renderCreateTable, type ServerFacts } from '@dbsync/mysql'
import { definition, nativeTable } from './definition.ts'
import { lossy, renderAlter } from './schema/render.ts'
import { translateColumn, translateDefinition } from './translate.ts'

/** The statements of one change. */
export function renderChange(change: SchemaChange): readonly string[] {
  switch (change.type) {
    case 'create-database':
      // Every table carries its own character set and collation.
      return [`CREATE DATABASE IF NOT EXISTS ${quoteId(change.database)}`]
    case 'create-table':
      return [renderCreateTable(change.schema.table, definition(change.schema))]
    case 'add-column':
      return [addColumn(change.table, change.column, change.wanted)]
    case 'alter-table':
      return change.lossy ? lossy(renderAlter(change.table, change.parts)) : renderAlter(change.table, change.parts)
    case 'drop-table':
      return [`DROP TABLE IF EXISTS ${quoteTable(change.table)}`]
    case 'set-counter':
      return [`ALTER TABLE ${quoteTable(change.table)} AUTO_INCREMENT = ${BigInt(change.next)}`]
  }
}

/** The column in the place that it has at the source: columns are added in their order, so the one before it is there. */
function addColumn(table: TableRef, column: string, wanted: TableSchema): string {
  const part = definition(wanted).columns.find((candidate) => candidate.name === column)
  if (part === undefined) throw new Error(`no column ${column} in the definition of ${wanted.table.name}`)
  const before = wanted.columns[wanted.columns.findIndex((candidate) => candidate.name === column) - 1]
  const place = before === undefined ? 'FIRST' : `AFTER ${quoteId(before.name)}`
  return `ALTER TABLE ${quoteTable(table)} ADD COLUMN ${part.definition} ${place}`
}

/** The table as this server would describe it under the name `as`. */
export function fitTable(schema: TableSchema, as: TableRef, server: ServerFacts): TableSchema {
  const native = nativeTable(schema)
  const dialects = { from: native.flavour, to: server.flavour, toVersion: server.versionNumber }
  const origin = native.flavour === server.flavour ? native.origin : native.flavour
  const stored = (table: TableRef): TableRef =>
    server.lowerCaseTableNames === 1 ? { database: table.database.toLowerCase(), name: table.name.toLowerCase() } : table
  // Within the source's own database the definition names no database: the copy's tables refer to each other.
  const moved = (table: TableRef): TableRef => stored(table.database === schema.table.database ? { database: as.database, name: table.name } : table)
  return {
    ...schema,
    table: stored(as),
    columns: schema.columns.map((column) => translateColumn(column, dialects)),
    foreignKeys: schema.foreignKeys.map((key) => ({ ...key, references: moved(key.references) })),
    referencedBy: schema.referencedBy.map(moved),
    // Triggers are not copied.
    triggers: [],
    native: { flavour: server.flavour, create: translateDefinition(native.create, stored(as), dialects), ...(origin === undefined ? {} : { origin }) },
  }
}
