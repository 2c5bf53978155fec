import { SyncError } from '../errors/sync-error.ts'
import { tableName } from '../model/schema.ts'
import type { SchemaChange } from '../model/schema-diff.ts'
import { type MemoryDatabase, putTable, tableOf } from './database.ts'

/** A change as a statement: a line for people, and the change itself for `runStatement`. */
export const renderChange = (change: SchemaChange): string => `${sentence(change)}\n${JSON.stringify(change)}`

function sentence(change: SchemaChange): string {
  switch (change.type) {
    case 'create-database':
      return `create database ${JSON.stringify(change.database)}`
    case 'create-table':
      return `create table ${JSON.stringify(tableName(change.schema.table))}`
    case 'add-column':
      return `add column ${JSON.stringify(change.column)} to table ${JSON.stringify(tableName(change.table))}`
    case 'drop-table':
      return `drop table ${JSON.stringify(tableName(change.table))}`
    default:
      throw new Error(`a memory table has no ${change.type}`)
  }
}

export function runStatement(db: MemoryDatabase, statement: string): void {
  const change = JSON.parse(statement.slice(statement.indexOf('\n') + 1)) as SchemaChange
  switch (change.type) {
    case 'create-database':
      if (db.databases.has(change.database)) throw alreadyThere(`Database ${change.database}`)
      db.databases.set(change.database, new Map())
      return
    case 'create-table':
      if (db.databases.get(change.schema.table.database)?.has(change.schema.table.name)) throw alreadyThere(`Table ${tableName(change.schema.table)}`)
      needDatabase(db, change.schema.table.database)
      putTable(db, change.schema)
      return
    case 'add-column':
      addColumn(db, change)
      return
    case 'drop-table':
      db.databases.get(change.table.database)?.delete(change.table.name)
  }
}

/** Throws where the database is missing: writing a table does not create one. */
export function needDatabase(db: MemoryDatabase, database: string): void {
  if (db.databases.has(database)) return
  throw new SyncError('DATABASE_MISSING', `Database ${database} does not exist.`, { kind: 'data', hint: 'Run again: the plan then creates it.' })
}

function addColumn(db: MemoryDatabase, { table, column, wanted }: SchemaChange & { readonly type: 'add-column' }): void {
  const there = tableOf(db, table)
  const added = wanted.columns.find((candidate) => candidate.name === column)
  if (added === undefined) throw new Error(`no column ${column}`)
  if (there.schema.columns.some((candidate) => candidate.name === column)) throw alreadyThere(`Column ${column} of ${tableName(table)}`)
  const schema = { ...there.schema, columns: [...there.schema.columns, added] }
  putTable(db, schema, added.generated === undefined ? there.rows.map((row) => [...row, null]) : there.rows)
}

const alreadyThere = (what: string) =>
  new SyncError('ALREADY_THERE', `${what} exists already.`, { kind: 'data', hint: 'Run again: the plan is then made from what is there.' })
