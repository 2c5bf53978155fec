import pLimit from 'p-limit'
import type { Config } from '../config/config.ts'
import { isLiteral } from '../config/glob.ts'
import type { ServerIdentity, Snapshot, Source } from '../contract/source.ts'
import type { StateStore } from '../contract/state-store.ts'
import type { Target } from '../contract/target.ts'
import { refuseLegacy } from '../legacy/refuse-legacy.ts'
import { mustHave } from '../model/must.ts'
import { assemble } from '../plan/assemble.ts'
import { type Route, routes, selectDatabases, vanishedDatabases } from '../plan/databases.ts'
import { readDefinitions } from '../plan/definitions.ts'
import { refuseNewServers } from '../plan/first-contact.ts'
import { gather } from '../plan/gather.ts'
import type { DatabasePlan, Plan } from '../plan/plan.ts'
import { Setbacks } from '../plan/unplanned.ts'
import { refuseUnfinished } from '../rollback/unfinished.ts'
import { StateRecorder } from '../state/recorder.ts'
import { storedDatabases } from '../state/records.ts'
import { type RetryOptions, retried } from './retry.ts'
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
  readonly only?: Repairs
}

/** Tables by id, with the packed keys of the rows that differ where all of them are known: nothing else is looked at then. */
export type Repairs = ReadonlyMap<string, readonly Uint8Array[] | undefined>

export type PrepareOptions = {
  readonly run: string
  readonly signal: AbortSignal
  /** A dry run takes no locks: it writes nothing. */
  readonly lock: boolean
  /** A verification only looks: no guard is asked. */
  readonly purpose?: 'verify'
  /** Only these tables of the plan, by id. */
  readonly only?: Repairs
  /** Told of a fault after which planning begins anew. */
  readonly retrying?: RetryOptions['retrying']
}

/**
 * Reads both ends and the state and decides what to do. Writes nothing but locks. What cannot be reached at all fails at once; a connection that is lost
 * later costs another attempt.
 */
export async function planRun(endpoints: Endpoints, config: Config, options: PrepareOptions): Promise<PreparedRun> {
  const sourceIdentity = await endpoints.source.identity()
  const targetIdentities = new Map<string, ServerIdentity>()
  for (const [name, target] of endpoints.targets) targetIdentities.set(name, await target.identity())
  const { signal, retrying = () => {} } = options
  return await retried(() => planOnce(endpoints, config, options, { sourceIdentity, targetIdentities }), { config, signal, retrying })
}

type Identities = Pick<PreparedRun, 'sourceIdentity' | 'targetIdentities'>

async function planOnce(endpoints: Endpoints, config: Config, options: PrepareOptions, identities: Identities): Promise<PreparedRun> {
  await using held = new AsyncDisposableStack()
  const { source, targets, state } = endpoints
  const { run, signal } = options
  const { sourceIdentity, targetIdentities } = identities
  const visible = await source.databases()
  const setbacks = new Setbacks()
  const databases = selectDatabases(config, visible, setbacks)
  // Reading every document of the state is for patterns alone: a name that is not there has been refused.
  const known = config.databases.every(isLiteral) ? [] : (await storedDatabases(state)).map(({ name }) => name)
  const folding = new Set([...targets].filter(([, { supports }]) => supports.foldsNames && !supports.sharedTables).map(([name]) => name))
  const wanted = routes(config.targets, databases, sourceIdentity, targetIdentities, folding)
  const locks = held.use(new RunLocks())
  const locked = options.lock ? await lockAll(wanted) : wanted
  if (options.purpose !== 'verify') {
    await refuseLegacy(state, databases, visible)
    for (const [target, group] of Map.groupBy(locked, (route) => route.target)) {
      const places = group.map(({ database }) => database)
      await refuseUnfinished(mustHave(targets, target).backups?.(config.backup.directory), places, signal)
    }
  }
  const recorders = new Map<string, StateRecorder>()
  for (const database of new Set(locked.map(({ source: name }) => name))) {
    const recorder = await setbacks.alone({ database }, () => StateRecorder.open(state, database))
    if (recorder !== undefined) recorders.set(database, recorder)
  }
  const all = setbacks.left(locked.filter(({ source: name }) => recorders.has(name)))

  const readers = Math.max(1, Math.min(config.parallelTables, config.connections))
  const snapshot = held.use(await source.open({ readers, signal }))
  const states = new Map([...recorders].map(([database, recorder]) => [database, recorder.state]))
  const kinds = options.purpose === 'verify' ? [] : config.objects
  const facts = await gather({ source, snapshot, targets, routes: all, states, state, kinds, setbacks, signal })
  const definitions = await readDefinitions(config, facts, targets, signal)
  const ends = new Map(config.targets.map(({ name, type }) => [name, { type, target: mustHave(targets, name), identity: mustHave(targetIdentities, name) }]))
  const dropsNothing = options.only !== undefined
  const whole = await assemble({ run, config, source: sourceIdentity, snapshot, targets: ends, facts, definitions, setbacks, dropsNothing })
  const warnings = [...whole.warnings, ...vanishedDatabases(config, visible, known)]
  const plan = { ...onlyTables(whole, options.only), warnings, ...(options.purpose === undefined ? {} : { purpose: options.purpose }) }
  if (options.purpose !== 'verify' && !config.allow.includes('new-server')) {
    refuseNewServers(plan, facts, { source: sourceIdentity.id, targets: new Map([...targetIdentities].map(([name, { id }]) => [name, id])) })
  }
  const keep = held.move()
  return {
    plan,
    config,
    endpoints,
    snapshot,
    ...identities,
    recorders,
    locks,
    ...(options.only === undefined ? {} : { only: options.only }),
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  }

  /** The routes that nobody else is working on. */
  async function lockAll(some: readonly Route[]): Promise<readonly Route[]> {
    const limit = pLimit(LOCKS_AT_ONCE)
    const taken = some.map((route) =>
      limit(async () => {
        const { source: name, target, database } = route
        const place = lockPlace(target, database)
        return await setbacks.alone({ database: name, target }, async () => {
          await using own = new AsyncDisposableStack()
          own.use(await state.lock(place))
          await locks.take(place, () => mustHave(targets, target).lock(database, signal))
          held.use(own.move())
          return route
        })
      }),
    )
    // All of them have to be known before anything is given back.
    const answers = await Promise.allSettled(taken)
    const failed = answers.find((answer) => answer.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return setbacks.left(answers.flatMap((answer) => (answer.status === 'fulfilled' && answer.value !== undefined ? [answer.value] : [])))
  }
}

/** A fleet has hundreds, and each takes a request or two. */
const LOCKS_AT_ONCE = 8

function withoutObjects(database: DatabasePlan): DatabasePlan {
  const { objectPlan: _, ...rest } = database
  return rest
}

/** Databases without a table of theirs are left alone. */
function onlyTables(plan: Plan, only: Repairs | undefined): Plan {
  if (only === undefined) return plan
  const targets = plan.targets.map((target) => {
    const databases = target.databases.map((database) => ({ ...withoutObjects(database), tables: database.tables.filter(({ id }) => only.has(id)) }))
    return { ...target, databases: databases.filter(({ tables }) => tables.length > 0) }
  })
  return { ...plan, targets }
}
