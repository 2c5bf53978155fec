import { type MysqlConnection, quoteId } from '@dbsync/mysql'
import { listDatabases } from './listing.ts'
import { findPlan } from './plan-store.ts'
import { asideDatabase, scratchDatabase } from './side-databases.ts'

/** The statements that remove what a restore left behind that never came to change anything, or had changed everything. */
export async function restoreLeftovers(connection: MysqlConnection, database: string): Promise<readonly string[]> {
  const there = await listDatabases(connection)
  const left = [scratchDatabase(database), asideDatabase(database)].filter((name) => there.includes(name))
  if (left.length === 0 || (await findPlan(connection, [database])) !== undefined) return []
  return left.map((name) => `DROP DATABASE IF EXISTS ${quoteId(name)}`)
}
