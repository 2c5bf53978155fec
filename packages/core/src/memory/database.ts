import { randomUUID } from 'node:crypto'
import type { ServerIdentity, SourceClock } from '../contract/source.ts'
import { SyncError } from '../errors/sync-error.ts'
import { type Column, storedColumns, type TableRef, type TableSchema, tableName } from '../model/schema.ts'

/** Canonical text or raw bytes, as in packed rows. */
export type Cell = string | Uint8Array | null

/** One cell for each stored column of the schema, in ordinal order. */
export type Row = readonly Cell[]

export type MemoryTable = { readonly schema: TableSchema; readonly rows: readonly Row[] }

/** A server's whole content. Tests write to it directly; both a source and a target can be opened on it, any number of times. */
export type MemoryDatabase = {
  readonly identity: ServerIdentity
  /** Database → table → content. Replace a table's entry to change it. */
  readonly databases: Map<string, Map<string, MemoryTable>>
  /** Names of the databases that a run is writing to. */
  readonly locks: Set<string>
  /** What a snapshot that is opened now reports. */
  clock: SourceClock
}

/** Points at which a test can look, wait, or throw as a crash would. `committed` and `saved`: it is done, and the caller never hears of it. */
export type FaultPoint = 'open' | 'read' | 'digest' | 'run' | 'write' | 'commit' | 'committed' | 'save' | 'saved'
export type Fault = (point: FaultPoint) => void | Promise<void>

export function memoryDatabase(label = 'memory'): MemoryDatabase {
  const now = '2026-01-01 00:00:00.000000'
  return { identity: { id: `memory:${randomUUID()}`, label }, databases: new Map(), locks: new Set(), clock: { utc: now, local: now } }
}

/** Puts a table there, its database too where there is none; what was there under that name is gone. */
export function putTable(db: MemoryDatabase, schema: TableSchema, rows: readonly Row[] = []): void {
  const { database, name } = schema.table
  const tables = db.databases.get(database) ?? new Map<string, MemoryTable>()
  db.databases.set(database, tables.set(name, { schema, rows }))
}

export const findTable = (db: MemoryDatabase, { database, name }: TableRef): MemoryTable | undefined => db.databases.get(database)?.get(name)

export function tableOf(db: MemoryDatabase, table: TableRef): MemoryTable {
  const found = findTable(db, table)
  if (found !== undefined) return found
  throw new SyncError('TABLE_MISSING', `Table ${tableName(table)} does not exist.`, {
    kind: 'data',
    hint: 'Run again: the plan is then made from what is there.',
    table,
  })
}

/** Rows of `table` with the cells of `columns`, in that order. A column that is not there is a change behind the caller's back. */
export function project(table: MemoryTable, columns: readonly Column[]): readonly Row[] {
  const there = storedColumns(table.schema).map((column) => column.name)
  const indexes = columns.map((column) => there.indexOf(column.name))
  const missing = columns.find((_, i) => indexes[i] === -1)
  if (missing !== undefined) {
    throw new SyncError('SCHEMA_CHANGED', `Table ${tableName(table.schema.table)} has no column ${missing.name}.`, {
      kind: 'data',
      hint: 'Run again: the plan is then made from what is there.',
      table: table.schema.table,
    })
  }
  return table.rows.map((row) => indexes.map((index) => row[index] ?? null))
}
