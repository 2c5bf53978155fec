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
  for (const route of facts) {
    const target = mustHave(targets, route.target)
    const found = new Map<string, Definition>()
    for (const [name, definition] of withForeignKeys(target, compareAll(config, route, target))) {
      const { existing, wanted, diff } = definition
      const misfits = existing === undefined ? [] : ((await target.misfits?.(existing, wanted, diff, signal)) ?? [])
      found.set(name, { ...definition, misfits })
    }
    all.set(route, found)
  }
  return all
}

/** By the names of the source. */
function compareAll(config: Config, route: RouteFacts, target: Target): ReadonlyMap<string, Definition> {
  const selected = selects(config, route.source, (name) => target.reserved?.(name) ?? false)
  const existing = new Map(route.existing.map((schema) => [schema.table.name, schema]))
  // What is hidden is not gone.
  const drop = route.visibility.scope === 'partial' ? 'nothing' : config.allow.includes('destructive') ? 'all' : 'definitions'
  const found = new Map<string, Definition>()
  for (const schema of route.tables) {
    const { name } = schema.table
    if (!selected(name)) continue
    const wanted = target.fit(schema, { database: route.database, name })
    const there = existing.get(wanted.table.name)
    const options = { drop } as const
    found.set(name, { wanted, existing: there, options, diff: there === undefined ? SAME : diffOf(target, there, wanted, options), misfits: [] })
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
