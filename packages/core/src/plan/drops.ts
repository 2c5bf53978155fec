import type { Config } from '../config/config.ts'
import type { Target } from '../contract/target.ts'
import type { RouteFacts } from './gather.ts'
import type { TableDrop } from './plan.ts'

/** Tables that a run has brought to the target and that are gone at the source: kept and reported, unless they may go. */
export function planDrops(
  config: Config,
  facts: RouteFacts,
  target: Target,
  gone: readonly string[],
): { readonly drops: readonly TableDrop[]; readonly warnings: readonly string[] } {
  if (config.allow.includes('destructive')) {
    const tables = gone.map((name) => ({ database: facts.database, name }))
    return { drops: tables.map((table) => ({ table, statements: target.render({ type: 'drop-table', table }) })), warnings: [] }
  }
  const warnings = gone.map(
    (name) => `${facts.source}.${name} is gone at the source: what target ${facts.target} has of it is kept (--allow-destructive drops it)`,
  )
  return { drops: [], warnings }
}
