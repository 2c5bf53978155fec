import type { Config } from '../config/config.ts'
import { matcher } from '../config/glob.ts'
import type { FittedObject, ObjectChange, ObjectDefinition, ObjectDefinitions, ObjectKind } from '../contract/objects.ts'
import type { Target } from '../contract/target.ts'
import { type ErrorJson, errorJson, SyncError } from '../errors/sync-error.ts'
import { type TableRef, type TableSchema, tableName } from '../model/schema.ts'
import { definitionHash } from '../state/prints.ts'
import type { RouteFacts } from './gather.ts'
import { differing, gone, isThere, standingTriggers } from './object-diff.ts'
import { notes, refuse, unreadableText } from './object-notes.ts'
import { inOrder } from './object-order.ts'

/** What becomes of the views, triggers, routines and events of one database. */
export type ObjectsPlan = {
  readonly kinds: readonly ObjectKind[]
  /** In the order in which they are made. Those that drop come before the tables, all others after them. */
  readonly changes: readonly ObjectPlan[]
  readonly unchanged: number
  /** Only the target has these: kept. */
  readonly kept: readonly string[]
}

export type ObjectPlan = {
  /** `target/database view name` with the source's names: unique in the plan. */
  readonly id: string
  readonly type: string
  readonly name: string
  readonly action: ObjectChange['type']
  readonly statements: readonly string[]
  /** The definition that it is to have, as `definitionHash`; left out: none. */
  readonly given?: string
  /** Set when it must not be done: it counts as failed and nothing happens to it. */
  readonly refused?: ErrorJson
}

export type ObjectPlanning = {
  readonly plan: ObjectsPlan
  readonly warnings: readonly string[]
  /** Per table of the target, in their order: triggers that are there and belong there, which do not fire while its rows are written. */
  readonly standing: ReadonlyMap<string, readonly ObjectDefinition[]>
  /** Triggers that go before rows are written. */
  readonly dropped: ReadonlySet<string>
  /** Views that are and stay at the target. */
  readonly views: ReadonlySet<string>
}

type Input = { readonly config: Config; readonly facts: RouteFacts; readonly target: Target; readonly tables: readonly TableSchema[] }

const NONE: ObjectDefinitions = { objects: [], complete: [], unreadable: [], hidden: [], settings: {} }

/** Compares the objects of both ends. Pure. `undefined` where none are asked for, or none can be taken. */
export function planObjects({ config, facts, target, tables }: Input): ObjectPlanning | undefined {
  const { definitions } = facts
  const { objects } = target
  if (definitions === undefined || objects === undefined) return undefined
  const { kinds, source, target: found = NONE, prints } = definitions
  const excluded = matcher(config.excludeTables)
  const planned = tables.map((schema) => target.fit(schema, { database: facts.database, name: schema.table.name }).table.name)
  const synced = new Set([...tables.map(({ table }) => table.name), ...planned])
  const concerned = (object: ObjectDefinition) => (object.trigger === undefined ? !excluded(facts.source, object.name) : synced.has(object.trigger.table))
  const warnings = [...source.hidden, ...unreadableText(facts.source, source), ...found.hidden.map((text) => `target ${facts.target}: ${text}`)]

  const fitted = source.objects.filter(concerned).map((object) => objects.fit(object, facts.database))
  const drops = gone(found.objects.filter(concerned), source, config.allow.includes('destructive'))
  const going = new Set(drops.map(({ existing }) => existing))
  const views = new Set(found.objects.filter((object) => object.type === 'view' && !going.has(object)).map(({ name }) => name))
  const { ready, missing } = withTables(fitted, new Set([...facts.existing.map(({ table }) => table.name), ...planned, ...views]))
  for (const { definition, table } of missing) {
    warnings.push(`view ${facts.source}.${definition.name} is not copied: it needs ${table}, which the copy does not have`)
  }
  const wanted = inOrder(ready)

  const changes = [...drops, ...wanted.flatMap(({ definition }) => differing(definition, found, wanted, prints))]
  const made = new Set(changes.flatMap((change) => (change.type === 'drop' ? [] : [change.definition])))
  warnings.push(
    ...notes(
      facts,
      wanted.filter(({ definition }) => made.has(definition)),
    ),
  )
  const dropped = new Set(drops.filter(({ existing }) => existing.trigger !== undefined).map(({ existing }) => existing.name))
  const kept = found.objects
    .filter((object) => concerned(object) && !going.has(object) && !isThere(source, object))
    .map((object) => `${object.type} ${object.name}`)
  const statements = objects.render(changes, definitions.target)
  return {
    plan: {
      kinds,
      changes: changes.map((change, i) => objectPlan(facts, change, statements[i] ?? [], found)),
      unchanged: wanted.length - made.size,
      kept,
    },
    warnings,
    standing: standingTriggers(wanted, found, source, dropped),
    dropped,
    views,
  }
}

/** What the planning of tables needs to know of the objects. */
export function withObjects(facts: RouteFacts, objects: ObjectPlanning | undefined): RouteFacts {
  if (objects === undefined) return facts
  const { standing, dropped, views } = objects
  return { ...facts, standing, dropped, views }
}

/** The table at the target without the triggers that go before its rows are written. */
export function withoutDropped({ dropped }: RouteFacts, table: TableSchema | undefined): TableSchema | undefined {
  if (table === undefined || dropped === undefined || dropped.size === 0) return table
  return { ...table, triggers: table.triggers.filter((name) => !dropped.has(name)) }
}

/** A view of the copy where a table is to be. */
export function viewInTheWay({ views, target }: RouteFacts, table: TableRef): SyncError | undefined {
  if (!views?.has(table.name)) return undefined
  return new SyncError('OBJECT_CLASH', `${tableName(table)}: target ${target} has a view of that name.`, {
    kind: 'refused',
    table,
    hint: 'If it was a view at the source before, drop it at the target, or allow it with --allow destructive.',
  })
}

/** A view whose tables are not copied cannot be made, nor can a view on that one. */
function withTables(fitted: readonly FittedObject[], tables: ReadonlySet<string>) {
  let ready = fitted
  const missing: { definition: ObjectDefinition; table: string }[] = []
  for (;;) {
    const there = new Set([...tables, ...ready.filter(({ definition }) => definition.type === 'view').map(({ definition }) => definition.name)])
    const unmet = ready.flatMap(({ definition, needs }) => {
      const table = needs.find((name) => !there.has(name))
      return table === undefined ? [] : [{ definition, table }]
    })
    if (unmet.length === 0) return { ready, missing }
    missing.push(...unmet)
    ready = ready.filter(({ definition }) => !unmet.some((one) => one.definition === definition))
  }
}

function objectPlan(facts: RouteFacts, change: ObjectChange, statements: readonly string[], found: ObjectDefinitions): ObjectPlan {
  const { type, name } = change.type === 'drop' ? change.existing : change.definition
  const refusal = refuse(facts, change, found)
  const base = {
    id: `${facts.target}/${facts.source} ${type} ${name}`,
    type,
    name,
    action: change.type,
    ...(change.type === 'drop' ? {} : { given: definitionHash(change.definition) }),
  }
  return refusal === undefined ? { ...base, statements } : { ...base, statements: [], refused: errorJson(refusal) }
}
