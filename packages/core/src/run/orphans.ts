import { mustHave } from '../model/must.ts'
import { tableName } from '../model/schema.ts'
import type { TablePlan } from '../plan/plan.ts'
import type { PreparedRun } from './prepare.ts'
import type { TableReport } from './report.ts'

/**
 * Rows are written with foreign key checks off. Tables of one moment that were all made equal can only have the source's own orphans;
 * wherever that is not certain, the target is asked. One warning per foreign key.
 */
export async function findOrphans(prepared: PreparedRun, reports: readonly TableReport[], signal: AbortSignal): Promise<string[]> {
  const byId = new Map(reports.map((report) => [report.id, report]))
  const warnings: string[] = []
  for (const { name, databases } of prepared.plan.targets) {
    const target = mustHave(prepared.endpoints.targets, name)
    for (const { tables } of databases) {
      const exact = new Set(tables.filter((table) => isExact(byId.get(table.id))).map((table) => tableName(table.wanted.table)))
      for (const table of tables) {
        if (target.orphans === undefined || !wasWritten(byId.get(table.id)) || !inDoubt(prepared, table, exact)) continue
        for (const { foreignKey, rows } of await target.orphans(table.wanted, signal)) {
          if (rows > 0) warnings.push(`${tableName(table.wanted.table)}: ${rows} rows have no parent by foreign key ${foreignKey}; sync the parent table too`)
        }
      }
    }
  }
  return warnings
}

const wasWritten = (report: TableReport | undefined) => report !== undefined && report.inserted + report.updated > 0

const isExact = (report: TableReport | undefined) => report?.guarantee?.level === 'exact' && report.retries === 0

function inDoubt(prepared: PreparedRun, { wanted }: TablePlan, exact: ReadonlySet<string>): boolean {
  if (wanted.foreignKeys.length === 0) return false
  if (prepared.snapshot.consistency.scope === 'table') return true
  return [wanted.table, ...wanted.foreignKeys.map((key) => key.references)].some((table) => !exact.has(tableName(table)))
}
