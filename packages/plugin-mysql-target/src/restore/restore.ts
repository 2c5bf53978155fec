import { setTimeout as sleep } from 'node:timers/promises'
import { type JsonValue, type RestoreReceipt, SyncError, type TableRef } from '@dbsync/core/plugin'
import { cancelled, type MysqlConnection, quoteId, quoteText } from '@dbsync/mysql'
import type { Connections } from '../connections.ts'
import { fixStatements, keysIn, keysTo } from './foreign-keys.ts'
import { listTables } from './listing.ts'
import { type DatabaseFacts, type MadePlan, makePlan } from './make-plan.ts'
import { createPlanTable, findPlan, forgetPlan, writePlan } from './plan-store.ts'
import { countRestored, proveDefiners, refuseLostHistory, triggersAllowed } from './prove.ts'
import { asideDatabase, restoreLock, SIDE_GRANT, scratchDatabase } from './side-databases.ts'
import { dropSideDatabases, finishSwap, type SwapOptions } from './swap.ts'
import type { SwapPlan } from './swap-plan.ts'
import { dropTrigger, readTriggers, type Trigger } from './triggers.ts'

/** Builds the tables as they are to be, triggers included, in the database that `scratch` names for each of theirs. They are empty and there. */
export type Fill = (connection: MysqlConnection, scratch: (database: string) => string, signal: AbortSignal) => Promise<void>

export type RestoreWork = {
  /** Name of the point. */
  readonly point: string
  readonly databases: readonly string[]
  readonly fill: Fill
  /** The tables that `fill` must have built; rows and the sum of their hashes where they are known. `undefined`: whatever it builds is right. */
  readonly expected: readonly (TableRef & { readonly rows?: number; readonly digest?: string })[] | undefined
  /** Tables that were not there at the time of the point. */
  readonly removed: readonly TableRef[]
  /** The point says nothing about triggers: those that are there now stay. */
  readonly keepTriggers: boolean
  /** Tables that keep old versions of their rows may lose them. */
  readonly loseHistory: boolean
  readonly note: JsonValue
  readonly signal: AbortSignal
  /** Right before the first change that others can see. */
  readonly swapping: () => Promise<void>
} & SwapOptions

/**
 * Restores tables beside the live ones and lets them change places with these. Up to the exchange nobody sees anything, and a failure
 * leaves nothing behind; from then on a plan in the target tells how to go on.
 */
export async function restoreTables(connections: Connections, work: RestoreWork): Promise<RestoreReceipt> {
  return await alone(connections, work.databases, work.signal, async (connection) => {
    const found = await findPlan(connection, work.databases, work.signal)
    if (found !== undefined) throw unfinishedRestore(found.plan)
    await refuseLostHistory(connection, work, [...(work.expected ?? []), ...work.removed])
    const plan = await prepared(connection, work)
    return await finishSwap(connection, { plan, swapped: false }, work)
  })
}

/** Goes on with a restore that was stopped in the middle of the exchange. */
export async function resumeRestore(
  connections: Connections,
  databases: readonly string[],
  options: SwapOptions & { readonly signal: AbortSignal },
): Promise<RestoreReceipt> {
  return await alone(connections, databases, options.signal, async (connection) => {
    const found = await findPlan(connection, databases, options.signal)
    if (found === undefined) throw new Error('there is no unfinished restore')
    return await finishSwap(connection, found, options)
  })
}

/** Waits for nobody: what a killed client is still at is a step between two states, of which both are told alike. */
export async function unfinishedPlan(connections: Connections, databases: readonly string[], signal: AbortSignal): Promise<SwapPlan | undefined> {
  return (await connections.with(signal, (connection) => findPlan(connection, databases, signal)))?.plan
}

/** The error of whoever meets a plan of another's. */
const unfinishedRestore = ({ point, databases }: Pick<SwapPlan, 'point' | 'databases'>): SyncError =>
  new SyncError('ROLLBACK_UNFINISHED', `a rollback of ${databases.join(', ')} to ${point} was stopped in the middle`, {
    kind: 'refused',
    hint: `Finish it first: dbsync rollback ${point}`,
  })

/** Runs `use` with a connection of its own that holds the locks of these restores, and waits for those of a killed client. */
async function alone<T>(
  connections: Connections,
  databases: readonly string[],
  signal: AbortSignal,
  use: (connection: MysqlConnection) => Promise<T>,
): Promise<T> {
  const connection = await connections.lease(signal)
  try {
    for (const database of databases.toSorted()) await takeRestoreLock(connection, database, signal)
    return await use(connection)
  } finally {
    // It holds locks, and its session may have been another's for a moment.
    await connections.drop(connection)
  }
}

const PATIENCE_MS = 600_000

async function takeRestoreLock(connection: MysqlConnection, database: string, signal: AbortSignal): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    const [[taken] = []] = await connection.query(`SELECT GET_LOCK(${quoteText(restoreLock(database))}, 2)`, signal)
    if (taken === '1') return
    await sleep(100)
  }
  throw new SyncError('RUN_LOCKED', `${connection.server.label}: a statement of an earlier rollback is still at work on ${database}`, {
    kind: 'locked',
    hint: 'Look at it with SHOW PROCESSLIST; end it with KILL, or wait and run again.',
  })
}

/** Fills the scratch databases and writes the plan. Leaves nothing behind when it throws. */
async function prepared(connection: MysqlConnection, work: RestoreWork): Promise<SwapPlan> {
  const { databases, signal } = work
  let plan: SwapPlan | undefined
  try {
    await createSideDatabases(connection, databases, signal)
    await triggersAllowed(() => work.fill(connection, scratchDatabase, signal))
    const made = await planned(connection, work)
    for (const key of made.scratchKeys) for (const sql of fixStatements(key)) await connection.execute(sql, signal)
    const { scratchKeys: _, ...rest } = made
    const whole: SwapPlan = { version: 1, point: work.point, ...rest, note: work.note }
    if (signal.aborted) throw cancelled(signal)
    await writePlan(connection, whole)
    plan = whole
    work.allowed()
    await work.swapping()
    return whole
  } catch (error) {
    // A lost connection cannot tidy up; the next restore does, and so does the next run.
    if (connection.alive) {
      if (plan !== undefined) await forgetPlan(connection, plan, false)
      await dropSideDatabases(connection, databases)
    }
    throw error
  }
}

async function createSideDatabases(connection: MysqlConnection, databases: readonly string[], signal: AbortSignal): Promise<void> {
  await guarded(connection, async () => {
    // Without a plan whatever a killed restore left in them is rubbish.
    await dropSideDatabases(connection, databases)
    for (const database of databases) {
      const defaults = await databaseDefaults(connection, database, signal)
      for (const name of [scratchDatabase(database), asideDatabase(database)]) await connection.execute(`CREATE DATABASE ${quoteId(name)}${defaults}`, signal)
      await connection.execute(createPlanTable(database), signal)
    }
  })
}

/** Tables and triggers name no character set where they have that of their database. */
async function databaseDefaults(connection: MysqlConnection, database: string, signal: AbortSignal): Promise<string> {
  const rows = await connection.query(
    `SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(database)}`,
    signal,
  )
  const [, charset, collation] = rows.find(([name]) => name === database) ?? []
  return charset && collation ? ` CHARACTER SET ${charset} COLLATE ${collation}` : ''
}

/** A right that is missing on the side databases comes out here, with the GRANT that gives it. */
async function guarded<T>(connection: MysqlConnection, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!SyncError.is(error) || error.kind !== 'privilege' || !connection.alive) throw error
    const [[user = ''] = []] = await connection.query('SELECT CURRENT_USER()')
    const at = user?.lastIndexOf('@') ?? -1
    const account = `${quoteId(user?.slice(0, at) ?? '')}@${quoteId(user?.slice(at + 1) ?? '')}`
    throw new SyncError(
      'MYSQL_RESTORE_PRIVILEGE',
      `${error.message}: a rollback builds the tables in databases of its own before they change places with the live ones`,
      {
        kind: 'privilege',
        cause: error,
        hint: `GRANT ALL ON ${SIDE_GRANT} TO ${account}; then run the same command again. Nothing was changed.`,
      },
    )
  }
}

async function planned(connection: MysqlConnection, work: RestoreWork): Promise<MadePlan> {
  const { databases, signal } = work
  const scratches = databases.map(scratchDatabase)
  const restoredTriggers: Trigger[] = []
  const liveTriggers: Trigger[] = []
  const facts: DatabaseFacts[] = []
  for (const database of databases) {
    for (const trigger of await readTriggers(connection, scratchDatabase(database), signal)) {
      // A table with triggers cannot be moved: they are made again afterwards, and here it was seen that they can be made.
      await connection.execute(dropTrigger(trigger), signal)
      restoredTriggers.push({ ...trigger, table: { database, name: trigger.table.name } })
    }
    liveTriggers.push(...(await readTriggers(connection, database, signal)))
    const restored = await countRestored(connection, work, database)
    const removed = work.removed.filter((table) => table.database === database).map(({ name }) => name)
    const ignoreCase = connection.server.lowerCaseTableNames !== 0
    facts.push({ database, live: await listTables(connection, database, signal), restored, removed, ignoreCase })
  }
  await refuseLostHistory(
    connection,
    work,
    facts.flatMap(({ database, restored }) => restored.map(({ name }) => ({ database, name }))),
  )
  const made = makePlan({
    databases: facts,
    liveTriggers,
    restoredTriggers,
    keepTriggers: work.keepTriggers,
    scratchKeys: await keysIn(connection, scratches, signal),
    keysToLive: await keysTo(connection, databases, signal),
    atomicRename: renamesAtOnce(connection),
  })
  await proveDefiners(connection, made, signal)
  return made
}

export const renamesAtOnce = ({ server }: MysqlConnection): boolean =>
  server.flavour === 'mysql' ? server.versionNumber >= 80000 : server.versionNumber >= 100601
