import { type Plan, tableName } from '@dbsync/core'
import { printable } from '../printable.ts'

/** How a plan's tables are called on the screen, by id: the target is named only where there are several. */
export function tableLabels(plan: Plan): ReadonlyMap<string, string> {
  const several = plan.targets.length > 1
  return new Map(
    plan.targets.flatMap((target) =>
      target.databases.flatMap((database) =>
        database.tables.map((table) => {
          const name = printable(tableName(table.schema.table))
          return [table.id, several ? `${printable(target.name)}/${name}` : name] as const
        }),
      ),
    ),
  )
}

export const labelOf = (labels: ReadonlyMap<string, string>, id: string): string => labels.get(id) ?? printable(id)

/** The same for ids alone, of which the plan is not at hand: `target/database.table`. */
export function labelsOfIds(ids: readonly string[]): (id: string) => string {
  const targetOf = (id: string) => id.slice(0, id.indexOf('/') + 1)
  const several = new Set(ids.map(targetOf)).size > 1
  return (id) => printable(several ? id : id.slice(targetOf(id).length))
}
