import type { RunMode, TableRule } from '../config/config.ts'
import type { SourceClock } from '../contract/source.ts'
import type { TableSchema } from '../model/schema.ts'
import type { TargetState } from '../state/records.ts'
import type { Guarantee, Strategy } from './plan.ts'
import { clockDoubt, isInherited, readFrom, type TimeColumns, type TimePosition, timeColumns, timePosition } from './time-columns.ts'

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

export type Choice = {
  readonly strategy: Strategy
  readonly reason: string
  readonly guarantee: Guarantee
  readonly warnings: readonly string[]
  /** Nothing asks for more than what is done of this table day by day. */
  readonly usual?: true
}

/** How a table goes on a day on which nothing is the matter. */
type Usual =
  | { readonly kind: 'digest' | 'full'; readonly reason: string }
  | { readonly kind: 'time'; readonly time: TimeColumns; readonly reservation: string | undefined }

/** The cheapest way that keeps the table right. */
export function chooseStrategy(facts: StrategyFacts): Choice {
  const { schema, state, rule } = facts
  if (facts.mode === 'full') return full(schema, 'asked for')
  // Whoever asks for it wants only those rows moved that differ, whatever is set or known of the table.
  if (facts.mode === 'reconcile' && facts.existing !== undefined && facts.comparable && facts.copy === undefined) return whole(facts, 'asked for')
  if (facts.forceFull || rule.mode === 'full') return full(schema, 'set in the configuration')
  if (facts.existing === undefined) return full(schema, 'first time')
  if (facts.copy !== undefined) return full(schema, facts.copy)
  if (state === undefined || state.last_sync_time === null) return firstTime(facts, facts.existing)
  const inDoubt = doubt(facts, state)
  if (inDoubt !== undefined) return whole(facts, inDoubt)
  if (facts.mode === 'reconcile') return whole(facts, 'asked for')
  if (isOverdue(facts, state)) return whole(facts, 'last compared as a whole too long ago')
  const usual = usualWay(facts)
  if (usual.kind !== 'time') return { ...(usual.kind === 'full' ? full(schema, usual.reason) : whole(facts, usual.reason)), usual: true }
  const { time, reservation } = usual
  const position = timePosition(state.position, time.columns, facts.clock)
  if (position === undefined) return whole(facts, 'no saved position')
  const wrongClock = clockDoubt(time.columns, position, facts.clock, rule.lookbackMinutes ?? facts.lookbackMinutes)
  if (wrongClock !== undefined) return whole(facts, wrongClock)
  return { ...byTime(facts, time, { position, comparedAt: state.compared_at }, reservation), usual: true }
}

/** What the next run will do if nothing is the matter then; for a table that is set to be copied in full it is not asked. */
export function usualWay(facts: Pick<StrategyFacts, 'schema' | 'existing' | 'rule' | 'comparable' | 'addsOnce'>): Usual {
  const { schema, rule, comparable } = facts
  if (rule.mode === 'digest') return { kind: 'digest', reason: 'set in the configuration' }
  if (schema.key.length === 0 && comparable) return { kind: 'digest', reason: 'no key: rows are compared by hash and count' }
  if (facts.existing?.transactional === false) return { kind: 'digest', reason: 'the engine of the copy has no transactions: it is replaced where it differs' }
  const time = timeColumns(schema, rule.timestampColumns)
  if (time === undefined) return { kind: 'digest', reason: 'no timestamp column' }
  const reservation = distrust(schema, time)
  if (reservation !== undefined && comparable && rule.mode !== 'time') return { kind: 'digest', reason: reservation }
  if (schema.key.length === 0 && !facts.addsOnce) return { kind: 'full', reason: 'no key' }
  return { kind: 'time', time, reservation }
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
  // What another tool said of its own work is no proof. A target that cannot be compared has to go on by time.
  if (isInherited(state.position) && facts.comparable && facts.rule.mode !== 'time') return 'taken over from an older tool, and compared once'
  return undefined
}

/** By the source's clock: ours may be anywhere. */
function isOverdue({ reconcileEveryMs, clock }: StrategyFacts, { compared_at }: TargetState): boolean {
  if (reconcileEveryMs === undefined) return false
  return compared_at === null || Date.parse(`${clock.utc.replace(' ', 'T')}Z`) - Date.parse(compared_at) >= reconcileEveryMs
}

/** Why timestamps do not show every change of this table. */
function distrust(schema: TableSchema, time: TimeColumns): string | undefined {
  const names = time.columns.map((column) => column.name).join(', ')
  if (!time.moving) return `${names} shows new rows only`
  const rewriting = schema.foreignKeys.find((key) => key.rewritesRows)
  if (rewriting !== undefined) return `foreign key ${rewriting.name} changes rows without moving ${names}`
  return undefined
}

type Reached = { readonly position: TimePosition; readonly comparedAt: string | null }

function byTime(facts: StrategyFacts, time: TimeColumns, { position, comparedAt }: Reached, reservation: string | undefined): Choice {
  const columns = time.columns.map((column) => column.name)
  const since = readFrom(time.columns, position, facts.rule.lookbackMinutes ?? facts.lookbackMinutes)
  const nullable = time.columns.filter((column) => column.nullable).map((column) => column.name)
  return {
    strategy: { kind: 'time', columns, since, position },
    reason: reservation ?? `rows newer by ${columns.join(', ')}`,
    guarantee: { level: 'exact-except', except: notShown(facts, time), since: comparedAt },
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
