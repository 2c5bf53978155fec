import type { Config } from '../config/config.ts'
import type { Target } from '../contract/target.ts'
import { mustHave } from '../model/must.ts'
import { type TableSchema, tableName } from '../model/schema.ts'
import { alterParts, type DiffOptions, diffTable, type Misfit, type SchemaDiff } from '../model/schema-diff.ts'
import type { RouteFacts } from './gather.ts'
import { selects } from './select-tables.ts'

/** A table of the target beside what it is to be. */
export type Definition = {
  /** The answer of `fit`. */
  readonly wanted: TableSchema
  readonly existing: TableSchema | undefined
  readonly options: DiffOptions
  readonly diff: SchemaDiff
  /** Rows of the target that do not fit, part by part. */
  readonly misfits: readonly Misfit[]
  /** A shared table that is not there yet, and is made for all databases before any of them is written. Each of them has it: the first that can be planned makes it. */
  readonly makes?: TableSchema
}

/** By route, then by the table's name. */
export type Definitions = ReadonlyMap<RouteFacts, ReadonlyMap<string, Definition>>

const SAME: SchemaDiff = { changes: [], kept: [], conflicts: [] }

export const diffOf = (target: Target, existing: TableSchema, wanted: TableSchema, options: DiffOptions): SchemaDiff =>
  target.diff?.(existing, wanted, options) ?? diffTable(existing, wanted)

/** Compares every table that is selected with its definition at the target, and looks whether the target's rows fit what narrows. Writes nothing. */
export async function readDefinitions(
  config: Config,
  facts: readonly RouteFacts[],
  targets: ReadonlyMap<string, Target>,
  signal: AbortSignal,
): Promise<Definitions> {
  const all = new Map<RouteFacts, ReadonlyMap<string, Definition>>()
  const pairs = new Map(facts.map((route) => [route, pairUp(config, route, mustHave(targets, route.target))]))
  const shared = sharedTables(pairs, targets)
  for (const [route, paired] of pairs) {
    const target = mustHave(targets, route.target)
    const found = new Map<string, Definition>()
    for (const [name, definition] of withForeignKeys(target, compareAll(config, route, target, paired, shared.get(route.target)))) {
      const { existing, wanted, diff } = definition
      const misfits = existing === undefined ? [] : ((await target.misfits?.(existing, wanted, diff, signal)) ?? [])
      found.set(name, { ...definition, misfits })
    }
    all.set(route, found)
  }
  return all
}

type Pair = Pick<Definition, 'wanted' | 'existing'>

/** By the names of the source: what a table is to be, beside what is there. */
function pairUp(config: Config, route: RouteFacts, target: Target): ReadonlyMap<string, Pair> {
  const selected = selects(config, route.source, (name) => target.reserved?.(name) ?? false)
  const existing = new Map(route.existing.map((schema) => [schema.table.name, schema]))
  const wanted = route.tables
    .filter(({ table }) => selected(table.name))
    .map((schema) => [schema.table.name, target.fit(schema, { database: route.database, name: schema.table.name })] as const)
  return new Map(wanted.map(([name, schema]) => [name, { wanted: schema, existing: existing.get(schema.table.name) }]))
}

type Shared = { readonly schema: TableSchema; readonly made: boolean }

/** Where tables are shared: what each becomes for all databases of this run, by target and table. No database has to wait for another one's definition. */
function sharedTables(
  pairs: ReadonlyMap<RouteFacts, ReadonlyMap<string, Pair>>,
  targets: ReadonlyMap<string, Target>,
): ReadonlyMap<string, ReadonlyMap<string, Shared>> {
  const shared = new Map<string, ReadonlyMap<string, Shared>>()
  for (const [name, routes] of Map.groupBy(pairs.keys(), ({ target }) => target)) {
    const target = mustHave(targets, name)
    const all = routes.flatMap((route) => [...mustHave(pairs, route).values()])
    const tables = Map.groupBy(all, ({ wanted }) => wanted.table.name)
    const unions = [...tables].flatMap(([table, same]) => {
      const existing = same[0]?.existing
      const wanted = same.map((pair) => pair.wanted)
      const schema = target.share?.(existing, wanted)
      return schema === undefined ? [] : [[table, { schema, made: existing !== undefined }] as const]
    })
    shared.set(name, new Map(unions))
  }
  return shared
}

/** By the names of the source. */
function compareAll(
  config: Config,
  route: RouteFacts,
  target: Target,
  paired: ReadonlyMap<string, Pair>,
  shared: ReadonlyMap<string, Shared> | undefined,
): ReadonlyMap<string, Definition> {
  // What is hidden is not gone.
  const drop = route.visibility.scope === 'partial' ? 'nothing' : config.allow.includes('destructive') ? 'all' : 'definitions'
  const found = new Map<string, Definition>()
  for (const [name, { wanted, existing }] of paired) {
    const union = shared?.get(wanted.table.name)
    const options: DiffOptions = { drop, ...(union === undefined ? {} : { shared: union.schema }) }
    const actual = existing ?? union?.schema
    const diff = actual === undefined ? SAME : diffOf(target, actual, wanted, options)
    const makes = union !== undefined && !union.made && diff.conflicts.length === 0
    found.set(name, { wanted, existing, options, diff, misfits: [], ...(makes ? { makes: union.schema } : {}) })
  }
  return found
}

/** A column that changes its type takes the foreign keys that lead to it out of the way, of whatever table. */
function withForeignKeys(target: Target, definitions: ReadonlyMap<string, Definition>): ReadonlyMap<string, Definition> {
  const retyped = new Set<string>()
  const place = (table: string, column: string) => JSON.stringify([table, column.toLowerCase()])
  for (const { wanted, diff } of definitions.values()) {
    for (const part of alterParts(diff)) if (part.retypes) retyped.add(place(tableName(wanted.table), part.name))
  }
  const result = new Map<string, Definition>()
  for (const [name, definition] of definitions) {
    const { wanted, existing, options } = definition
    const keys = [...wanted.foreignKeys, ...(existing?.foreignKeys ?? [])]
    const remake = keys.filter((key) => key.referencedColumns.some((column) => retyped.has(place(tableName(key.references), column)))).map((key) => key.name)
    const again = { ...options, remake: [...new Set(remake)] }
    const changed = existing !== undefined && remake.length > 0
    result.set(name, changed ? { ...definition, options: again, diff: diffOf(target, existing, wanted, again) } : definition)
  }
  return result
}
