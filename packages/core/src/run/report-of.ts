import type { ErrorKind } from '../errors/sync-error.ts'
import type { ObjectReport } from './objects.ts'
import type { PreparedRun } from './prepare.ts'
import type { RunBackup, RunReport, TableOutcome, TableReport } from './report.ts'

export type RunFacts = {
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly tables: readonly TableReport[]
  readonly warnings: readonly string[]
  readonly objects: readonly ObjectReport[]
  readonly backups: readonly RunBackup[]
  /** Something besides tables and objects could not be done; a warning says what. */
  readonly incomplete: boolean
  readonly cancelled: boolean
  /** What went over the wire for snapshots of single tables. */
  readonly elsewhere: { readonly received: number; readonly sent: number }
}

/** Adds the tables up. */
export function runReport(prepared: PreparedRun, facts: RunFacts): RunReport {
  const { startedAt, finishedAt, tables, objects, backups, warnings, elsewhere } = facts
  const ms = finishedAt.getTime() - startedAt.getTime()
  const outcomes: Record<TableOutcome, number> = { synced: 0, unchanged: 0, failed: 0, refused: 0, cancelled: 0 }
  const errors: Partial<Record<ErrorKind, number>> = {}
  for (const table of tables) {
    outcomes[table.outcome]++
    if (table.error !== undefined) errors[table.error.kind] = (errors[table.error.kind] ?? 0) + 1
  }
  const sum = (pick: (table: TableReport) => number) => tables.reduce((total, table) => total + pick(table), 0)
  const rowsRead = sum((table) => table.rowsRead)
  const wire = wireBytes(prepared, elsewhere)
  const { unplanned } = prepared.plan
  return {
    run: prepared.plan.run,
    status: runStatus(prepared, facts),
    mode: prepared.plan.mode,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    ms,
    tables,
    ...(unplanned === undefined ? {} : { unplanned }),
    ...objectsPart(prepared, objects),
    totals: {
      outcomes,
      rowsRead,
      inserted: sum((table) => table.inserted),
      updated: sum((table) => table.updated),
      deleted: sum((table) => table.deleted),
      skipped: sum((table) => table.skipped),
      bytes: sum((table) => table.bytes),
      rowsPerSecond: Math.round(rowsRead / Math.max(ms / 1000, 0.001)),
      retries: sum((table) => table.retries),
      errors,
      ...(wire === undefined ? {} : { wire }),
    },
    backups,
    warnings,
  }
}

/** Whether everything was done that was planned. */
export function runStatus({ plan }: Pick<PreparedRun, 'plan'>, facts: Pick<RunFacts, 'tables' | 'objects' | 'incomplete' | 'cancelled'>): RunReport['status'] {
  const { tables, objects, incomplete, cancelled } = facts
  const some = (...outcomes: readonly TableOutcome[]) => [...tables, ...objects].some(({ outcome }) => (outcomes as readonly string[]).includes(outcome))
  if (cancelled || some('cancelled')) return 'cancelled'
  return some('failed', 'refused') || incomplete || plan.unplanned !== undefined ? 'partial' : 'ok'
}

function objectsPart({ plan }: PreparedRun, changes: readonly ObjectReport[]): Pick<RunReport, 'objects'> {
  const plans = plan.targets.flatMap(({ databases }) => databases.flatMap(({ objectPlan }) => objectPlan ?? []))
  return plans.length === 0 ? {} : { objects: { unchanged: plans.reduce((sum, { unchanged }) => sum + unchanged, 0), changes } }
}

function wireBytes({ snapshot, endpoints }: PreparedRun, elsewhere: RunFacts['elsewhere']): { source: number; targets: number } | undefined {
  const both = (traffic: { received: number; sent: number } | undefined) => (traffic === undefined ? 0 : traffic.received + traffic.sent)
  if (snapshot.traffic === undefined) return undefined
  return {
    source: both(snapshot.traffic()) + both(elsewhere),
    targets: [...endpoints.targets.values()].reduce((total, target) => total + both(target.traffic?.()), 0),
  }
}
