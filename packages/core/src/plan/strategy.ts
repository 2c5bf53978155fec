import type { RunMode, TableRule } from '../config/config.ts'
import type { SourceClock } from '../contract/source.ts'
import type { TableSchema } from '../model/schema.ts'
import type { TargetState } from '../state/records.ts'
import type { Guarantee, Strategy } from './plan.ts'
import { clockDoubt, isTimePosition, readFrom, type TimeColumns, timeColumns } from './time-columns.ts'

/** What the choice depends on, and nothing else: no I/O here. */
export type StrategyFacts = {
  readonly schema: TableSchema
  readonly existing: TableSchema | undefined
  /** The definition at the target changes in this run, and with it what rows hold: no timestamp tells of that. */
  readonly changing: boolean
  /** Why only a copy in full can bring the new definition. */
  readonly copy?: string | undefined
  readonly state: TargetState | undefined
  /** The saved position belongs to these two servers. */
  readonly sameServers: boolean
  readonly mode: RunMode
  readonly reconcileEveryMs: number | undefined
  readonly forceFull: boolean
  readonly rule: TableRule
  readonly lookbackMinutes: number
  /** The source's, now. */
  readonly clock: SourceClock
  /** Both ends can digest, and the target can delete what only it has. */
  readonly comparable: boolean
  /** The target adds rows of a table without a key only once, however often they come. */
  readonly addsOnce?: boolean
}

export type Choice = { readonly strategy: Strategy; readonly reason: string; readonly guarantee: Guarantee; readonly warnings: readonly string[] }

/** The cheapest way that keeps the table right. */
export function chooseStrategy(facts: StrategyFacts): Choice {
  const { schema, state, rule } = facts
  if (facts.mode === 'full') return full(schema, 'asked for')
  // Whoever asks for it wants only those rows moved that differ, whatever is set or known of the table.
  if (facts.mode === 'reconcile' && facts.existing !== undefined && facts.comparable) return whole(facts, 'asked for')
  if (facts.forceFull || rule.mode === 'full') return full(schema, 'set in the configuration')
  if (facts.existing === undefined) return full(schema, 'first time')
  if (facts.copy !== undefined) return full(schema, facts.copy)
  if (state === undefined || state.last_sync_time === null) return firstTime(facts, facts.existing)
  const inDoubt = doubt(facts, state)
  if (inDoubt !== undefined) return whole(facts, inDoubt)
  if (facts.mode === 'reconcile') return whole(facts, 'asked for')
  if (isOverdue(facts, state)) return whole(facts, 'last compared as a whole too long ago')
  if (rule.mode === 'digest') return whole(facts, 'set in the configuration')
  if (schema.key.length === 0 && facts.comparable) return whole(facts, 'no key: rows are compared by hash and count')
  if (!facts.existing.transactional) return whole(facts, 'the engine of the copy has no transactions: it is replaced where it differs')
  const time = timeColumns(schema, rule.timestampColumns)
  if (time === undefined) return whole(facts, 'no timestamp column')
  const reservation = distrust(facts, time)
  if (reservation !== undefined && facts.comparable && rule.mode !== 'time') return whole(facts, reservation)
  if (schema.key.length === 0 && !facts.addsOnce) return full(schema, 'no key')
  if (!isTimePosition(state.position)) return whole(facts, 'no saved position')
  const wrongClock = clockDoubt(time.columns, state.position, facts.clock, rule.lookbackMinutes ?? facts.lookbackMinutes)
  if (wrongClock !== undefined) return whole(facts, wrongClock)
  return byTime(facts, time, state, reservation)
}

/** What is there already is compared: it may be equal but for a few rows, and it may be something else altogether. */
function firstTime(facts: StrategyFacts, existing: TableSchema): Choice {
  const rows = existing.estimate?.rows ?? 0
  return rows > 0 && facts.comparable ? whole(facts, 'first time, and the copy has rows') : full(facts.schema, 'first time')
}

/** Why the saved position must not be trusted. */
function doubt(facts: StrategyFacts, state: TargetState): string | undefined {
  if (state.sync_status === 'FAILED') return 'the last run failed'
  if (!facts.sameServers) return 'the source or the target is another server than last time'
  if (facts.changing) return 'the definition changes'
  return undefined
}

/** By the source's clock: ours may be anywhere. */
function isOverdue({ reconcileEveryMs, clock }: StrategyFacts, { compared_at }: TargetState): boolean {
  if (reconcileEveryMs === undefined) return false
  return compared_at === null || Date.parse(`${clock.utc.replace(' ', 'T')}Z`) - Date.parse(compared_at) >= reconcileEveryMs
}

/** Why timestamps do not show every change of this table. */
function distrust({ schema }: StrategyFacts, time: TimeColumns): string | undefined {
  const names = time.columns.map((column) => column.name).join(', ')
  if (!time.moving) return `${names} shows new rows only`
  const rewriting = schema.foreignKeys.find((key) => key.rewritesRows)
  if (rewriting !== undefined) return `foreign key ${rewriting.name} changes rows without moving ${names}`
  return undefined
}

function byTime(facts: StrategyFacts, time: TimeColumns, state: TargetState, reservation: string | undefined): Choice {
  if (!isTimePosition(state.position)) throw new Error('a position is needed here')
  const columns = time.columns.map((column) => column.name)
  const since = readFrom(time.columns, state.position, facts.rule.lookbackMinutes ?? facts.lookbackMinutes)
  const nullable = time.columns.filter((column) => column.nullable).map((column) => column.name)
  return {
    strategy: { kind: 'time', columns, since, position: state.position },
    reason: reservation ?? `rows newer by ${columns.join(', ')}`,
    guarantee: { level: 'exact-except', except: notShown(facts, time), since: state.compared_at },
    warnings: nullable.length === 0 ? [] : [`${nullable.join(', ')} may be NULL: such rows are read again in every run`],
  }
}

/** What timestamps do not show of this table. */
function notShown({ schema, comparable }: StrategyFacts, { moving, columns }: TimeColumns): string {
  if (schema.key.length === 0) return 'updates and deletes: rows are only added, and one that is updated leaves its old version'
  if (!moving) return 'updates and deletes: rows are only added'
  const changes = `changes that did not move ${columns.map((column) => column.name).join(', ')}`
  return comparable ? changes : `deletes, and ${changes}`
}

function whole(facts: StrategyFacts, reason: string): Choice {
  if (!facts.comparable) return full(facts.schema, reason)
  return { strategy: { kind: 'digest' }, reason, guarantee: exactOrMoving(facts.schema), warnings: [] }
}

function full(schema: TableSchema, reason: string): Choice {
  return { strategy: { kind: 'full' }, reason, guarantee: exactOrMoving(schema), warnings: [] }
}

const exactOrMoving = (schema: TableSchema): Guarantee =>
  schema.transactional
    ? { level: 'exact' }
    : { level: 'exact-except', except: 'rows that changed while the table was read: its engine has no snapshots', since: null }
