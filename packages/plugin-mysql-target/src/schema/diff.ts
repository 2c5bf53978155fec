import { type AlterPart, type DiffOptions, partId, type SchemaChange, type SchemaDiff, type TableSchema } from '@dbsync/core/plugin'
import { type CreateTableParts, type KeyPart, quoteId, quoteTable, renderCreateTable, type TablePart } from '@dbsync/mysql'
import { definition, nativeTable } from '../definition.ts'
import type { Dialect } from './dialect.ts'
import { type ColumnsDiff, diffColumns } from './diff-columns.ts'
import { diffChecks, diffForeignKeys } from './diff-constraints.ts'
import { behind, diffKeys, isOver } from './diff-keys.ts'
import { diffOptions, diffPartitions } from './diff-options.ts'
import { lower, type TableShape, tableShape } from './table-shape.ts'

/** What it takes to make the definition of `actual` that of `wanted`: part by part, never by text. Pure. */
export function diffTables(actual: TableSchema, wanted: TableSchema, options: DiffOptions, dialect: Dialect): SchemaDiff {
  if (options.remake === undefined && sameText(actual, wanted)) return { changes: [], kept: [], conflicts: [], advice: [] }
  const [now, then] = [tableShape(actual), tableShape(wanted)]
  const columns = diffColumns(now, then, options)
  const foreign = diffForeignKeys(now, then, options, columns, dialect)
  const main = [
    ...columns.parts,
    ...diffKeys(now, then, options, columns.remade, columns.kept, dialect),
    ...diffChecks(now, then, options, columns, dialect),
    ...diffOptions(now.options, then.options, options),
    ...diffPartitions(now.options, then.options),
  ]
  const asked = (part: AlterPart) => options.postpone?.includes(partId(part)) ?? false
  const followers = behind(main, then, asked)
  const waits = (part: AlterPart) => asked(part) || followers.has(part)
  const alter = (parts: readonly AlterPart[]): readonly SchemaChange[] => (parts.length === 0 ? [] : [{ type: 'alter-table', table: actual.table, parts }])
  const postponed = main.filter(waits)
  // An index that waits is missing meanwhile: the old one may stand over a column that goes. One that only moves stays until then.
  const goesEarly = ({ action }: AlterPart, clause: string) => action !== 'move' && clause.startsWith('DROP KEY ')
  const missing = postponed.filter(({ action }) => action !== 'move')
  const meanwhile = missing.length === 0 ? undefined : interim(now, then, missing)
  const early = main.flatMap((part): readonly AlterPart[] => {
    if (!waits(part)) return [part]
    const clauses = part.clauses.filter((clause) => goesEarly(part, clause))
    return clauses.length === 0 ? [] : [{ ...part, clauses }]
  })
  const late = postponed.map((part) => ({ ...part, clauses: part.clauses.filter((clause) => !goesEarly(part, clause)) }))
  const changes = alter(early)
  const after = [...alter(late), ...alter(foreign.after)]
  const any = changes.length + foreign.before.length + after.length > 0
  return {
    changes,
    kept: [...columns.kept].map((name) => now.columns.get(name)?.part.name ?? name),
    conflicts:
      now.periods.join() === then.periods.join()
        ? []
        : [`its periods are ${then.periods.join(', ') || 'none'} at the source and ${now.periods.join(', ') || 'none'} at the target`],
    ...(foreign.before.length === 0 ? {} : { before: alter(foreign.before) }),
    ...(after.length === 0 ? {} : { after }),
    ...(meanwhile === undefined ? {} : { meanwhile }),
    ...(any ? { altered: withKept(now, meanwhile ?? wanted, columns) } : {}),
    advice: [...renames(now, then, columns, dialect), ...unseen(now, then, options)],
  }
}

/** Nearly every table of every run: it is not taken apart. */
function sameText(actual: TableSchema, wanted: TableSchema): boolean {
  const [a, b] = [nativeTable(actual), nativeTable(wanted)]
  return withoutCounter(a.create) === withoutCounter(b.create) && JSON.stringify(actual.columns) === JSON.stringify(wanted.columns)
}

/** The options are what follows the last parenthesis at the beginning of a line. */
function withoutCounter(create: string): string {
  const options = create.lastIndexOf('\n) ')
  return create.slice(0, options) + create.slice(options).replace(/^(\n\) ENGINE=\w+) AUTO_INCREMENT=\d+/, '$1')
}

/** The wanted table, but for what waits: that is as it was. */
function interim(actual: TableShape, wanted: TableShape, postponed: readonly AlterPart[]): TableSchema {
  const late = (kind: AlterPart['kind']) => new Set(postponed.filter((part) => part.kind === kind).map((part) => lower(part.name)))
  const [columns, keys] = [late('column'), late('index')]
  const parts = definition(wanted.schema)
  const kept = <P extends TablePart>(all: readonly P[], names: ReadonlySet<string>, there: (name: string) => P | undefined): readonly P[] =>
    all.flatMap((part) => (names.has(lower(part.name)) ? (there(lower(part.name)) ?? []) : [part]))
  const { schema } = wanted
  return {
    ...schema,
    columns: schema.columns.map((column) => (columns.has(lower(column.name)) ? (actual.columns.get(lower(column.name))?.column ?? column) : column)),
    uniqueKeys: schema.uniqueKeys.filter(({ name }) => !keys.has(lower(name))),
    native: native(wanted, {
      ...parts,
      columns: kept(parts.columns, columns, (name) => actual.columns.get(name)?.part),
      keys: parts.keys.filter(({ name }) => !keys.has(lower(name))),
    }),
  }
}

/** The table after the changes: as it is to be, with what only the target has. */
function withKept(actual: TableShape, wanted: TableSchema, { kept, relaxed }: ColumnsDiff): TableSchema {
  const parts = definition(wanted)
  const names = new Set([...parts.keys].map(({ name }) => lower(name)))
  const columns = [...kept].flatMap((name) => actual.columns.get(name) ?? [])
  const keys: readonly KeyPart[] = [...actual.keys].flatMap(([name, key]) => (!names.has(name) && isOver(key, kept) ? key.part : []))
  const own = new Set(keys.map(({ name }) => name))
  const { schema } = actual
  return {
    ...wanted,
    table: schema.table,
    columns: [...wanted.columns, ...columns.map(({ column, part }) => (relaxed.has(lower(part.name)) ? { ...column, nullable: true } : column))],
    uniqueKeys: [...wanted.uniqueKeys, ...schema.uniqueKeys.filter(({ name }) => own.has(name))],
    referencedBy: [...wanted.referencedBy, ...schema.referencedBy],
    triggers: schema.triggers,
    ...(schema.counter === undefined ? {} : { counter: schema.counter }),
    native: native(tableShape(wanted), {
      ...parts,
      columns: [...parts.columns, ...columns.map(({ part }) => ({ ...part, definition: relaxed.get(lower(part.name)) ?? part.definition }))],
      keys: [...parts.keys, ...keys],
    }),
  }
}

const native = ({ schema }: TableShape, parts: CreateTableParts): NonNullable<TableSchema['native']> => ({
  ...nativeTable(schema),
  create: renderCreateTable(schema.table, parts),
})

/** A column that is gone and a new one of the same type at its place may be one column under a new name: a person knows. */
function renames(actual: TableShape, wanted: TableShape, { kept, added }: ColumnsDiff, dialect: Dialect): readonly string[] {
  const neighbours = (shape: TableShape, other: TableShape, name: string) => {
    const names = [...shape.columns.keys()]
    const at = names.indexOf(name)
    const common = (candidate: string) => other.columns.has(candidate)
    return JSON.stringify([names.slice(0, at).findLast(common), names.slice(at + 1).find(common)])
  }
  const type = (shape: TableShape, name: string) => {
    const column = shape.columns.get(name)?.column
    return JSON.stringify([column?.native, column?.charset, column?.collation, column?.generated])
  }
  return [...kept].flatMap((old) => {
    const alike = added.filter((name) => type(actual, old) === type(wanted, name) && neighbours(actual, wanted, old) === neighbours(wanted, actual, name))
    const [from, to] = [actual.columns.get(old)?.part, wanted.columns.get(alike[0] ?? '')?.part]
    if (alike.length !== 1 || from === undefined || to === undefined) return []
    const clause = dialect.renamesColumns
      ? `RENAME COLUMN ${quoteId(from.name)} TO ${quoteId(to.name)}`
      : `CHANGE COLUMN ${quoteId(from.name)} ${to.definition}`
    return [
      `${from.name} is gone at the source and ${to.name} is new in its place, of the same type. If it was renamed, rename it here before the run: ALTER TABLE ${quoteTable(actual.schema.table)} ${clause};`,
    ]
  })
}

/** What stays because it cannot be told whether it is gone. */
function unseen(actual: TableShape, wanted: TableShape, { drop }: DiffOptions): readonly string[] {
  if (actual.options.versioned && !wanted.options.versioned && drop !== 'all') return ['only the target keeps a history of its rows (SYSTEM VERSIONING): kept']
  if (drop !== 'nothing') return []
  const only = (a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>, what: string) =>
    [...a.keys()].filter((name) => !b.has(name)).map((name) => `${what} ${name}`)
  const left = [
    ...only(actual.keys, wanted.keys, 'index'),
    ...only(actual.foreignKeys, wanted.foreignKeys, 'foreign key'),
    ...only(actual.checks, wanted.checks, 'check'),
  ]
  return left.length === 0 ? [] : [`only the target shows ${left.join(', ')}: kept, since the source may hide what it has`]
}
