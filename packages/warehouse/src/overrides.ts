import { type Column, SyncError, type TableRef } from '@dbsync/core/plugin'
import type { Dialect } from './dialect.ts'
import { isPossible, type WarehouseType } from './types.ts'

/** From a MySQL type (`json`, `tinyint(1)`) or `database.table.column` to the type that is wanted instead. */
export type TypeOverrides = ReadonlyMap<string, WarehouseType>

/** Throws `WAREHOUSE_OPTIONS`. */
export function typeOverrides(dialect: Dialect, value: unknown): TypeOverrides {
  if (value === undefined || value === null) return new Map()
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong('`type_overrides` is not an object', 'Use {"json": "JSON"}.')
  return new Map(
    Object.entries(value).map(([what, type]) => {
      const found = typeof type === 'string' ? dialect.typeNamed(type.toUpperCase()) : undefined
      if (found === undefined)
        throw wrong(`\`type_overrides\`: ${JSON.stringify(type)} for ${JSON.stringify(what)} is no type`, `Types are ${dialect.typeNames.join(', ')}.`)
      return [what.toLowerCase(), found] as const
    }),
  )
}

/** The type of a column: its own override, that of its MySQL type, or the exact one. Throws `WAREHOUSE_OPTIONS` where an override cannot be. */
export function typeOf(dialect: Dialect, column: Column, { database, name }: TableRef, overrides: TypeOverrides): WarehouseType {
  const native = (column.native ?? '').toLowerCase()
  const own = overrides.get(`${database}.${name}.${column.name}`.toLowerCase())
  const wanted = own ?? overrides.get(native) ?? overrides.get(/^[a-z0-9_]+/.exec(native)?.[0] ?? column.type.kind) ?? overrides.get(column.type.kind)
  const exact = dialect.exactType(column)
  if (wanted === undefined || wanted === exact) return exact
  if (isPossible(column, wanted) && dialect.typeName(column, wanted) !== undefined) return wanted
  throw wrong(
    `\`type_overrides\`: ${database}.${name}.${column.name} (${column.native ?? column.type.kind}) cannot be kept as ${wanted}`,
    'Take it out, or keep the column as text.',
  )
}

const wrong = (message: string, hint: string): SyncError => new SyncError('WAREHOUSE_OPTIONS', `${message}.`, { kind: 'config', hint })
