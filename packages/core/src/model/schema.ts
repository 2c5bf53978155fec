import type { JsonValue } from './json.ts'
import type { LogicalType } from './types.ts'

export type TableRef = {
  /** The database (MySQL) or dataset (warehouses). */
  readonly database: string
  readonly name: string
}

export type Column = {
  readonly name: string
  readonly type: LogicalType
  readonly nullable: boolean
  /** The engine's own spelling (MySQL: `COLUMN_TYPE`), for messages and same-engine fidelity. Core compares it, and never parses it. */
  readonly native?: string
  /** Character set and collation of a text column: they decide its bytes and its order. */
  readonly charset?: string
  readonly collation?: string
  /** Computed by the engine: never read, loaded or compared. */
  readonly generated?: 'virtual' | 'stored'
  /** Asked for in the form that all engines share: see `portable.ts`. */
  readonly portable?: 'value' | 'presence' | 'nothing'
  /** Stamped by the engine itself: on every update of the row, or only when it is inserted. */
  readonly stamped?: 'on-update' | 'on-insert'
}

export type UniqueKey = {
  readonly name: string
  readonly columns: readonly string[]
}

export type ForeignKey = {
  readonly name: string
  readonly columns: readonly string[]
  readonly references: TableRef
  readonly referencedColumns: readonly string[]
  /** True when the engine may change or null this table's columns by itself (ON UPDATE CASCADE or SET NULL, ON DELETE SET NULL): no timestamp moves then. */
  readonly rewritesRows: boolean
}

/** A table as one engine describes it. JSON-safe: plans carry it. */
export type TableSchema = {
  readonly table: TableRef
  /** All columns in ordinal order, generated ones included. */
  readonly columns: readonly Column[]
  /** What identifies a row: the primary key in key order, else a unique key without NULLs, prefixes or floats. Empty: there is none. */
  readonly key: readonly string[]
  /** Unique keys other than `key`. An upsert that knows only `key` may hit another row through one of these. */
  readonly uniqueKeys: readonly UniqueKey[]
  readonly foreignKeys: readonly ForeignKey[]
  /** Tables with a foreign key to this one, as far as they can be seen. */
  readonly referencedBy: readonly TableRef[]
  /** Triggers that can be seen on it. */
  readonly triggers: readonly string[]
  /** False where a snapshot does not cover the table (MyISAM, Aria, MEMORY, CSV). */
  readonly transactional: boolean
  /** From statistics: to order work and to draw progress, never to decide what is right. */
  readonly estimate?: { readonly rows: number; readonly bytes: number }
  /** The column that the engine numbers by itself, and the number that comes next. */
  readonly counter?: { readonly column: string; readonly next: string }
  /** The row hash on which both ends have agreed (`Target.ask`), by a name of the engines' own; left out: the one that all share. */
  readonly rowHash?: string
  /** The engine's own definition (MySQL: `{flavour, create}` with the text of SHOW CREATE TABLE); opaque to core. */
  readonly native?: JsonValue
}

/** `database.table`, for people and as an identifier in plans and events. */
export const tableName = (table: TableRef): string => `${table.database}.${table.name}`

/** The columns that are read, loaded and compared: all that the engine does not compute itself. */
export const storedColumns = (schema: TableSchema): readonly Column[] => schema.columns.filter((column) => column.generated === undefined)

/** The key's columns, in key order. */
export const keyColumns = (schema: TableSchema): readonly Column[] => pickColumns(schema.columns, schema.key)

/** The named columns, in the order of the names. Throws where a name is not there: the caller took it from the same schema. */
export function pickColumns(columns: readonly Column[], names: readonly string[]): readonly Column[] {
  return names.map((name) => {
    const column = columns.find((candidate) => candidate.name === name)
    if (column === undefined) throw new Error(`no column ${name}`)
    return column
  })
}
