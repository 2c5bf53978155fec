import { type MysqlConnection, quoteTable, quoteText } from '@dbsync/mysql'
import { listDatabases, listTables } from './listing.ts'
import { asideDatabase, planTable, scratchDatabase } from './side-databases.ts'
import type { SwapPlan } from './swap-plan.ts'

export type FoundPlan = {
  readonly plan: SwapPlan
  /** The tables have changed places: what is left is to finish. */
  readonly swapped: boolean
}

/** The plan of a swap that has begun, looked for in every one of these databases. */
export async function findPlan(connection: MysqlConnection, databases: readonly string[], signal?: AbortSignal): Promise<FoundPlan | undefined> {
  const there = new Set(await listDatabases(connection, signal))
  for (const [place, swapped] of [
    ...databases.map((name) => [asideDatabase(name), true] as const),
    ...databases.map((name) => [scratchDatabase(name), false] as const),
  ]) {
    if (!there.has(place) || !(await listTables(connection, place, signal)).some(({ name }) => name === planTable(place).name)) continue
    const [[text] = []] = await connection.query(`SELECT CONVERT(plan USING utf8mb4) FROM ${quoteTable(planTable(place))}`, signal)
    if (text !== undefined && text !== null) return { plan: JSON.parse(text) as SwapPlan, swapped }
  }
  return undefined
}

/** Makes the place for the plan. The rows come last, all in one transaction: a plan that is found is whole, in every database. */
export const createPlanTable = (database: string): string =>
  `CREATE TABLE ${quoteTable(planTable(scratchDatabase(database)))} (id TINYINT PRIMARY KEY, plan LONGBLOB NOT NULL) ENGINE=InnoDB`

export async function writePlan(connection: MysqlConnection, plan: SwapPlan): Promise<void> {
  const text = quoteText(JSON.stringify(plan))
  await connection.execute('START TRANSACTION')
  for (const database of plan.databases) await connection.execute(`INSERT INTO ${quoteTable(planTable(scratchDatabase(database)))} VALUES (1, ${text})`)
  await connection.execute('COMMIT')
}

/** From here on the swap is over, or has never begun: what is left in the side databases is rubbish. */
export async function forgetPlan(connection: MysqlConnection, { databases }: SwapPlan, swapped: boolean): Promise<void> {
  await connection.execute('START TRANSACTION')
  for (const database of databases)
    await connection.execute(`DELETE FROM ${quoteTable(planTable(swapped ? asideDatabase(database) : scratchDatabase(database)))}`)
  await connection.execute('COMMIT')
}
