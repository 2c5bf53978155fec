import type { Config } from '../config/config.ts'
import type { ServerIdentity, Snapshot, Source } from '../contract/source.ts'
import type { StateStore } from '../contract/state-store.ts'
import type { Target } from '../contract/target.ts'
import { mustHave } from '../model/must.ts'
import { assemble } from '../plan/assemble.ts'
import { routes, selectDatabases } from '../plan/databases.ts'
import { gather } from '../plan/gather.ts'
import type { Plan } from '../plan/plan.ts'
import { StateRecorder } from '../state/recorder.ts'
import { lockPlace, RunLocks } from './run-locks.ts'

/** Both ends and the memory of a run, opened by the host and closed by it. */
export type Endpoints = {
  readonly source: Source
  /** By the names of the configuration. */
  readonly targets: ReadonlyMap<string, Target>
  readonly state: StateStore
}

/** A plan with all that is needed to carry it out. Disposing it closes the snapshot and gives the locks back. */
export interface PreparedRun extends AsyncDisposable {
  readonly plan: Plan
  readonly config: Config
  readonly endpoints: Endpoints
  readonly snapshot: Snapshot
  readonly sourceIdentity: ServerIdentity
  readonly targetIdentities: ReadonlyMap<string, ServerIdentity>
  readonly recorders: ReadonlyMap<string, StateRecorder>
  readonly locks: RunLocks
}

export type PrepareOptions = {
  readonly run: string
  readonly signal: AbortSignal
  /** A dry run takes no locks: it writes nothing. */
  readonly lock: boolean
}

/** Reads both ends and the state and decides what to do. Writes nothing but locks. */
export async function planRun(endpoints: Endpoints, config: Config, options: PrepareOptions): Promise<PreparedRun> {
  await using held = new AsyncDisposableStack()
  const { source, targets, state } = endpoints
  const { run, signal } = options
  const sourceIdentity = await source.identity()
  const targetIdentities = new Map<string, ServerIdentity>()
  for (const [name, target] of targets) targetIdentities.set(name, await target.identity())
  const databases = selectDatabases(config, await source.databases())
  const all = routes(config.targets, databases, sourceIdentity, targetIdentities)
  const locks = held.use(new RunLocks())
  if (options.lock) {
    for (const { target, database } of all) {
      const place = lockPlace(target, database)
      held.use(await state.lock(place))
      await locks.take(place, () => mustHave(targets, target).lock(database, signal))
    }
  }
  const recorders = new Map<string, StateRecorder>()
  for (const database of databases) recorders.set(database, await StateRecorder.open(state, database))

  const readers = Math.max(1, Math.min(config.parallelTables, config.connections))
  const snapshot = held.use(await source.open({ readers, signal }))
  const states = new Map([...recorders].map(([database, recorder]) => [database, recorder.state]))
  const facts = await gather({ source, snapshot, targets, routes: all, states })
  const ends = new Map(config.targets.map(({ name, type }) => [name, { type, target: mustHave(targets, name), identity: mustHave(targetIdentities, name) }]))
  const plan = assemble({ run, config, source: sourceIdentity, snapshot, targets: ends, facts })
  const keep = held.move()
  return {
    plan,
    config,
    endpoints,
    snapshot,
    sourceIdentity,
    targetIdentities,
    recorders,
    locks,
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  }
}
