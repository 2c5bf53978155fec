import type { TargetSupports } from '../contract/target.ts'
import { errorJson, SyncError } from '../errors/sync-error.ts'
import { tableName } from '../model/schema.ts'
import type { DatabasePlan, TablePlan } from './plan.ts'

/**
 * Refuses tables that the source tells apart and the target does not, such as `Orders` and `orders` on a server that lowers names: one would be written
 * over the other, and each be found equal in turn. Of targets that share tables only those of one database are looked at.
 */
export function refuseCollisions(databases: readonly DatabasePlan[], { sharedTables, foldsNames }: TargetSupports): readonly DatabasePlan[] {
  const placeOf = (database: DatabasePlan, { wanted: { table } }: TablePlan) =>
    JSON.stringify([sharedTables === true ? database.source : '', folded(table.database, foldsNames), folded(table.name, foldsNames)])
  const all = databases.flatMap((database) => database.tables.map((plan) => ({ place: placeOf(database, plan), plan })))
  const places = Map.groupBy(all, ({ place }) => place)
  const refused = (database: DatabasePlan, plan: TablePlan): TablePlan => {
    const others = (places.get(placeOf(database, plan)) ?? []).map((found) => found.plan).filter((other) => other !== plan)
    return others.length === 0 ? plan : { ...plan, refused: errorJson(collision(plan, others)) }
  }
  return databases.map((database) => ({ ...database, tables: database.tables.map((plan) => refused(database, plan)) }))
}

/** Of these names, those that the target tells apart from all others of them. */
export function apart(names: Iterable<string>, { foldsNames }: TargetSupports): ReadonlySet<string> {
  const groups = Map.groupBy(names, (name) => folded(name, foldsNames))
  return new Set([...groups.values()].filter(({ length }) => length === 1).flat())
}

/** Equal for names that the target does not tell apart. */
export const folded = (name: string, foldsNames: true | undefined): string => (foldsNames ? name.toLowerCase() : name)

function collision({ schema, wanted }: TablePlan, others: readonly TablePlan[]): SyncError {
  const names = [schema, ...others.map((other) => other.schema)].map(({ table }) => tableName(table)).join(' and ')
  return new SyncError('TABLES_COLLIDE', `${names} would all be ${tableName(wanted.table)} at the target, which does not tell their names apart.`, {
    kind: 'refused',
    table: schema.table,
    hint: 'Rename all but one at the source, or leave them out with exclude_tables; or use a target that tells them apart (a MySQL server: with lower_case_table_names=0).',
  })
}
