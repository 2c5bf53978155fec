import type { BackupConfig } from '../config/config.ts'
import type { Target } from '../contract/target.ts'
import type { TableRef } from '../model/schema.ts'
import type { DatabasePlan, TargetPlan } from '../plan/plan.ts'
import type { StateRecorder } from '../state/recorder.ts'
import type { TargetState } from '../state/records.ts'

/** A table of a backup point, and what it is called at the source. */
export type PointTable = {
  readonly table: TableRef
  readonly source: TableRef
  /** Its rows by statistics, as far as they are known. */
  readonly estimate?: number | undefined
}

/** What a run may write to at one target: all that is planned and not refused. With `all` also every other table of these databases. */
export async function pointTables(plan: TargetPlan, target: Target, scope: BackupConfig['scope']): Promise<readonly PointTable[]> {
  const found = new Map<string, PointTable>()
  for (const database of plan.databases) {
    const add = (table: TableRef, name: string, estimate?: number) => {
      const key = JSON.stringify([table.database, table.name])
      if (!found.has(key)) found.set(key, { table, source: { database: database.source, name }, estimate })
    }
    for (const { table, source, estimate } of touched(database)) add(table, source, estimate)
    if (scope === 'touched') continue
    for (const { table, estimate } of await target.describe(database.target)) add(table, table.name, estimate?.rows)
  }
  return [...found.values()]
}

const touched = ({
  tables,
  drops = [],
}: DatabasePlan): readonly { readonly table: TableRef; readonly source: string; readonly estimate?: number | undefined }[] => [
  ...tables
    .filter(({ refused }) => refused === undefined)
    .map(({ schema, wanted, existing }) => ({ table: wanted.table, source: schema.table.name, estimate: existing?.estimate?.rows })),
  ...drops.map(({ table }) => ({ table, source: table.name })),
]

/** What a point keeps besides rows: where the next run would have gone on, by source database and table. A rollback puts it back. */
export type PointState = { readonly tables: { readonly [database: string]: { readonly [table: string]: TargetState | null } } }

/** What the state knows of these tables at this target, as it is now. */
export function pointState(tables: readonly PointTable[], target: string, recorders: ReadonlyMap<string, StateRecorder>): PointState {
  const groups = Map.groupBy(tables, ({ source }) => source.database)
  // A table may be called `__proto__`: fromEntries makes that a key like any other.
  const entries = [...groups].map(([database, members]) => [
    database,
    Object.fromEntries(members.map(({ source: { name } }) => [name, recorders.get(database)?.of(target, name) ?? null])),
  ])
  return { tables: Object.fromEntries(entries) as PointState['tables'] }
}
