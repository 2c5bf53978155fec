import { escapeName } from '../config/glob.ts'
import type { StateStore } from '../contract/state-store.ts'
import type { TablePurge, Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { mustHave } from '../model/must.ts'
import { lockPlace } from '../run/run-locks.ts'
import { parseDatabaseState, storedDatabases } from '../state/records.ts'
import { choosePurged, listed, unknownDatabase } from './choose.ts'
import { forgetDatabase } from './forget.ts'

/** A target by its name in the configuration. `database` is its template. */
export type PurgeTarget = { readonly name: string; readonly type: string; readonly database: string; readonly target: Target }

export type PurgeEnds = {
  readonly targets: readonly PurgeTarget[]
  /** These are all targets that there are: what the state knows of a database goes as a whole. */
  readonly everywhere: boolean
  readonly state: StateStore
}

/** What there is of some databases, and the statements that remove it. */
export type PurgePlan = {
  readonly databases: readonly string[]
  /** Databases of which the state has a document. */
  readonly inState: readonly string[]
  readonly parts: readonly PurgePart[]
}

/** One database at one target. */
type PurgePart = {
  /** As the source called it. */
  readonly source: string
  readonly target: string
  /** As the target calls it. */
  readonly database: string
  /** What a killed run left there. */
  readonly leftovers: readonly string[]
  readonly tables: readonly TablePurge[]
}

export type PurgeReport = PurgePlan & { readonly rows: number }

/** Looks for everything that targets and state have of the databases. Needs nothing of the source, and writes nothing. */
export async function planPurge(ends: PurgeEnds, patterns: readonly string[], signal: AbortSignal): Promise<PurgePlan> {
  const real = ends.targets.find(({ target }) => target.purge === undefined)
  if (real !== undefined) {
    const shared = ends.targets.filter(({ target }) => target.purge !== undefined).map(({ name }) => `--target ${name}`)
    const { name, type } = real
    throw new SyncError('PURGE_UNSUPPORTED', `At the target ${name} (${type}) every database is a database of its own, and dbsync drops none.`, {
      kind: 'config',
      hint: shared.length > 0 ? `Say which targets are meant: ${shared.join(' ')}. At ${name}, drop the database by hand.` : 'Drop the database there by hand.',
    })
  }
  const stored = await storedDatabases(ends.state)
  const known = stored.map(({ name }) => name)
  const databases = choosePurged(patterns, known)
  const parts: PurgePart[] = []
  for (const source of databases) {
    const places = ends.targets.flatMap((at) => placesOf(at, source, stored).map((database) => ({ at, database })))
    for (const { at, database } of places) {
      if (isOwnPlace(at, database, source, stored)) continue
      throw new SyncError('PURGE_UNKNOWN', `${database} at the target ${at.name} is no place of ${source} alone, as far as the state knows.`, {
        kind: 'config',
        hint: `The state knows: ${listed(known)}. Once it is sure whose the rows of ${database} are, delete them by hand.`,
      })
    }
    const found = await Promise.all(places.map(({ at, database }) => partOf(at, source, database, signal)))
    if (!known.includes(source) && found.every(({ tables, leftovers }) => tables.length + leftovers.length === 0)) {
      throw unknownDatabase(`There is nothing of database ${source}, neither in the state nor at ${ends.targets.map(({ name }) => name).join(', ')}.`, known)
    }
    parts.push(...found)
  }
  return { databases, inState: databases.filter((name) => known.includes(name)), parts }
}

/**
 * Removes it all, under the locks of a run. The state goes last, when nothing is found any more: killed before that, the same command finds what is left
 * and goes on.
 */
export async function executePurge(ends: PurgeEnds, seen: PurgePlan, signal: AbortSignal): Promise<PurgeReport> {
  await using locks = new AsyncDisposableStack()
  const { databases } = seen
  const targets = new Map(ends.targets.map((target) => [target.name, target]))
  const places = new Map(seen.parts.map(({ target, database }) => [lockPlace(target, database), { target, database }]))
  // In one order, so that two purges never wait for each other.
  for (const [place, { target, database }] of [...places].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    locks.use(await ends.state.lock(place))
    locks.use(await mustHave(targets, target).target.lock(database, signal))
  }
  // A run may have come and gone since it was looked at.
  const plan = await planPurge(ends, databases.map(escapeName), signal)
  for (const { source, target, database } of plan.parts) {
    if (places.has(lockPlace(target, database))) continue
    throw new SyncError('PURGE_LEFT', `${source} was synced to ${database} at the target ${target} meanwhile.`, {
      kind: 'data',
      hint: 'Run the command again.',
    })
  }
  for (const part of plan.parts) {
    const { target } = mustHave(targets, part.target)
    await target.run([...part.leftovers, ...part.tables.flatMap(({ statements }) => statements)], signal)
  }
  for (const part of plan.parts) {
    const { tables } = await partOf(mustHave(targets, part.target), part.source, part.database, signal)
    if (tables.length > 0) throw rowsLeft(part, tables)
  }
  for (const source of databases) {
    const purged = plan.parts.filter((part) => part.source === source)
    await forgetDatabase(ends.state, source, purged, ends.everywhere)
  }
  return { ...plan, rows: plan.parts.flatMap(({ tables }) => tables).reduce((sum, { rows }) => sum + rows, 0) }
}

type Stored = Awaited<ReturnType<typeof storedDatabases>>
type Place = Pick<PurgeTarget, 'name' | 'database'>

const nameAt = ({ database }: Place, source: string): string => database.replaceAll('{database}', () => source)

/** Where the template leads, and where the state says that tables were synced to, under another template. */
function placesOf(at: Place, source: string, stored: Stored): readonly string[] {
  return [...new Set([nameAt(at, source), ...stored.filter(({ name }) => name === source).flatMap((document) => placesIn(document, at.name))])]
}

const placesIn = ({ name, value }: Stored[number], target: string): readonly string[] =>
  Object.values(parseDatabaseState(name, value).tables).flatMap(({ targets }) => targets?.[target]?.target_database || [])

/** Anywhere but where its own name leads there may be a tenant of another name: of a name that is misspelled, or of one that was synced elsewhere before. */
function isOwnPlace(at: Place, place: string, source: string, stored: Stored): boolean {
  if (at.database.includes('{database}') && place === nameAt(at, source)) return true
  const there = stored.filter((document) => placesIn(document, at.name).includes(place))
  return there.length === 1 && there[0]?.name === source
}

async function partOf({ name, target }: PurgeTarget, source: string, database: string, signal: AbortSignal): Promise<PurgePart> {
  const there = (await target.databases()).length > 0
  return {
    source,
    target: name,
    database,
    leftovers: there ? await target.leftovers(database) : [],
    tables: there ? ((await target.purge?.(database, signal)) ?? []) : [],
  }
}

const rowsLeft = ({ source, target }: PurgePart, tables: readonly TablePurge[]): SyncError =>
  new SyncError(
    'PURGE_LEFT',
    `Rows of database ${source} are still (or again) at the target ${target}: ${tables.map(({ table, rows }) => `${table} (${rows})`).join(', ')}.`,
    { kind: 'data', hint: 'See that nothing else writes them, and run the command again.' },
  )
