import type { Allowance } from '../config/allowances.ts'
import { SyncError } from '../errors/sync-error.ts'
import { tableName } from '../model/schema.ts'
import type { TablePlan } from '../plan/plan.ts'
import type { Effect } from './differences.ts'

/** So many rows may always go, whatever portion of the table they are: of a small table every row is a large portion. */
const ALWAYS_DELETABLE = 10

export type GuardOptions = {
  readonly plan: TablePlan
  readonly maxDeletePercent: number
  readonly allow: readonly Allowance[]
  /** The rows that are at the target may be somebody else's. */
  readonly strangers: boolean
  /** Called when the guard has let everything pass and the commit comes next: what is at the target belongs to this sync from then on. */
  readonly adopt: () => Promise<void>
}

type Counts = { readonly source: number; readonly target: number }

/** Stands between what was found and what is written. Every method throws a `refused` error, before anything is written where it can. */
export interface TableGuard {
  /** True where the target's rows may be somebody else's: a copy in full has to compare first. */
  readonly suspicious: boolean
  /** The rows at both ends: the target loses at least the difference. What `add` was told of before is forgotten. */
  counts(counts: Counts): void
  /** What one more finding would do. */
  add(effect: Effect): void
  /** All findings are in: `counts` and `add` have the whole table. */
  check(): void
  /** Nothing is known but that the target has rows. */
  refuseUnknown(rows: number): void
  passed(): Promise<void>
}

export function tableGuard({ plan, maxDeletePercent, allow, strangers, adopt }: GuardOptions): TableGuard {
  const deletesAllowed = allow.includes('deletes')
  const suspicious = strangers && !allow.includes('unknown-rows')
  let rowsThere: number | undefined
  let deleted = 0
  let overwritten = 0

  function refuseDeletes(rows: number, there: number): void {
    if (deletesAllowed || rows <= ALWAYS_DELETABLE || rows * 100 <= there * maxDeletePercent) return
    throw tooManyDeletes(plan, rows, there, maxDeletePercent)
  }

  return {
    suspicious,
    counts({ source, target }) {
      rowsThere = target
      deleted = 0
      overwritten = 0
      if (source === 0 && target > 0 && !deletesAllowed) throw sourceEmpty(plan, target)
      refuseDeletes(target - source, target)
    },
    add(effect) {
      deleted += effect.deleted
      overwritten += effect.overwritten
    },
    check() {
      if (suspicious && deleted + overwritten > 0) throw unknownRows(plan, `${many(deleted, 'row')} would be deleted and ${number(overwritten)} overwritten`)
      if (rowsThere !== undefined) refuseDeletes(deleted, rowsThere)
    },
    refuseUnknown(rows) {
      if (suspicious && rows > 0) throw unknownRows(plan, `it has ${many(rows, 'row')}, which cannot be compared`)
    },
    passed: adopt,
  }
}

function sourceEmpty(plan: TablePlan, rows: number): SyncError {
  return refused(
    plan,
    'SOURCE_EMPTY',
    `${names(plan).source} has no rows at the source, and its copy ${names(plan).target} has ${number(rows)}.`,
    'deletes',
    'it was emptied on purpose',
  )
}

function tooManyDeletes(plan: TablePlan, rows: number, there: number, limit: number): SyncError {
  const percent = Math.floor((rows * 1000) / there) / 10
  return refused(
    plan,
    'TOO_MANY_DELETES',
    `${number(rows)} of the ${many(there, 'row')} of ${names(plan).target} would be deleted: ${percent} %, and max_delete_percent is ${limit}.`,
    'deletes',
    'they were deleted at the source on purpose',
  )
}

function unknownRows(plan: TablePlan, what: string): SyncError {
  const { source, target } = names(plan)
  return refused(
    plan,
    'UNKNOWN_ROWS',
    `${target} was there before its first sync, and does not hold the rows of ${source}: ${what}.`,
    'unknown-rows',
    'it is the right database',
  )
}

function refused(plan: TablePlan, code: string, message: string, allowance: Allowance, reason: string): SyncError {
  return new SyncError(code, message, {
    kind: 'refused',
    table: plan.schema.table,
    hint: `Nothing was changed in it. Look with \`dbsync verify\` which rows differ. If ${reason}, say so once with --allow ${allowance}.`,
  })
}

const names = ({ schema, wanted }: TablePlan) => ({ source: tableName(schema.table), target: tableName(wanted.table) })
const number = (value: number): string => value.toLocaleString('en-US')
const many = (count: number, what: string): string => `${number(count)} ${what}${count === 1 ? '' : 's'}`
