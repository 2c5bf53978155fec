import type { Config } from '../config/config.ts'
import { matcher } from '../config/glob.ts'
import { canDigest } from '../contract/reader.ts'
import { deletesRows, type Target } from '../contract/target.ts'
import type { TableRef, TableSchema } from '../model/schema.ts'
import { matchingRule } from '../plan/assemble.ts'
import type { Guarantee, Strategy } from '../plan/plan.ts'
import { chooseStrategy, type StrategyFacts } from '../plan/strategy.ts'
import type { TargetState } from '../state/records.ts'
import type { Inventory } from './inventory.ts'

/** How a table will be kept in step once it has been copied: on a day on which nothing is the matter. */
export type Outlook = {
  readonly table: TableRef
  readonly strategy: Strategy['kind']
  /** Why this one, in a few words. */
  readonly reason: string
  /** The columns by which changes are found, where it goes by time. */
  readonly timed: readonly string[]
  readonly guarantee: Guarantee
  /** The guarantee of the best run that there is: not exact where no strategy is. */
  readonly best: Guarantee
}

/** Of the configuration, what decides how a table is synced. */
export type OutlookConfig = Pick<Config, 'tableRules' | 'mode' | 'forceFullTables' | 'lookbackMinutes'>

/** Pure. Without a target: as for one that can do everything. */
export function tableOutlook(config: OutlookConfig, inventory: Pick<Inventory, 'clock' | 'digests'>, schema: TableSchema, target: Target | undefined): Outlook {
  const rule = matchingRule(config, schema.table)
  const asked = target?.ask?.(schema) ?? schema
  const facts: StrategyFacts = {
    schema: asked,
    existing: target?.fit(asked, schema.table) ?? schema,
    changing: false,
    state: settled(inventory.clock.utc),
    sameServers: true,
    mode: config.mode,
    reconcileEveryMs: undefined,
    forceFull: matcher(config.forceFullTables)(schema.table.database, schema.table.name),
    rule,
    lookbackMinutes: config.lookbackMinutes,
    clock: inventory.clock,
    comparable: inventory.digests && (target === undefined || (canDigest(target) && deletesRows(target, schema))),
    addsOnce: target?.supports.addsOnce === true,
  }
  const { strategy, reason, guarantee } = chooseStrategy(facts)
  return {
    table: schema.table,
    strategy: strategy.kind,
    reason,
    timed: strategy.kind === 'time' ? strategy.columns : [],
    guarantee,
    best: chooseStrategy({ ...facts, mode: 'full' }).guarantee,
  }
}

/** The state after a run that went well. */
function settled(now: string): TargetState {
  const moment = `${now.slice(0, 19).replace(' ', 'T')}Z`
  return {
    last_sync_time: moment,
    sync_status: 'SUCCESS',
    sync_mode: 'INCREMENTAL',
    records_synced: 0,
    error_message: null,
    updated_at: moment,
    position: { columns: {} },
    compared_at: moment,
    source_id: '',
    target_id: '',
    target_database: '',
  }
}
