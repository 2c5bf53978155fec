import pLimit from 'p-limit'
import type { Target } from '../contract/target.ts'
import { errorJson, SyncError } from '../errors/sync-error.ts'
import { type Emit, emitter, type Listener } from '../events/event.ts'
import { mustHave } from '../model/must.ts'
import { storedColumns, tableName } from '../model/schema.ts'
import { matchingRule } from '../plan/assemble.ts'
import type { Plan, TablePlan } from '../plan/plan.ts'
import { isTimePosition, timeColumns } from '../plan/time-columns.ts'
import { BATCH_BYTES } from '../run/batch-bytes.ts'
import type { Pace } from '../run/compare.ts'
import { Meter } from '../run/meter.ts'
import type { PreparedRun } from '../run/prepare.ts'
import { type Help, helpFrom, largestFirst, tablesAtOnce } from '../run/share.ts'
import type { TargetState } from '../state/records.ts'
import { paceOf } from './pace.ts'
import type { TableVerification, Totals, VerifyReport } from './report.ts'
import { cellAt } from './show.ts'
import { type Newer, Tally } from './tally.ts'
import { compareTable } from './verify-table.ts'

export type VerifyOptions = {
  readonly signal: AbortSignal
  readonly listeners: readonly Listener[]
  /** Differences that are shown of one table; all are counted. */
  readonly limit: number
  /** Told of every table that needs a repair: its rows that differ, by packed key, where all of them are known so. */
  readonly found?: (id: string, keys: readonly Uint8Array[] | undefined) => void
}

/**
 * Compares the tables of a plan that was made with `purpose: 'verify'`. Reads both ends and writes nothing. What happens to one table stays with it,
 * as in a run.
 */
export async function verifyRun(prepared: PreparedRun, { signal, listeners, limit, found = () => {} }: VerifyOptions): Promise<VerifyReport> {
  const { plan, config, snapshot, endpoints } = prepared
  const emit = emitter(plan.run, listeners)
  const startedAt = new Date()
  const warnings = new Set([...plan.warnings, ...(await runsAtWork(prepared, signal))])
  emit({ type: 'run.planned', plan })
  for (const message of warnings) emit({ type: 'warning', message })

  const readers = [{ name: 'source', reader: snapshot }, ...[...endpoints.targets].map(([name, reader]) => ({ name: `target ${name}`, reader }))]
  const pace = paceOf({ ...config.verify, readers, signal, warn: (message) => void warnings.add(message) })
  const slots = pLimit(tablesAtOnce(prepared))
  const help = helpFrom(slots)
  const jobs = plan.targets.flatMap((target) =>
    target.databases.flatMap((database) =>
      database.tables.map((table) => {
        const state = prepared.recorders.get(database.source)?.of(target.name, table.schema.table.name)
        return { prepared, plan: table, target: mustHave(endpoints.targets, target.name), state, pace, help, limit, emit, found, signal }
      }),
    ),
  )
  const verified = new Map(largestFirst(jobs).map((job) => [job, slots(() => verifyTable(job))]))
  const tables = await Promise.all(jobs.map((job) => mustHave(verified, job)))
  const finishedAt = new Date()
  return {
    run: plan.run,
    status: statusOf(plan, tables, signal),
    level: config.verify.level,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    ms: finishedAt.getTime() - startedAt.getTime(),
    tables,
    ...(plan.unplanned === undefined ? {} : { unplanned: plan.unplanned }),
    totals: sum(tables),
    warnings: [...warnings],
  }
}

function statusOf({ unplanned }: Plan, tables: readonly TableVerification[], signal: AbortSignal): VerifyReport['status'] {
  if (signal.aborted || tables.some(({ outcome }) => outcome === 'cancelled')) return 'cancelled'
  if (tables.some(({ outcome }) => outcome === 'different')) return 'different'
  return unplanned !== undefined || tables.some(({ outcome }) => outcome === 'failed') ? 'incomplete' : 'equal'
}

const NONE: Totals = { rowsCompared: 0, missing: 0, extra: 0, changed: 0, notSynced: 0, settled: 0 }

function sum(tables: readonly Totals[]): Totals {
  const add = (a: Totals, b: Totals): Totals => ({
    rowsCompared: a.rowsCompared + b.rowsCompared,
    missing: a.missing + b.missing,
    extra: a.extra + b.extra,
    changed: a.changed + b.changed,
    notSynced: a.notSynced + b.notSynced,
    settled: a.settled + b.settled,
  })
  return tables.reduce(add, NONE)
}

/** A verification takes no lock: it says so where somebody else has it. */
async function runsAtWork({ plan, endpoints }: PreparedRun, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = []
  for (const { name, databases } of plan.targets) {
    const target = mustHave(endpoints.targets, name)
    for (const { target: database } of databases) {
      try {
        if (await target.locked?.(database, signal))
          found.push(`a run is writing to ${database} (target ${name}): rows that it changes meanwhile are looked at again`)
      } catch (error) {
        signal.throwIfAborted()
        if (!SyncError.is(error) || error.kind === 'bug') throw error
        // Where this target is gone its tables will say so, and the other targets can still be compared.
        found.push(`it cannot be seen whether a run is writing to ${database} (target ${name}): ${error.message}`)
      }
    }
  }
  return found
}

type Job = {
  readonly prepared: PreparedRun
  readonly plan: TablePlan
  readonly target: Target
  readonly state: TargetState | undefined
  readonly pace: Pace | undefined
  readonly help: Help
  readonly limit: number
  readonly emit: Emit
  readonly found: NonNullable<VerifyOptions['found']>
  readonly signal: AbortSignal
}

async function verifyTable(job: Job): Promise<TableVerification> {
  const { prepared, plan, emit, signal, limit } = job
  const started = performance.now()
  const { level } = prepared.config.verify
  const schema = schemaLines(plan)
  const tally = new Tally(plan.schema, limit, newerThan(job))
  const done = (more: Pick<TableVerification, 'outcome' | 'level'> & Partial<TableVerification>): TableVerification => {
    const ms = Math.round(performance.now() - started)
    const result = { id: plan.id, schema, warnings: plan.warnings, ...tally.totals, differences: tally.differences, ms, ...more }
    emit({ type: 'table.verified', id: plan.id, result })
    const complete = schema.length === 0 && more.error === undefined
    if (more.outcome === 'different' || (more.outcome === 'equal' && result.notSynced > 0)) job.found(plan.id, complete ? tally.keys : undefined)
    return result
  }
  if (signal.aborted) return done({ outcome: 'cancelled', level })
  const total = plan.schema.estimate?.rows
  emit({ type: 'table.started', id: plan.id, attempt: 1, ...(total === undefined ? {} : { rows: total }) })
  try {
    const used = await compare(job, tally)
    return done({ outcome: tally.different > 0 || schema.length > 0 ? 'different' : 'equal', level: used })
  } catch (error) {
    const failure = errorJson(error)
    if (signal.aborted || failure.kind === 'cancelled') return done({ outcome: 'cancelled', level })
    // What was found before stays found.
    const outcome = tally.different > 0 || schema.length > 0 ? 'different' : 'failed'
    return done({ outcome, level, error: failure })
  }
}

async function compare({ prepared, plan, target, pace, help, emit, signal }: Job, tally: Tally): Promise<VerifyReport['level']> {
  const { snapshot: source, config, endpoints } = prepared
  const { schema, wanted, existing } = plan
  const { level } = config.verify
  if (existing === undefined) {
    tally.countRows(await source.count(schema, signal), 0)
    return 'count'
  }
  // Columns that are not there cannot be compared: the definition says it all then.
  const there = new Set(storedColumns(existing).map(({ name }) => name.toLowerCase()))
  const comparable = storedColumns(wanted).every(({ name }) => there.has(name.toLowerCase()))
  // Equal bytes of unequal types may be unequal values.
  const careful = level === 'checksum' && schemaLines(plan).length > 0 ? 'digest' : level
  const meter = new Meter(emit, plan.id)
  meter.phase('compare', schema.estimate?.rows)
  const ends = {
    source,
    target,
    schema,
    wanted,
    batchRows: config.batchRows,
    batchBytes: BATCH_BYTES,
    signal,
    compared: (rows: number) => meter.compared(rows),
    help,
  }
  const paced = pace === undefined ? ends : { ...ends, pace }
  return await compareTable(paced, comparable ? careful : 'count', tally, {
    open: () => endpoints.source.open({ readers: 1, signal }),
    busy: async () => (await target.locked?.(wanted.table.database, signal)) ?? false,
  })
}

/** What a run would change in the definition, or refuses to; each statement is one line. */
function schemaLines({ existing, wanted, statements, before = [], after = [], differences = [], refused }: TablePlan): readonly string[] {
  if (existing === undefined) return [`${tableName(wanted.table)} is not at the target`]
  const conflict = refused?.code.startsWith('SCHEMA_') || refused?.code === 'COLUMNS_NOT_VISIBLE' ? [refused.message] : []
  const all = [...before, ...statements, ...after.flatMap((change) => change.statements)]
  // A copy in full brings the definition along: there is no statement for it.
  const lines =
    all.length > 0 ? all.map((sql) => `the definition differs: a run would execute ${sql}`) : differences.map((text) => `the definition differs: ${text}`)
  return [...conflict, ...(conflict.length > 0 ? [] : lines)].map((line) => line.replaceAll(/\s+/g, ' '))
}

/** By the time columns and the position of the last sync: later values at the source, which the target does not have. */
function newerThan({ prepared, plan: { schema }, state }: Job): Newer {
  const position = state?.position
  const time = timeColumns(schema, matchingRule(prepared.config, schema.table).timestampColumns)
  if (time === undefined || !isTimePosition(position) || state?.source_id !== prepared.sourceIdentity.id) return () => false
  const stored = storedColumns(schema).map(({ name }) => name)
  const columns = time.columns.map(({ name }) => ({ place: stored.indexOf(name), after: position.columns[name] ?? '' }))
  const text = (row: Uint8Array, place: number) => {
    const cell = cellAt(row, place)
    return cell === null ? '' : Buffer.from(cell).toString('latin1')
  }
  return (source, target) =>
    columns.some(({ place, after }) => text(source, place) > after && (target === undefined || text(target, place) < text(source, place)))
}
