import type { Config } from '../config/config.ts'
import { isLiteral, literalName, matcher, nameMatcher, splitPattern } from '../config/glob.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { type TableSchema, tableName } from '../model/schema.ts'
import { folded } from './collisions.ts'
import { isFirstContact } from './first-contact.ts'
import type { RouteFacts } from './gather.ts'
import type { Unplanned } from './unplanned.ts'

export type Selection = {
  readonly tables: readonly TableSchema[]
  /** These may not be read as a whole: they are left out, by name. */
  readonly unreadable: readonly { readonly name: string; readonly error: SyncError }[]
  /** Only the target has these, and the configuration would select them: kept. */
  readonly targetOnly: readonly string[]
  /** Of these, those that a run has brought here, so that they are gone at the source. Empty unless everything is certain to be seen. */
  readonly gone: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * The tables of one route. Absence is never taken for "dropped" where privileges are granted table by table: then a table that the
 * configuration, the state or the target knows and the source does not show stops the run, before anything is written.
 */
export function selectTables(config: Config, facts: RouteFacts, target: Pick<Target, 'reserved' | 'supports'>): Selection {
  const wanted = selects(config, facts.source, (name) => target.reserved?.(name) ?? false)

  const tables = facts.tables.filter(({ table }) => wanted(table.name))
  const unreadable = [...facts.unreadable].flatMap(([name, error]) => (wanted(name) ? [{ name, error }] : []))
  const { sharedTables, foldsNames } = target.supports
  const seen = new Set(seenTables(facts).map((name) => folded(name, foldsNames)))
  const isMissing = (name: string) => !seen.has(folded(name, foldsNames)) && wanted(name)
  const synced = new Map(
    Object.entries(facts.state?.tables ?? {}).flatMap(([name, { targets }]) =>
      targets !== undefined && Object.hasOwn(targets, facts.target) && isMissing(name) ? [[name, targets[facts.target]] as const] : [],
    ),
  )
  // Of a table that is shared the others' databases may have brought all there is.
  const targetOnly = facts.existing.map(({ table }) => table.name).filter((name) => isMissing(name) && (sharedTables !== true || synced.has(name)))

  const warnings: string[] = []
  const gone: string[] = []
  if (facts.visibility.scope === 'partial') {
    const known = [...synced.keys()].map((name) => ({ name, by: 'the state' }))
    for (const { name, by } of [...known, ...targetOnly.map((name) => ({ name, by: `target ${facts.target}` }))]) throw notVisible(facts, name, by)
  } else {
    for (const name of targetOnly) {
      if (!isFirstContact(synced.get(name), facts.database)) gone.push(name)
      else warnings.push(`${facts.source}.${name} is not at the source any more (or never was): what target ${facts.target} has of it is kept`)
    }
  }
  return { tables, unreadable, targetOnly, gone, warnings }
}

/** Whether the configuration wants a table of this database. */
export function selects(config: Config, database: string, reserved: (name: string) => boolean): (name: string) => boolean {
  const included = config.tables.length === 0 ? () => true : matcher(config.tables)
  const excluded = matcher(config.excludeTables)
  return (name) => included(database, name) && !excluded(database, name) && !reserved(name)
}

/** Every pattern of the configuration must find something: a literal name its table, a glob at least one. What could not be planned may have it. */
export function checkPatterns(config: Config, all: readonly RouteFacts[], unplanned: readonly Unplanned[]): void {
  const unknown = unplanned.filter(({ database, table }) => table === undefined && all.every(({ source }) => source !== database))
  for (const pattern of config.tables) {
    const test = matcher([pattern])
    const { database, table } = splitPattern(pattern)
    const mayBeIn = database === undefined ? () => true : nameMatcher([database])
    const places = all.filter(({ source }) => mayBeIn(source))
    const found = (facts: RouteFacts) => seenTables(facts).some((name) => test(facts.source, name))
    const isFound = places.some(found) || unknown.some((other) => mayBeIn(other.database))
    const blind = places.find((facts) => facts.visibility.scope === 'partial' && !found(facts)) ?? (isFound ? undefined : places[0])
    if (isLiteral(pattern) && blind !== undefined) throw notVisible(blind, literalName(table), 'the configuration')
    if (isFound) continue
    throw new SyncError('NO_TABLE_MATCHES', `No table matches ${pattern}.`, {
      kind: 'config',
      hint: `Correct table_list or --table. Seen at the source: ${names(all)}.`,
    })
  }
}

const seenTables = ({ tables, unreadable }: RouteFacts): readonly string[] => [...tables.map(({ table }) => table.name), ...unreadable.keys()]

function notVisible(facts: RouteFacts, name: string, known: string): SyncError {
  const table = { database: facts.source, name }
  const user = facts.visibility.scope === 'partial' ? facts.visibility.user : 'the user'
  return new SyncError('TABLE_NOT_VISIBLE', `Table ${tableName(table)} is named in ${known}, and the source does not show it.`, {
    kind: 'privilege',
    table,
    hint: `GRANT SELECT ON \`${facts.source}\`.\`${name}\` TO ${user}; or, if it was dropped or is not to be synced, leave it out (exclude_tables).`,
  })
}

function names(all: readonly RouteFacts[]): string {
  const seen = all.flatMap(seenTables)
  return seen.length === 0 ? 'no table at all' : seen.slice(0, 20).join(', ') + (seen.length > 20 ? ', …' : '')
}
