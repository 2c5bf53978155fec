import type { Config, TargetConfig } from '../config/config.ts'
import { isLiteral, literalName, nameMatcher } from '../config/glob.ts'
import type { ServerIdentity } from '../contract/source.ts'
import { SyncError } from '../errors/sync-error.ts'
import { folded } from './collisions.ts'
import type { Setbacks } from './unplanned.ts'

/** One source database into one database of one target. */
export type Route = { readonly target: string; readonly source: string; readonly database: string }

/** The source databases that the configuration selects, of those that can be seen. One that is named and cannot be seen is a setback of its own. */
export function selectDatabases(config: Config, visible: readonly string[], setbacks: Setbacks): readonly string[] {
  const tests = config.databases.map((pattern) => ({ pattern, test: nameMatcher([pattern]) }))
  for (const { pattern, test } of tests) {
    if (visible.some(test)) continue
    if (!isLiteral(pattern)) {
      throw new SyncError('NO_DATABASE_MATCHES', `No database at the source matches ${pattern}.`, {
        kind: 'config',
        hint: `Seen there: ${list(visible)}. Correct db_list, or grant SELECT on what is missing.`,
      })
    }
    const name = literalName(pattern)
    const missing = new SyncError('DATABASE_NOT_VISIBLE', `Database ${name} cannot be seen at the source.`, {
      kind: 'privilege',
      hint: `Either it does not exist or the user has no rights on it: GRANT SELECT ON \`${name}\`.* TO the user. Seen there: ${list(visible)}.`,
    })
    setbacks.note({ database: name }, missing)
  }
  return setbacks.left(visible.filter((name) => tests.some(({ test }) => test(name))))
}

/**
 * Databases that were synced before, that a pattern selects, and that cannot be seen any more: dropped, renamed, or the rights were taken back. Their
 * copies are kept, and whoever reads the report has to hear of it.
 */
export function vanishedDatabases(config: Config, visible: readonly string[], known: readonly string[]): readonly string[] {
  const selected = nameMatcher(config.databases)
  return known
    .filter((name) => selected(name) && !visible.includes(name))
    .map((name) => `database ${name} was synced before and cannot be seen at the source any more: its copy is kept as it is`)
}

/**
 * Where each database goes. Throws where two would meet, or one would be written onto itself. `folding`: the targets that do not tell names of databases
 * apart by case; what meets there of one target is refused table by table.
 */
export function routes(
  targets: readonly TargetConfig[],
  databases: readonly string[],
  source: ServerIdentity,
  identities: ReadonlyMap<string, ServerIdentity>,
  folding: ReadonlySet<string>,
): readonly Route[] {
  const all = targets.flatMap((target) =>
    databases.map((database) => ({ target: target.name, source: database, database: target.database.replaceAll('{database}', () => database) })),
  )
  const taken = new Map<string, Route>()
  for (const route of all) {
    const identity = identities.get(route.target)?.id ?? route.target
    const stored = (name: string) => folded(name, folding.has(route.target) || undefined)
    const place = `${identity}\n${stored(route.database)}`
    const other = taken.get(place)
    if (other !== undefined && (other.target !== route.target || other.database === route.database)) {
      throw new SyncError(
        'TARGETS_COLLIDE',
        `${other.source} (target ${other.target}) and ${route.source} (target ${route.target}) would both be written to database ${route.database}.`,
        {
          kind: 'config',
          hint: 'Give each its own name with a template, such as "database": "{database}_copy".',
        },
      )
    }
    taken.set(place, route)
    if (identity === source.id && databases.some((name) => stored(name) === stored(route.database))) {
      throw new SyncError('SOURCE_IS_TARGET', `Database ${route.database} is both source and target, on one server (${source.label}).`, {
        kind: 'config',
        hint: 'Point the target at another server, or give the copy another name with "database": "{database}_copy"; and leave the copies out of db_list.',
      })
    }
  }
  return all
}

const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.slice(0, 20).join(', ') + (names.length > 20 ? ', …' : ''))
