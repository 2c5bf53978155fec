import {
  type Config,
  type Finding,
  type Guarantee,
  type Inventory,
  type Outlook,
  type Plan,
  planRun,
  SyncError,
  type TableSchema,
  type Target,
  tableName,
  tableOutlook,
} from '@dbsync/core'
import { plural } from '../render/format.ts'
import { attempt, expected, needed } from './attempt.ts'
import { type Check, Unchecked } from './check.ts'
import type { Context } from './context.ts'
import { byHand, failureOf, note, ok, warning } from './findings.ts'

const SHOWN = 20
/** What other groups tell with a better way out. */
const TOLD_ELSEWHERE = new Set(['DATABASE_NOT_VISIBLE', 'ROLLBACK_UNFINISHED', 'STATE_UNREADABLE', 'STATE_LEGACY'])

/** How the tables will be kept in step, and what a run would refuse. */
export const tables: Check = {
  id: 'tables',
  title: 'Tables',
  async run(context) {
    const config = needed(context.config, 'the configuration cannot be used')
    const inventory = needed(context.inventory, 'the source cannot be read')
    const troubles = inventory.troubles.map(({ error }) => {
      if (SyncError.is(error)) return failureOf('table', error)
      throw error
    })
    if (inventory.tables.length === 0) return troubles.length > 0 ? troubles : [note('table', 'The source shows no table that the configuration selects.')]
    const looks = [...opened(context).values()].flatMap((target) => inventory.tables.map((schema) => tableOutlook(config, inventory, schema, target)))
    const all = looks.length > 0 ? looks : inventory.tables.map((schema) => tableOutlook(config, inventory, schema, undefined))
    const handled = new Set(inventory.tables.filter(({ transactional }) => !transactional).map(({ table }) => tableName(table)))
    return [
      ...troubles,
      summary(all),
      ...inexact(all.filter(({ table }) => !handled.has(tableName(table)))),
      ...byTime(config, all),
      ...leftAlone(config, billed(context, config, inventory)),
      ...(await planned(context, config)),
    ]
  },
}

const opened = ({ targets }: Context): ReadonlyMap<string, Target> =>
  new Map([...targets].flatMap(([name, each]) => (each.ok ? [[name, each.value] as const] : [])))

function summary(looks: readonly Outlook[]): Finding {
  const names = { time: 'by timestamp', digest: 'by digest', full: 'in full' } as const
  const groups = [...Map.groupBy(looks, ({ strategy }) => strategy)].map(([strategy, members]) => `${members.length} ${names[strategy]}`)
  return ok('strategy', `${plural(looks.length, 'table')} will be kept in step: ${groups.join(', ')}.`)
}

/** Of a table without transactions the source tells itself, with the way out. */
function inexact(looks: readonly Outlook[]): readonly Finding[] {
  const found = looks.flatMap(({ table, best }) =>
    best.level === 'exact' ? [] : [warning('inexact', `${tableName(table)}: no strategy can keep it exact: ${exceptionOf(best)}.`)],
  )
  return found.slice(0, SHOWN)
}

const exceptionOf = (guarantee: Guarantee): string => ('except' in guarantee ? guarantee.except : guarantee.level)

/** Whether something compares whole tables from time to time. */
const reconciles = ({ mode, reconcileEveryMs, schedules }: Reconciling): boolean =>
  reconcileEveryMs !== undefined ||
  mode === 'reconcile' ||
  schedules.some((job) => job.enabled && job.command === 'run' && (job.mode === 'reconcile' || job.mode === 'full'))

type Reconciling = Pick<Config, 'mode' | 'reconcileEveryMs' | 'schedules'>

const RECONCILE = { by: 'setting', file: 'sync-config.json', value: { sync_settings: { reconcile_every: '7d' } } } as const

/** Targets where looking costs money, with the tables that are not copied in full each time. */
function billed(context: Context, config: Config, inventory: Inventory): ReadonlyMap<string, readonly TableSchema[]> {
  const watched = (target: Target) => inventory.tables.filter((schema) => tableOutlook(config, inventory, schema, target).strategy !== 'full')
  return new Map([...opened(context)].filter(([, { supports }]) => supports.billed !== undefined).map(([name, target]) => [name, watched(target)]))
}

/** Where looking costs money, a run leaves alone what has not changed at the source. */
export function leftAlone(config: Reconciling, tablesOf: ReadonlyMap<string, readonly Pick<TableSchema, 'table'>[]>): readonly Finding[] {
  if (reconciles(config)) return []
  return [...tablesOf].flatMap(([name, [first, ...others]]) => {
    if (first === undefined) return []
    const such = `${plural(others.length + 1, 'table')}, such as ${tableName(first.table)}`
    const message = `Nothing compares the copies at target ${name} as a whole (${such}): a table whose source has not changed is left alone there, and what others did to its copy would stay unnoticed.`
    return [warning('reconcile', message, RECONCILE)]
  })
}

function byTime(config: Config, looks: readonly Outlook[]): readonly Finding[] {
  const timed = looks.filter(({ strategy }) => strategy === 'time')
  const [first] = timed
  if (first === undefined) return []
  const found: Finding[] = []
  if (!reconciles(config)) {
    const message = `Nothing compares tables as a whole that go by timestamp (${plural(timed.length, 'table')}, such as ${tableName(first.table)}): ${exceptionOf(first.guarantee)} would stay unnoticed.`
    found.push(warning('reconcile', message, RECONCILE))
  }
  if (config.lookbackMinutes === 0) {
    const message = 'lookback_minutes is 0: a transaction that commits after a run has read, with a timestamp from before, is missed.'
    found.push(warning('lookback', message, { by: 'setting', file: 'params.json', value: { lookback_minutes: 10 } }))
  } else {
    found.push(
      ok(
        'lookback',
        `Runs by timestamp read the last ${plural(config.lookbackMinutes, 'minute')} again, so that whole seconds and late commits do not matter.`,
      ),
    )
  }
  return found
}

/** Everything that a run would find out before it writes, with the targets that can be reached. Takes no lock. */
async function planned(context: Context, config: Config): Promise<readonly Finding[]> {
  const targets = opened(context)
  if (targets.size === 0) throw new Unchecked('A run was not planned: no target can be opened.')
  const source = needed(context.source, 'the source cannot be opened')
  const state = needed(context.state, 'the state cannot be opened')
  const { signal } = context.session.interrupt
  const reachable = { ...config, targets: config.targets.filter(({ name }) => targets.has(name)), maxRetries: 0 }
  const plan = await attempt(signal, async () => {
    await using prepared = await planRun({ source, targets, state }, reachable, { run: 'doctor', signal, lock: false })
    return prepared.plan
  })
  if (plan.ok) return [...refusals(plan.value), ...plan.value.warnings.map((message) => note('plan', message))]
  const error = expected(plan.error)
  return TOLD_ELSEWHERE.has(error.code)
    ? [{ level: 'unchecked', id: 'plan', message: `A run was not planned: ${error.message}` }]
    : [{ ...failureOf('plan', error), message: `No run can be planned: ${error.message}` }]
}

function refusals(plan: Plan): readonly Finding[] {
  const planned = plan.targets.flatMap(({ databases }) => databases.flatMap(({ tables: each }) => each))
  const refused = planned.flatMap(({ refused: why }): readonly Finding[] =>
    why === undefined
      ? []
      : [{ level: 'failure', id: 'refused', message: why.message, kind: why.kind, ...(why.hint === undefined ? {} : { fix: byHand(why.hint) }) }],
  )
  const notes = planned.flatMap(({ schema, warnings }) => warnings.map((message) => note('table', `${tableName(schema.table)}: ${message}.`)))
  const more = (found: readonly Finding[]) => (found.length > SHOWN ? [note('table', `${plural(found.length - SHOWN, 'more finding')} of this kind.`)] : [])
  const verdict = refused.length === 0 ? [ok('plan', 'A run could be planned, and would refuse none of them.')] : []
  return [...verdict, ...refused.slice(0, SHOWN), ...more(refused), ...notes.slice(0, SHOWN), ...more(notes)]
}
