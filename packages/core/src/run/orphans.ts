import { mustHave } from '../model/must.ts'
import { type TableSchema, tableName } from '../model/schema.ts'
import type { PreparedRun } from './prepare.ts'
import type { TableReport } from './report.ts'

/**
 * Rows are written with foreign key checks off. Tables of one moment that were all made equal can only have the source's own orphans;
 * wherever that is not certain, the target is asked: of the tables that got rows, and of those whose parents may have gone. One warning per foreign key.
 */
export async function findOrphans(prepared: PreparedRun, reports: readonly TableReport[], signal: AbortSignal): Promise<string[]> {
  const byId = new Map(reports.map((report) => [report.id, report]))
  const warnings: string[] = []
  for (const { name, databases } of prepared.plan.targets) {
    const target = mustHave(prepared.endpoints.targets, name)
    const tables = databases.flatMap((database) => database.tables)
    const named = (when: (report: TableReport | undefined) => boolean) =>
      new Set(tables.filter((table) => when(byId.get(table.id))).map((table) => tableName(table.wanted.table)))
    const [exact, losing] = [named(isExact), named(mayHaveLost)]
    for (const { id, wanted, existing } of tables) {
      const gotRows = wasWritten(byId.get(id))
      // What was not written is as it was before, or is not there at all.
      const table = gotRows ? wanted : existing
      if (target.orphans === undefined || table === undefined) continue
      if (!(gotRows || parentsOf(table).some((parent) => losing.has(parent))) || !inDoubt(prepared, table, exact)) continue
      for (const { foreignKey, rows } of await target.orphans(table, signal)) {
        if (rows > 0) warnings.push(`${tableName(table.table)}: ${rows} rows have no parent by foreign key ${foreignKey}; sync the parent table too`)
      }
    }
  }
  return warnings
}

const wasWritten = (report: TableReport | undefined) => report !== undefined && report.inserted + report.updated > 0

/** A copy in full does not count the rows that went. */
const mayHaveLost = (report: TableReport | undefined) => report !== undefined && (report.deleted > 0 || report.strategy === 'full')

const isExact = (report: TableReport | undefined) => report?.guarantee?.level === 'exact' && report.retries === 0

const parentsOf = ({ foreignKeys }: TableSchema) => foreignKeys.map((key) => tableName(key.references))

function inDoubt(prepared: PreparedRun, table: TableSchema, exact: ReadonlySet<string>): boolean {
  if (table.foreignKeys.length === 0) return false
  if (prepared.snapshot.consistency.scope === 'table') return true
  return [tableName(table.table), ...parentsOf(table)].some((name) => !exact.has(name))
}
