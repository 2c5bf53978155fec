import type { Config, TableRule } from '../config/config.ts'
import { matcher } from '../config/glob.ts'
import { canDigest } from '../contract/reader.ts'
import type { ServerIdentity, Snapshot } from '../contract/source.ts'
import type { Target, TargetSupports, WriteWork } from '../contract/target.ts'
import { errorJson, SyncError } from '../errors/sync-error.ts'
import { mustHave } from '../model/must.ts'
import { type TableRef, type TableSchema, tableName } from '../model/schema.ts'
import { alterParts, type DiffOptions, type SchemaChange, type SchemaDiff } from '../model/schema-diff.ts'
import type { TargetState } from '../state/records.ts'
import { apart, folded, refuseCollisions } from './collisions.ts'
import type { Definition, Definitions } from './definitions.ts'
import { planDrops } from './drops.ts'
import { differencesOf, evolve } from './evolution.ts'
import { isFirstContact, isServer } from './first-contact.ts'
import type { RouteFacts } from './gather.ts'
import { planObjects, viewInTheWay, withObjects, withoutDropped } from './objects.ts'
import type { DatabasePlan, Plan, TablePlan, TargetPlan } from './plan.ts'
import { checkPatterns, selectTables } from './select-tables.ts'
import { chooseStrategy, type StrategyFacts } from './strategy.ts'
import type { Setbacks } from './unplanned.ts'
import { watchPart } from './watch.ts'

export type AssembleInput = {
  readonly run: string
  readonly config: Config
  readonly source: ServerIdentity
  readonly snapshot: Snapshot
  readonly targets: ReadonlyMap<string, { readonly target: Target; readonly identity: ServerIdentity; readonly type: string }>
  readonly facts: readonly RouteFacts[]
  readonly definitions: Definitions
  readonly setbacks: Setbacks
  /** A repair of some tables: no other table goes, and no object, whatever is allowed. */
  readonly dropsNothing?: boolean
}

/** Facts to plan: no I/O, so that the same facts always give the same plan. What fails for one database is noted, and the others go on. */
export async function assemble(input: AssembleInput): Promise<Plan> {
  const { config, facts, source, snapshot, setbacks } = input
  checkPatterns(config, facts, setbacks.found)
  const warnings = new Set<string>()
  const targets: TargetPlan[] = []
  for (const [name, { target, identity, type }] of input.targets) {
    const databases: DatabasePlan[] = []
    const made = new Set<string>()
    for (const route of facts.filter(({ target }) => target === name)) {
      const missing = missingShared(input, route, target).filter(({ table }) => !made.has(table.name))
      const here: Here = { isFirst: databases.length === 0, missing: missing.map(({ makes }) => makes) }
      const planned = await setbacks.alone({ database: route.source, target: name }, () => databasePlan(input, route, here, warnings))
      if (planned === undefined) continue
      databases.push(planned)
      for (const { table } of missing) made.add(table.name)
    }
    targets.push({ name, type, label: identity.label, databases: refuseCollisions(databases, target.supports) })
  }
  setbacks.left(targets.flatMap(({ databases }) => databases.flatMap(({ tables }) => tables)))
  if (targets.every((target) => target.databases.every((database) => database.tables.length === 0))) {
    throw new SyncError('NOTHING_TO_SYNC', 'Nothing to sync: the source shows no table that the configuration selects.', {
      kind: 'config',
      hint: 'Check db_list, table_list and exclude_tables, and that the user may SELECT the tables.',
    })
  }
  return {
    version: 1,
    run: input.run,
    mode: config.mode,
    source: { id: source.id, label: source.label, consistency: snapshot.consistency.detail },
    targets,
    ...(setbacks.found.length === 0 ? {} : { unplanned: setbacks.found }),
    warnings: [...warnings],
  }
}

/** Whether it is the first database of the target, and the shared tables that it needs and no earlier one makes. */
type Here = { readonly isFirst: boolean; readonly missing: readonly TableSchema[] }

/** The shared tables that are not there yet and that this database needs, and how each is made. */
function missingShared({ definitions }: AssembleInput, facts: RouteFacts, { supports }: Target) {
  const found = mustHave(definitions, facts)
  const own = apart(found.keys(), supports)
  return [...found].flatMap(([name, { wanted, makes }]) => (makes === undefined || !own.has(name) ? [] : [{ table: wanted.table, makes }]))
}

function databasePlan(input: AssembleInput, facts: RouteFacts, { isFirst, missing }: Here, warnings: Set<string>): DatabasePlan {
  const { target } = input.targets.get(facts.target) as { target: Target }
  const selection = selectTables(input.config, facts, target)
  // What one database does not have another one may have brought there.
  const meets = input.facts.some((other) => other !== facts && isSamePlace(other, facts, target.supports))
  const dropsNothing = input.dropsNothing === true || meets
  const config = dropsNothing ? { ...input.config, allow: input.config.allow.filter((allowed) => allowed !== 'destructive') } : input.config
  for (const warning of selection.warnings) warnings.add(warning)
  for (const { name, error } of selection.unreadable) input.setbacks.note({ database: facts.source, table: name, target: facts.target }, error)
  const objects = planObjects({ config, facts, target, tables: selection.tables })
  for (const warning of objects?.warnings ?? []) warnings.add(warning)
  // Where tables are shared, so is what they are in.
  const exists = facts.databaseExists || (target.supports.sharedTables === true && !isFirst)
  const create = exists ? [] : target.render({ type: 'create-database', database: facts.database, like: facts.source })
  const definitions = mustHave(input.definitions, facts)
  const shared = missing.flatMap((schema) => target.render({ type: 'create-table', schema }))
  const seen = withObjects(facts, objects)
  const planned = selection.tables.map((schema) => tablePlan(input, seen, target, schema, mustHave(definitions, schema.table.name)))
  const { drops, warnings: left } = planDrops(config, facts, target, selection.gone)
  for (const warning of left) warnings.add(warning)
  return {
    source: facts.source,
    target: facts.database,
    statements: [...create, ...facts.leftovers, ...shared],
    tables: planned,
    targetOnly: target.supports.sharedTables ? [] : selection.targetOnly.filter((name) => !drops.some(({ table }) => table.name === name)),
    ...(drops.length === 0 ? {} : { drops }),
    objects: facts.objects,
    ...(objects === undefined ? {} : { objectPlan: objects.plan }),
  }
}

/** Databases of the source whose names only the source tells apart. */
const isSamePlace = (a: RouteFacts, b: RouteFacts, { foldsNames, sharedTables }: TargetSupports): boolean =>
  sharedTables !== true && a.target === b.target && folded(a.database, foldsNames) === folded(b.database, foldsNames)

function tablePlan(input: AssembleInput, facts: RouteFacts, target: Target, schema: TableSchema, definition: Definition): TablePlan {
  const { config, snapshot } = input
  const { name } = schema.table
  const existing = withoutDropped(facts, definition.existing)
  const rule = matchingRule(config, schema.table)
  const evolution = evolve(target, definition, schema, config, rule)
  const { diff } = evolution
  const wanted = diff.meanwhile ?? definition.wanted
  const altered = withoutDropped(facts, diff.altered)
  const state = savedState(facts, name)
  const strategyFacts: StrategyFacts = {
    schema,
    existing,
    changing: evolution.rows,
    copy: evolution.copy,
    state,
    sameServers:
      state !== undefined &&
      isServer(state.source_id, input.source.id) &&
      isServer(state.target_id, input.targets.get(facts.target)?.identity.id) &&
      state.target_database === facts.database,
    mode: config.mode,
    reconcileEveryMs: config.reconcileEveryMs,
    forceFull: matcher(config.forceFullTables)(facts.source, name),
    rule,
    lookbackMinutes: config.lookbackMinutes,
    clock: snapshot.clock,
    comparable: isComparable(input.snapshot, target, schema),
    addsOnce: target.supports.addsOnce === true,
  }
  const { usual, ...choice } = chooseStrategy(strategyFacts)
  const kept = diff.kept.length === 0 ? [] : [`only the target has ${diff.kept.join(', ')}: kept`]
  const render = (changes: readonly SchemaChange[] = []) => changes.flatMap((change) => target.render(change))
  const replace = { disposition: 'replace', schema: wanted, existing: altered ?? existing } as const
  const carried = existing !== undefined && choice.strategy.kind === 'full' && (target.makesAnew?.(replace) ?? false)
  const after = (diff.after ?? []).map((change) => ({ statements: target.render(change), always: isForeignKey(change) }))
  const differences = differencesOf(diff)
  const base = {
    id: `${facts.target}/${tableName(schema.table)}`,
    schema,
    wanted,
    ...(existing === undefined ? {} : { existing }),
    ...choice,
    ...watchPart(target, strategyFacts, choice, { schema, wanted, usual: usual === true && facts.leftovers.length === 0 && isSame(diff) }),
    changes: diff.changes,
    ...(differences.length === 0 ? {} : { differences }),
    statements: carried ? [] : render(diff.changes),
    ...(diff.before === undefined ? {} : { before: render(diff.before) }),
    ...(after.length === 0 ? {} : { after }),
    ...(altered === undefined ? {} : { altered }),
    ...(alterParts(diff).length === 0
      ? {}
      : { diff: { ...withoutShared(definition.options), postpone: evolution.postpone, ...(evolution.lossy ? { lossy: true as const } : {}) } }),
    warnings: [...choice.warnings, ...kept, ...(diff.advice ?? []), ...(target.narrows?.(schema) ?? [])],
    ...(facts.standing?.has(wanted.table.name) ? { triggers: facts.standing.get(wanted.table.name) ?? [] } : {}),
    ...(existing !== undefined && isFirstContact(state, facts.database) ? { firstContact: true as const } : {}),
  }
  const refusal = evolution.refusal ?? refuse(facts, target, base, diff)
  return refusal === undefined ? base : { ...base, refused: errorJson(refusal) }
}

function refuse(facts: RouteFacts, target: Target, plan: TablePlan, diff: SchemaDiff): SyncError | undefined {
  const name = tableName(plan.schema.table)
  const clash = viewInTheWay(facts, plan.wanted.table)
  if (clash !== undefined) return clash
  if (facts.visibility.scope === 'partial' && diff.kept.length > 0) {
    return new SyncError('COLUMNS_NOT_VISIBLE', `${name}: the target has ${diff.kept.join(', ')}, and the source does not show them.`, {
      kind: 'refused',
      table: plan.schema.table,
      hint: `GRANT SELECT ON \`${facts.source}\`.\`${plan.schema.table.name}\` TO ${facts.visibility.user}; or, if they were dropped, drop them at the target too.`,
    })
  }
  return target.guard?.({
    disposition: plan.strategy.kind === 'full' ? 'replace' : 'merge',
    schema: plan.wanted,
    existing: afterChanges(plan),
    ...triggersOf(plan),
  })
}

/** Part of every piece of work on the table. */
export const triggersOf = ({ triggers }: TablePlan): Pick<WriteWork, 'triggers'> => (triggers === undefined ? {} : { triggers })

/** The target's table once the plan's changes are made. */
export function afterChanges(plan: TablePlan): TableSchema | undefined {
  const { existing, wanted, altered } = plan
  if (altered !== undefined || existing === undefined || plan.changes.length === 0) return altered ?? existing
  const names = new Set(wanted.columns.map((column) => column.name))
  return { ...existing, columns: [...wanted.columns, ...existing.columns.filter((column) => !names.has(column.name))] }
}

/** The table's own settings: the last match wins, key by key. */
export function matchingRule(config: Pick<Config, 'tableRules'>, { database, name }: TableRef): TableRule {
  return Object.assign({}, ...config.tableRules.filter(({ match }) => matcher([match])(database, name)).map(({ rule }) => rule)) as TableRule
}

/** It is looked at again with what is there then; and it is large. */
function withoutShared(options: DiffOptions): DiffOptions {
  const { shared: _, ...rest } = options
  return rest
}

const isSame = ({ changes, before = [], after = [] }: SchemaDiff): boolean => changes.length + before.length + after.length === 0

const isForeignKey = (change: SchemaChange): boolean => change.type === 'alter-table' && change.parts.every((part) => part.kind === 'foreign-key')

function savedState(facts: RouteFacts, name: string): TargetState | undefined {
  const tables = facts.state?.tables
  const targets = tables !== undefined && Object.hasOwn(tables, name) ? tables[name]?.targets : undefined
  return targets !== undefined && Object.hasOwn(targets, facts.target) ? targets[facts.target] : undefined
}

function isComparable(source: Snapshot, target: Target, schema: TableSchema): boolean {
  return canDigest(source) && canDigest(target) && (schema.key.length > 0 ? target.supports.deletes : target.supports.keylessDeletes)
}
