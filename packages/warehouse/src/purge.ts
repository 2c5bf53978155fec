import type { TablePurge } from '@dbsync/core/plugin'
import type { Dialect, Queries } from './dialect.ts'
import { TENANT } from './system-columns.ts'

/** A shared table: its name for people, and as it stands in SQL. */
export type SharedTable = { readonly name: string; readonly sql: string }

/** So many tables are counted by one statement. */
const AT_ONCE = 100

/** What these tables have of one tenant, rows that are only marked as deleted among it, and the statements that remove it. */
export async function tenantPurge(
  dialect: Dialect,
  queries: Queries,
  tables: readonly SharedTable[],
  tenant: string,
  signal: AbortSignal,
): Promise<readonly TablePurge[]> {
  const condition = `WHERE ${TENANT} = ${dialect.quoteText(tenant)}`
  const found: TablePurge[] = []
  for (let start = 0; start < tables.length; start += AT_ONCE) {
    const some = tables.slice(start, start + AT_ONCE)
    const counts = some.map(({ sql }, i) => `SELECT '${i}', CAST(COUNT(*) AS STRING) FROM ${sql} ${condition}`)
    const rows = new Map((await queries.rows(`looking for rows of ${tenant}`, counts.join('\nUNION ALL '), signal)).map(([i, count]) => [i, Number(count)]))
    for (const [i, { name, sql }] of some.entries()) {
      const count = rows.get(String(i)) ?? 0
      if (count > 0) found.push({ table: name, rows: count, statements: [`DELETE FROM ${sql} ${condition}`] })
    }
  }
  return found
}
