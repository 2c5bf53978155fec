import { setTimeout as sleep } from 'node:timers/promises'
import { type RestoreReceipt, SyncError, tableName } from '@dbsync/core/plugin'
import { type MysqlConnection, parseForeignKey, quoteId, serverErrno } from '@dbsync/mysql'
import { countOrphans } from '../orphans.ts'
import { fixKey, fixStatements, keysOf } from './foreign-keys.ts'
import { listDatabases, listTables } from './listing.ts'
import { type FoundPlan, forgetPlan } from './plan-store.ts'
import { asideDatabase, scratchDatabase } from './side-databases.ts'
import { renameStatement, renames, type SwapPlan } from './swap-plan.ts'
import { createTrigger, dropTrigger, makeTrigger, readTriggers } from './triggers.ts'

export type SwapOptions = {
  /** Throws where the lock on one of the databases may have been lost. */
  readonly allowed: () => void
  /** Called when all is as it was, before the plan is forgotten. */
  readonly swapped: (receipt: RestoreReceipt) => Promise<void>
}

/** Other clients hold a table for as long as their transactions take. */
const ATTEMPTS = 3
const PAUSE_MS = 500

/**
 * Takes a swap from wherever it is to its end. No signal stops it: from the first change on, the end is the nearest safe point.
 * Where the tables cannot be exchanged it puts back what it took away, forgets the plan and throws.
 */
export async function finishSwap(connection: MysqlConnection, { plan, swapped }: FoundPlan, options: SwapOptions): Promise<RestoreReceipt> {
  if (!swapped) await exchange(connection, plan, options)
  const missing = await putAround(connection, plan)
  const receipt: RestoreReceipt = {
    tables: plan.moves.map(({ database, restored, present }) => ({
      database,
      name: restored?.name ?? present ?? '',
      rows: restored?.rows ?? 0,
      outcome: restored === null ? 'removed' : 'restored',
    })),
    apart: plan.apart,
    missing,
  }
  await options.swapped(receipt)
  await forgetPlan(connection, plan, true)
  await dropSideDatabases(connection, plan.databases)
  return { ...receipt, apart: [...receipt.apart, ...(await orphanSentences(connection, plan))] }
}

/** Tables that stayed where they are may have rows whose parent came after the point. All is done by now: a question that fails takes nothing back. */
async function orphanSentences(connection: MysqlConnection, { foreignKeys }: SwapPlan): Promise<readonly string[]> {
  const sentences: string[] = []
  for (const { table, name, references } of foreignKeys) {
    try {
      const key = (await keysOf(connection, table)).find((one) => one.name === name)
      if (key === undefined) continue
      const rows = await countOrphans(connection, { table }, { ...parseForeignKey(key.part), references }, never)
      if (rows > 0) sentences.push(`${tableName(table)} has ${rows} rows without a parent in ${tableName(references)} now (foreign key ${name})`)
    } catch (error) {
      if (!SyncError.is(error)) throw error
      sentences.push(`it was not looked for rows without a parent by the foreign key ${name} of ${tableName(table)}: ${error.message}`)
    }
  }
  return sentences
}

async function exchange(connection: MysqlConnection, plan: SwapPlan, { allowed }: SwapOptions): Promise<void> {
  try {
    const there = await listDatabases(connection)
    for (const database of plan.databases.filter((name) => !there.includes(name)))
      await connection.execute(`CREATE DATABASE IF NOT EXISTS ${quoteId(database)}`)
    for (const trigger of plan.dropTriggers) {
      allowed()
      await connection.execute(dropTrigger(trigger))
    }
    await rename(connection, plan, allowed)
  } catch (error) {
    // Nobody knows what a statement did whose connection was lost: the plan stays, and the next command goes on from it.
    if (!connection.alive || !SyncError.is(error)) throw error
    await undo(connection, plan)
    throw error
  }
}

async function rename(connection: MysqlConnection, plan: SwapPlan, allowed: () => void): Promise<void> {
  // An old server may have crashed in the middle: what has moved is left out.
  const there = new Map<string, ReadonlySet<string>>()
  for (const database of plan.databases) {
    for (const place of [scratchDatabase(database), asideDatabase(database)]) {
      there.set(place, new Set((await listTables(connection, place)).map(({ name }) => name)))
    }
  }
  const wanted = renames(plan).filter(([from, to]) =>
    there.has(from.database) ? there.get(from.database)?.has(from.name) : !there.get(to.database)?.has(to.name),
  )
  for (let attempt = 1; ; attempt++) {
    allowed()
    try {
      await connection.execute(renameStatement(wanted))
      return
    } catch (error) {
      if (serverErrno(error) !== LOCK_WAIT_TIMEOUT) throw explained(error, plan)
      if (attempt === ATTEMPTS) throw explained(error, plan)
      await sleep(PAUSE_MS)
    }
  }
}

const LOCK_WAIT_TIMEOUT = 1205
const TRIGGER_IN_WRONG_SCHEMA = 1435

function explained(error: unknown, { databases }: SwapPlan): unknown {
  const errno = serverErrno(error)
  if (!SyncError.is(error)) return error
  if (errno === LOCK_WAIT_TIMEOUT) {
    return new SyncError('MYSQL_RESTORE_BUSY', `${error.message}. Another client holds a table in ${databases.join(', ')}: nothing was changed`, {
      kind: 'transient',
      cause: error,
      hint: 'Look for an open transaction with SHOW PROCESSLIST, end it, and run the same command again.',
    })
  }
  if (errno === TRIGGER_IN_WRONG_SCHEMA) {
    return new SyncError('MYSQL_RESTORE_TRIGGERS', `${error.message}: a table has triggers that this user cannot see. Nothing was changed`, {
      kind: 'privilege',
      cause: error,
      hint: databases.map((database) => `GRANT TRIGGER ON ${quoteId(database)}.* TO the user;`).join(' '),
    })
  }
  return error
}

/** The triggers that are away come back, and all is as before. */
async function undo(connection: MysqlConnection, plan: SwapPlan): Promise<void> {
  const there = await present(connection, plan)
  for (const trigger of plan.dropTriggers) if (!there.has(key(trigger))) await makeTrigger(connection, trigger)
  await forgetPlan(connection, plan, false)
}

/** Foreign keys and triggers around the tables that have moved. What cannot be made is told, with its statement, and does not hold up the rest. */
async function putAround(connection: MysqlConnection, plan: SwapPlan): Promise<readonly string[]> {
  const missing: string[] = []
  const attempt = async (what: string, statement: string, work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      if (!connection.alive || !SyncError.is(error) || error.kind === 'transient') throw error
      missing.push(`${what} could not be made again: ${error.message}. The statement: ${statement}`)
    }
  }
  for (const fix of plan.foreignKeys) {
    await attempt(`the foreign key ${fix.name} of ${tableName(fix.table)}`, fixStatements(fix)[1], () => fixKey(connection, fix))
  }
  const there = await present(connection, plan)
  for (const trigger of plan.createTriggers) {
    if (there.has(key(trigger))) continue
    await attempt(`the trigger ${trigger.name} of ${tableName(trigger.table)}`, createTrigger(trigger), () => makeTrigger(connection, trigger))
  }
  return missing
}

async function present(connection: MysqlConnection, { databases }: SwapPlan): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const database of databases) for (const trigger of await readTriggers(connection, database, never)) found.add(key(trigger))
  return found
}

const key = ({ table, name }: { readonly table: { readonly database: string; readonly name: string }; readonly name: string }): string =>
  JSON.stringify([table.database, table.name, name])
const never = new AbortController().signal

/** Both databases of each, with all that is in them. Asks first: without a right on them, DROP … IF EXISTS is refused even where there is nothing. */
export async function dropSideDatabases(connection: MysqlConnection, databases: readonly string[]): Promise<void> {
  const there = await listDatabases(connection)
  for (const name of databases.flatMap((database) => [scratchDatabase(database), asideDatabase(database)])) {
    if (there.includes(name)) await connection.execute(`DROP DATABASE IF EXISTS ${quoteId(name)}`)
  }
}
