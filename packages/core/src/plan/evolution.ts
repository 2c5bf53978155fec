import type { Config, TableRule } from '../config/config.ts'
import type { Target } from '../contract/target.ts'
import { SyncError } from '../errors/sync-error.ts'
import { type TableRef, type TableSchema, tableName } from '../model/schema.ts'
import { type AlterPart, alterParts, partId, type SchemaChange, type SchemaDiff } from '../model/schema-diff.ts'
import { type Definition, diffOf } from './definitions.ts'

/** What becomes of a definition that differs. */
export type Evolution = {
  readonly diff: SchemaDiff
  readonly postpone: readonly string[]
  /** Rows have to be compared, or copied anew. */
  readonly rows: boolean
  /** The only way: a copy in full, which brings the definition along. */
  readonly copy?: string
  readonly lossy?: true
  readonly refusal?: SyncError
}

/**
 * Rows of the target that do not fit the new definition are rows that the source has changed or deleted since: it has a definition that
 * its own rows fit. So where it can be, the source's rows are written first and the definition follows; else the table is copied anew.
 * Only where neither is possible it takes an allowance.
 */
export function evolve(target: Target, definition: Definition, source: TableSchema, config: Config, rule: TableRule): Evolution {
  const { existing, wanted, diff, misfits, options } = definition
  const parts = alterParts(diff)
  const plain: Evolution = { diff, postpone: [], rows: concernsRows(diff) }
  if (diff.conflicts.length > 0) return { ...plain, refusal: schemaConflict(source.table, wanted.table, diff) }
  if (existing === undefined) return plain
  if (rule.schemaPolicy === 'freeze' && (parts.length > 0 || diff.changes.length > 0 || diff.kept.length > 0))
    return { ...plain, refusal: frozen(source, diff) }
  if (misfits.length === 0) return plain
  const postpone = misfits.map(({ part }) => part)
  if (misfits.every(({ canWait }) => canWait)) return { diff: diffOf(target, existing, wanted, { ...options, postpone }), postpone, rows: true }
  const why = misfits.map((misfit) => misfit.why).join('; ')
  if (target.makesAnew?.({ disposition: 'replace', schema: wanted, existing: diff.altered ?? existing })) {
    return { ...plain, rows: true, copy: `its new definition does not take all rows of the copy (${why})` }
  }
  if (config.allow.includes('destructive')) return { diff: cutting(diff), postpone: [], rows: true, lossy: true }
  const names = parts.filter((part) => postpone.includes(partId(part))).map(partText)
  return { ...plain, refusal: narrows(source, wanted, why, names) }
}

/** The change that existing rows do not survive as they are. */
const cutting = (diff: SchemaDiff): SchemaDiff => ({
  ...diff,
  changes: diff.changes.map((change) => (change.type === 'alter-table' ? { ...change, lossy: true } : change)),
})

const concernsRows = (diff: SchemaDiff): boolean =>
  diff.changes.some((change) => change.type === 'add-column') || alterParts(diff).some((part) => part.rows === true)

/** One part for people: `column name: type varchar(9), was varchar(5)`. */
function partText(part: AlterPart): string {
  const what = `${part.kind.replace('-', ' ')} ${part.name}`
  if (part.action === 'move') return `${what} stands at another place`
  if (part.action === 'add') return `${what} is added${part.to === undefined ? '' : ` (${part.to})`}`
  if (part.action === 'drop') return `${what} is dropped`
  return `${what}: ${part.to ?? 'none'}, was ${part.from ?? 'none'}`
}

/** All that differs, one sentence each; a foreign key that goes and comes back is named once. */
export const differencesOf = (diff: SchemaDiff): readonly string[] => [
  ...new Set([
    ...alterParts(diff).map(partText),
    ...diff.changes.flatMap((change: SchemaChange) => (change.type === 'add-column' ? [`column ${change.column} is added`] : [])),
  ]),
]

export const schemaConflict = (source: TableRef, wanted: TableRef, { conflicts, remedy }: SchemaDiff): SyncError =>
  new SyncError('SCHEMA_CONFLICT', `${tableName(source)} is defined differently at the target: ${conflicts.join('; ')}.`, {
    kind: 'refused',
    table: source,
    hint: remedy ?? `Make the definitions equal by hand, or drop ${tableName(wanted)} at the target: the next run creates it from the source.`,
  })

function frozen(source: TableSchema, diff: SchemaDiff): SyncError {
  const all = [...differencesOf(diff), ...diff.kept.map((name) => `only the target has column ${name}`)]
  return new SyncError('SCHEMA_FROZEN', `${tableName(source.table)} is frozen, and its definition differs: ${all.join('; ')}.`, {
    kind: 'refused',
    table: source.table,
    hint: 'Set schema_policy to "evolve" for this table to let the copy follow, or change the copy by hand.',
  })
}

const narrows = (source: TableSchema, wanted: TableSchema, why: string, parts: readonly string[]): SyncError =>
  new SyncError('SCHEMA_NARROWS', `${tableName(source.table)} has a new definition that rows of the copy do not fit: ${why}. (${parts.join('; ')})`, {
    kind: 'refused',
    table: source.table,
    hint: `Change those rows of ${tableName(wanted.table)}; or drop that table, so that the next run copies it anew; or run once with --allow destructive, which cuts what does not fit and then compares every row.`,
  })
