import type { AlterPart, DiffOptions } from '@dbsync/core/plugin'
import { type ConstraintPart, canonicalExpression, parseForeignKey, quoteId } from '@dbsync/mysql'
import type { Dialect } from './dialect.ts'
import type { ColumnsDiff } from './diff-columns.ts'
import { loosely } from './diff-columns.ts'
import { foreignKeyText, lower, type TableShape } from './table-shape.ts'

/** CHECK constraints of the table; those of a column are the column's. */
export function diffChecks(actual: TableShape, wanted: TableShape, { drop }: DiffOptions, columns: ColumnsDiff, dialect: Dialect): readonly AlterPart[] {
  const parts: AlterPart[] = []
  const described = (part: ConstraintPart) => ({ kind: 'check' as const, name: part.name })
  const text = (part: ConstraintPart) => canonicalExpression(part.definition.replace(/^CONSTRAINT (?:`(?:[^`]|``)*`) /, '').replace(/^CHECK /, ''))
  const dropped = (part: ConstraintPart) => `${dialect.dropCheck} ${quoteId(part.name)}`
  // MySQL looks at the rows that are there; this session of MariaDB does not.
  const narrowing = dialect.flavour === 'mysql' ? ({ narrowing: true } as const) : {}
  for (const [name, part] of wanted.checks) {
    const there = actual.checks.get(name)
    if (there === undefined) parts.push({ ...described(part), action: 'add', to: text(part), clauses: [`ADD ${part.definition}`], ...narrowing })
    else if (wanted.translated ? loosely(text(there)) !== loosely(text(part)) : text(there) !== text(part)) {
      parts.push({ ...described(part), action: 'change', from: text(there), to: text(part), clauses: [dropped(there), `ADD ${part.definition}`], ...narrowing })
    }
  }
  for (const [name, part] of actual.checks) {
    if (wanted.checks.has(name) || drop === 'nothing' || mentions(part.definition, columns.kept)) continue
    parts.push({ ...described(part), action: 'drop', from: text(part), clauses: [dropped(part)] })
  }
  return parts
}

const mentions = (definition: string, names: ReadonlySet<string>): boolean => [...names].some((name) => definition.toLowerCase().includes(quoteId(name)))

export type ForeignKeysDiff = { readonly before: readonly AlterPart[]; readonly after: readonly AlterPart[] }

/** A foreign key that changes goes first and comes back last: one statement cannot do both, and neither can it stand over a column that changes its type. */
export function diffForeignKeys(actual: TableShape, wanted: TableShape, options: DiffOptions, columns: ColumnsDiff, dialect: Dialect): ForeignKeysDiff {
  const before: AlterPart[] = []
  const after: AlterPart[] = []
  const retyped = new Set(columns.parts.filter((part) => part.retypes).map((part) => lower(part.name)))
  const described = (part: ConstraintPart) => ({ kind: 'foreign-key' as const, name: part.name })
  const drop = (part: ConstraintPart) => `DROP FOREIGN KEY ${quoteId(part.name)}`
  for (const [name, part] of wanted.foreignKeys) {
    const there = actual.foreignKeys.get(name)
    const to = foreignKeyText(part, wanted.schema, dialect)
    const from = there === undefined ? undefined : foreignKeyText(there, actual.schema, dialect)
    const remake = options.remake?.includes(part.name) || parseForeignKey(part).columns.some((column) => retyped.has(lower(column)))
    if (there === undefined) after.push({ ...described(part), action: 'add', to, clauses: [`ADD ${part.definition}`] })
    else if (from !== to || remake) {
      const change = { ...described(part), action: 'change' as const, from: from as string, to }
      before.push({ ...change, clauses: [drop(there)] })
      after.push({ ...change, clauses: [`ADD ${part.definition}`] })
    }
  }
  for (const [name, part] of actual.foreignKeys) {
    if (wanted.foreignKeys.has(name) || options.drop === 'nothing') continue
    if (parseForeignKey(part).columns.every((column) => columns.kept.has(lower(column)))) continue
    before.push({ ...described(part), action: 'drop', from: foreignKeyText(part, actual.schema, dialect), clauses: [drop(part)] })
  }
  return { before, after }
}
