import { createHash } from 'node:crypto'
import type { TargetSupports } from '../contract/target.ts'
import { isJsonObject, type JsonValue } from '../model/json.ts'
import type { TableSchema } from '../model/schema.ts'
import type { DatabaseState, TargetState } from './records.ts'

/** Raised whenever rows are hashed, read or written in another way than before: what is remembered of a table counts no more then. */
const VERSION = 1

/** What the source's table was when the copy was looked at and both were equal. While it is still that, nothing has to be asked of the copy. */
export type SourcePrint = SourceLook & {
  /** The form that the rows had: see `printForm`. */
  readonly form: string
  /** When the copy was last looked at (ISO 8601, UTC). */
  readonly at: string
}

/** What a look at the source found. */
export type SourceLook =
  /** Its rows, and the sum of their hashes. */
  | { readonly by: 'digest'; readonly rows: number; readonly sum: string }
  /** Its rows, and the rows since a moment, all of them in one hash. */
  | { readonly by: 'time'; readonly rows: number; readonly since: Readonly<Record<string, string>>; readonly window: string }

/** Equal where nothing but the rows decides what the copy should be: the definitions at both ends, and the settings of the target. */
export const printForm = (schema: TableSchema, wanted: TableSchema, billed: NonNullable<TargetSupports['billed']>): string =>
  createHash('sha256')
    .update(JSON.stringify([VERSION, billed.form, ...[schema, wanted].map(({ table, columns, key, rowHash = '' }) => [table, columns, key, rowHash])]))
    .digest('hex')

/**
 * The saved print, while it is worth something. What a run that failed or did not end has left says nothing of the copy: before it wrote the first row the state
 * had ceased to say `SUCCESS`. One of another shape counts as none.
 */
export function validPrint(state: TargetState | undefined, form: string): SourcePrint | undefined {
  const print = state?.source_print as JsonValue | undefined
  if (state?.sync_status !== 'SUCCESS' || !isJsonObject(print) || print['form'] !== form) return undefined
  const isWhole = typeof print['at'] === 'string' && !Number.isNaN(Date.parse(print['at'])) && Number.isSafeInteger(print['rows'])
  const isLook =
    (print['by'] === 'digest' && typeof print['sum'] === 'string') ||
    (print['by'] === 'time' && typeof print['window'] === 'string' && isJsonObject(print['since']))
  return isWhole && isLook ? (print as unknown as SourcePrint) : undefined
}

/** For a state that is put in the place of another one: what the copies have come to in between it cannot know. Pure. */
export function withoutPrints(state: DatabaseState): DatabaseState {
  const tables = Object.entries(state.tables).map(([name, table]) => {
    if (table.targets === undefined) return [name, table] as const
    const targets = Object.entries(table.targets).map(([target, saved]) => [target, withoutPrint(saved)] as const)
    return [name, { ...table, targets: Object.fromEntries(targets) }] as const
  })
  return { ...state, tables: Object.fromEntries(tables) }
}

export function withoutPrint(saved: TargetState): TargetState {
  const { source_print: _, ...rest } = saved
  return rest
}
