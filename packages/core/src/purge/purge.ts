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
    const shared = ends.targets.find((at) => !isOwnPlace(at, source, stored))
    if (shared !== undefined) {
      const { name, database } = shared
      throw new SyncError('PURGE_UNKNOWN', `At the target ${name} every name leads to ${database}, and the state does not say that ${source} alone is there.`, {
        kind: 'config',
        hint: `The state knows: ${listed(known)}. Once it is sure whose the rows of ${database} are, delete them by hand.`,
      })
    }
    const found = await Promise.all(ends.targets.map((target) => partOf(target, source, signal)))
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
export async function executePurge(ends: PurgeEnds, { databases }: PurgePlan, signal: AbortSignal): Promise<PurgeReport> {
  await using locks = new AsyncDisposableStack()
  for (const { name, target, database } of placesOf(ends, databases)) {
    locks.use(await ends.state.lock(lockPlace(name, database)))
    locks.use(await target.lock(database, signal))
  }
  const exact = databases.map(escapeName)
  // A run may have come and gone since it was looked at.
  const plan = await planPurge(ends, exact, signal)
  const targets = new Map(ends.targets.map((target) => [target.name, target]))
  for (const part of plan.parts) {
    const { target } = mustHave(targets, part.target)
    await target.run([...part.leftovers, ...part.tables.flatMap(({ statements }) => statements)], signal)
  }
  for (const part of plan.parts) {
    const { tables } = await partOf(mustHave(targets, part.target), part.source, signal)
    if (tables.length > 0) throw rowsLeft(part, tables)
  }
  const names = ends.targets.map(({ name, database }) => ({ name, database }))
  for (const source of databases) await forgetDatabase(ends.state, source, names, ends.everywhere)
  return { ...plan, rows: plan.parts.flatMap(({ tables }) => tables).reduce((sum, { rows }) => sum + rows, 0) }
}

const nameAt = ({ database }: Pick<PurgeTarget, 'database'>, source: string): string => database.replaceAll('{database}', () => source)

/** Under a template without a place for the name every name would do: a misspelled one, and that of a database which was synced to another place, or before. */
function isOwnPlace({ name: target, database }: PurgeTarget, source: string, stored: Awaited<ReturnType<typeof storedDatabases>>): boolean {
  if (database.includes('{database}')) return true
  const there = stored.filter(({ name, value }) =>
    Object.values(parseDatabaseState(name, value).tables).some(({ targets }) => targets?.[target]?.target_database === database),
  )
  return there.length === 1 && there[0]?.name === source
}

/** In one order, so that two purges never wait for each other. */
const placesOf = ({ targets }: PurgeEnds, databases: readonly string[]) =>
  databases.toSorted().flatMap((source) => targets.map(({ name, target, database }) => ({ name, target, database: nameAt({ database }, source) })))

async function partOf(at: PurgeTarget, source: string, signal: AbortSignal): Promise<PurgePart> {
  const database = nameAt(at, source)
  const { target } = at
  const there = (await target.databases()).length > 0
  return {
    source,
    target: at.name,
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
