import type { OtherObjects, Snapshot, Source, Visibility } from '../contract/source.ts'
import type { Target } from '../contract/target.ts'
import { mustHave } from '../model/must.ts'
import type { TableSchema } from '../model/schema.ts'
import type { DatabaseState } from '../state/records.ts'
import type { Route } from './databases.ts'

/** What both ends and the state say about one route; all the I/O of planning, nothing written. */
export type RouteFacts = Route & {
  readonly tables: readonly TableSchema[]
  readonly visibility: Visibility
  readonly objects: OtherObjects
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
}

export async function gather({ source, snapshot, targets, routes, states }: GatherInput): Promise<readonly RouteFacts[]> {
  const sides = new Map<string, SourceSide>()
  const visibleAtTarget = new Map<string, readonly string[]>()
  const facts: RouteFacts[] = []
  for (const route of routes) {
    const side = sides.get(route.source) ?? (await sourceSide(source, snapshot, route.source))
    sides.set(route.source, side)
    const target = mustHave(targets, route.target)
    const databases = visibleAtTarget.get(route.target) ?? (await target.databases())
    visibleAtTarget.set(route.target, databases)
    const databaseExists = databases.includes(route.database)
    facts.push({
      ...route,
      ...side,
      databaseExists,
      existing: databaseExists ? await target.describe(route.database) : [],
      leftovers: databaseExists ? await target.leftovers(route.database) : [],
      state: states.get(route.source),
    })
  }
  return facts
}

type SourceSide = Pick<RouteFacts, 'tables' | 'visibility' | 'objects'>

async function sourceSide(source: Source, snapshot: Snapshot, database: string): Promise<SourceSide> {
  const [tables, visibility, objects] = await Promise.all([snapshot.describe(database), source.visibility(database), source.objects(database)])
  return { tables, visibility, objects }
}
