import type { ObjectDefinition, ObjectDefinitions, ObjectKind } from '../contract/objects.ts'
import type { OtherObjects, Snapshot, Source, Visibility } from '../contract/source.ts'
import type { StateStore } from '../contract/state-store.ts'
import type { Target } from '../contract/target.ts'
import type { SyncError } from '../errors/sync-error.ts'
import { mustHave } from '../model/must.ts'
import type { TableSchema } from '../model/schema.ts'
import { type Prints, readPrints } from '../state/prints.ts'
import type { DatabaseState } from '../state/records.ts'
import { folded } from './collisions.ts'
import type { Route } from './databases.ts'
import type { Setbacks } from './unplanned.ts'

/** What both ends and the state say about one route; all the I/O of planning, nothing written. */
export type RouteFacts = Route & {
  readonly tables: readonly TableSchema[]
  /** Tables that may not be read as a whole, by name, and why. */
  readonly unreadable: ReadonlyMap<string, SyncError>
  readonly visibility: Visibility
  readonly objects: OtherObjects
  /** Of the kinds that are asked for, where both ends have them. `target` is left out where there is no database yet. */
  readonly definitions?: {
    readonly kinds: readonly ObjectKind[]
    readonly source: ObjectDefinitions
    readonly target?: ObjectDefinitions
    readonly prints: Prints
  }
  /** From the comparison of `definitions`: see `ObjectPlanning`. */
  readonly standing?: ReadonlyMap<string, readonly ObjectDefinition[]>
  readonly dropped?: ReadonlySet<string>
  readonly views?: ReadonlySet<string>
  /** At the target. */
  readonly existing: readonly TableSchema[]
  readonly databaseExists: boolean
  readonly leftovers: readonly string[]
  readonly state: DatabaseState | undefined
}

export type GatherInput = {
  readonly source: Source
  readonly snapshot: Snapshot
  readonly targets: ReadonlyMap<string, Target>
  readonly routes: readonly Route[]
  readonly states: ReadonlyMap<string, DatabaseState | undefined>
  readonly state: StateStore
  /** The kinds of objects that are compared. */
  readonly kinds: readonly ObjectKind[]
  readonly setbacks: Setbacks
  readonly signal: AbortSignal
}

export async function gather({ source, snapshot, targets, routes, states, state, kinds, setbacks, signal }: GatherInput): Promise<readonly RouteFacts[]> {
  const sides = new Map<string, SourceSide>()
  const visibleAtTarget = new Map<string, readonly string[]>()
  const factsOf = async (route: Route): Promise<RouteFacts> => {
    const target = mustHave(targets, route.target)
    const databases = visibleAtTarget.get(route.target) ?? (await target.databases())
    visibleAtTarget.set(route.target, databases)
    const place = placeOf(route, target, databases)
    const databaseExists = place !== undefined
    // Thousands of tables take seconds to describe: both ends at the same time.
    const [side, existing] = await both(
      sides.get(route.source) ?? sourceSide(source, snapshot, route.source, kinds),
      databaseExists ? target.describe(place) : [],
    )
    sides.set(route.source, side)
    const { definitions, ...sourceFacts } = side
    return {
      ...route,
      ...sourceFacts,
      tables: sourceFacts.tables.map((schema) => target.ask?.(schema) ?? schema),
      ...(definitions === undefined || target.objects === undefined
        ? {}
        : {
            definitions: {
              kinds,
              source: definitions,
              prints: await readPrints(state, route.target, route.database),
              ...(databaseExists ? { target: await target.objects.definitions(place, kinds, signal) } : {}),
            },
          }),
      databaseExists,
      existing,
      leftovers: databaseExists ? await target.leftovers(place) : [],
      state: states.get(route.source),
    }
  }
  const facts: RouteFacts[] = []
  for (const route of routes) {
    const found = await setbacks.alone({ database: route.source, target: route.target }, () => factsOf(route))
    if (found !== undefined) facts.push(found)
  }
  return setbacks.left(facts)
}

/** The name that the target has for the database; `undefined`: it is not there. */
function placeOf({ database }: Route, { supports: { sharedTables, foldsNames } }: Target, databases: readonly string[]): string | undefined {
  if (sharedTables) return databases.length > 0 ? database : undefined
  return databases.find((name) => folded(name, foldsNames) === folded(database, foldsNames))
}

/** Where both fail it is the first one's failure that is thrown, and neither is at work any more then. */
async function both<A, B>(first: A | Promise<A>, second: B | Promise<B>): Promise<readonly [A, B]> {
  const [a, b] = await Promise.allSettled([first, second])
  if (a.status === 'rejected') throw a.reason
  if (b.status === 'rejected') throw b.reason
  return [a.value, b.value]
}

type SourceSide = Pick<RouteFacts, 'tables' | 'unreadable' | 'visibility' | 'objects'> & { readonly definitions: ObjectDefinitions | undefined }

async function sourceSide(source: Source, snapshot: Snapshot, database: string, kinds: readonly ObjectKind[]): Promise<SourceSide> {
  const unreadable = new Map<string, SyncError>()
  const described = snapshot.describe(database, undefined, ({ name }, error) => void unreadable.set(name, error))
  const [tables, visibility, objects] = await Promise.all([described, source.visibility(database), source.objects(database)])
  const definitions = kinds.length === 0 ? undefined : await source.definitions?.(database, kinds)
  return { tables, unreadable, visibility, objects, definitions }
}
