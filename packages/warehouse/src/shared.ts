import type { Column, TableSchema } from '@dbsync/core/plugin'
import { warehouseNative } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { besideName } from './names.ts'

/** A tenant's column whose type does not go with that of the others: `fail` refuses its table, `new-column` keeps it beside theirs. */
export type OnTypeConflict = 'fail' | 'new-column'
export const ON_TYPE_CONFLICT: readonly OnTypeConflict[] = ['fail', 'new-column']

type Sharing = { readonly dialect: Dialect; readonly onTypeConflict: OnTypeConflict }

/**
 * The one table that those of these tenants become, over what is there of it: the union of their columns, each so wide that it holds the most tenants. Who
 * comes first makes no difference: of two types that do not go together the one of more tenants gets the column.
 */
export function shareTables(
  dialect: Dialect,
  existing: TableSchema | undefined,
  wanted: readonly TableSchema[],
  onTypeConflict: OnTypeConflict = 'fail',
): TableSchema {
  const [first] = wanted
  if (first === undefined) throw new Error('a table of nobody')
  if (existing !== undefined && warehouseNative(dialect, existing)?.foreign) return existing
  const key = existing?.key ?? mostCommonKey(wanted)
  const members = wanted.filter((schema) => sameKey(schema.key, key))
  const columns = new Map((existing?.columns ?? []).map((column) => [nameOf(column), column]))
  const asked = Map.groupBy(
    members.flatMap((schema) => schema.columns),
    nameOf,
  )
  for (const same of asked.values()) {
    const apart = onTypeConflict === 'new-column' && !same.some((column) => key.includes(column.name))
    for (const [as, column] of settled(dialect, columns, same, apart)) columns.set(as, column)
  }
  const origins = members.flatMap((schema) => warehouseNative(dialect, schema)?.origins ?? [])
  const native = { ...(warehouseNative(dialect, existing ?? first) ?? { warehouse: dialect.warehouse }), origins: [...new Map(origins)] }
  return { ...(existing ?? members[0] ?? first), columns: [...columns.values()], key, native }
}

/** The column, and with `beside` those next to it, that all of these columns of one name go into, as far as they can. By name in small letters. */
function settled(dialect: Dialect, there: ReadonlyMap<string, Column>, same: readonly Column[], beside: boolean): ReadonlyMap<string, Column> {
  const types = countTypes(same)
  const found = new Map<string, Column>()
  const settle = (name: string, some: readonly Count[]): string => {
    const known = there.get(name.toLowerCase())
    const type = widest(dialect, some, typeIn(known))
    found.set(name.toLowerCase(), withType(known ?? columnOf(same, type), name, type))
    return type
  }
  const name = nameIn(same[0])
  const main = settle(name, types)
  if (!beside) return found
  const others = types.filter(({ type }) => dialect.common(main, type) !== main)
  for (const [next, some] of Map.groupBy(others, ({ type }) => besideOf(dialect, name, type))) if (next !== undefined) settle(next, some)
  return found
}

/** Where a tenant's column goes in the shared table, with its own type; `undefined`: nowhere. */
export function placed({ dialect, onTypeConflict }: Sharing, shared: ReadonlyMap<string, Column>, column: Column, inKey: boolean): Column | undefined {
  const type = typeIn(column) ?? ''
  const holds = (name: string) => {
    const found = typeIn(shared.get(name.toLowerCase()))
    return found !== undefined && dialect.common(found, type) === found
  }
  const name = nameIn(column)
  if (holds(name)) return column
  // The warehouse believes the key of the table: rows in which it is NULL must not be there.
  if (onTypeConflict === 'fail' || inKey) return undefined
  const beside = besideOf(dialect, name, type)
  return beside !== undefined && holds(beside) ? withType(column, beside, type) : undefined
}

const besideOf = (dialect: Dialect, name: string, type: string): string | undefined => {
  const known = dialect.typeNamed(type)
  return known === undefined ? undefined : besideName(name, known)
}

type Count = { readonly type: string; readonly tenants: number }

const countTypes = (columns: readonly Column[]): readonly Count[] =>
  [...Map.groupBy(columns, (column) => typeIn(column) ?? '')]
    .map(([type, all]) => ({ type, tenants: all.length }))
    .toSorted((a, b) => b.tenants - a.tenants || (a.type < b.type ? -1 : 1))

/** Of the types that these can be widened to, starting with `base` or any of them, the one that holds the most tenants. */
function widest(dialect: Dialect, types: readonly Count[], base: string | undefined): string {
  const starts = base === undefined ? types.map(({ type }) => type) : [base]
  const tries = starts.map((start) => {
    const type = types.reduce((wide, next) => dialect.common(wide, next.type) ?? wide, start)
    const tenants = types.filter((one) => dialect.common(type, one.type) === type).reduce((sum, one) => sum + one.tenants, 0)
    return { type, tenants }
  })
  return tries.reduce((best, next) => (next.tenants > best.tenants ? next : best)).type
}

function mostCommonKey(wanted: readonly TableSchema[]): readonly string[] {
  const groups = [...Map.groupBy(wanted, ({ key }) => keyText(key))].toSorted(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
  return groups[0]?.[1][0]?.key ?? []
}

const keyText = (key: readonly string[]): string => JSON.stringify(key).toLowerCase()
export const sameKey = (a: readonly string[], b: readonly string[]): boolean => keyText(a) === keyText(b)

/** One that has this type, so that its description tells of it. */
const columnOf = (columns: readonly Column[], type: string): Column => {
  const found = columns.find((column) => typeIn(column) === type) ?? columns[0]
  if (found === undefined) throw new Error('a column of nobody')
  return found
}

const withType = (column: Column, name: string, type: string): Column => ({ ...column, native: `${name} ${type}` })
const nameIn = (column: Column | undefined): string => (column?.native ?? '').split(' ')[0] ?? ''
export const nameOf = (column: Column): string => nameIn(column).toLowerCase()
export const typeIn = (column: Column | undefined): string | undefined => column?.native?.split(' ')[1]
