import type { Column, TableSchema } from '@dbsync/core/plugin'
import { portability, type WarehouseNative } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { readColumnNote, readTableNote } from './notes.ts'
import { SYSTEM_COLUMNS, TENANT } from './system-columns.ts'

/** A table as the warehouse describes it. Types by the names of the dialect. */
export type FoundTable = {
  readonly name: string
  readonly description: string | null | undefined
  readonly columns: readonly FoundColumn[]
}

export type FoundColumn = { readonly name: string; readonly type: string; readonly description: string | null | undefined }

/** The table as one of this tenant's. Descriptions say what it was at the source. */
export function describedTable(dialect: Dialect, { name, description, columns: found }: FoundTable, tenant: string): TableSchema {
  const note = readTableNote(description)
  const ours = note !== undefined && found.some((column) => column.name === TENANT)
  const columns = ours ? found.filter((column) => !SYSTEM_COLUMNS.includes(column.name)) : []
  const native: WarehouseNative = {
    warehouse: dialect.warehouse,
    origins: columns.flatMap((column) => {
      const { name: original, native: origin } = readColumnNote(column.description) ?? {}
      return original === undefined || origin === undefined ? [] : [[original, origin] as const]
    }),
    ...(ours ? {} : { foreign: true }),
  }
  return {
    table: { database: tenant, name: note?.table ?? name },
    columns: columns.map((column) => columnOf(dialect, column)),
    key: note?.key ?? [],
    uniqueKeys: [],
    foreignKeys: [],
    referencedBy: [],
    triggers: [],
    transactional: true,
    native,
  }
}

function columnOf(dialect: Dialect, { name, type, description }: FoundColumn): Column {
  const note = readColumnNote(description)
  const native = `${name} ${type}`
  // Somebody else's column: never read or written, and nobody's type.
  if (note === undefined) return { name, type: { kind: 'text' }, nullable: true, native, charset: 'utf8mb4' }
  const text = ['text', 'enum', 'set'].includes(note.type.kind)
  const column = { name: note.name, type: note.type, nullable: note.nullable, native }
  return { ...column, portable: portability(dialect, column, dialect.typeNamed(type)), ...(text ? { charset: 'utf8mb4' } : {}) }
}
