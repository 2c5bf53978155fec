import type { Column, TableRef, TableSchema } from './schema.ts'

export type SchemaChange =
  | { readonly type: 'create-database'; readonly database: string; readonly like?: string }
  | { readonly type: 'create-table'; readonly schema: TableSchema }
  /** `wanted` is the whole table as it is to be: the column's definition and place are found in it. */
  | { readonly type: 'add-column'; readonly table: TableRef; readonly column: string; readonly wanted: TableSchema }
  /** All parts at once, as far as the target can. `lossy`: values that do not fit are cut. */
  | { readonly type: 'alter-table'; readonly table: TableRef; readonly parts: readonly AlterPart[]; readonly lossy?: true }
  | { readonly type: 'drop-table'; readonly table: TableRef }
  | { readonly type: 'set-counter'; readonly table: TableRef; readonly next: string }

/** One difference between two definitions, and what the target does about it. */
export type AlterPart = {
  readonly kind: 'column' | 'index' | 'primary-key' | 'foreign-key' | 'check' | 'option' | 'partitions'
  readonly action: 'add' | 'change' | 'drop' | 'move'
  readonly name: string
  /** What differs, as it is and as it is to be; for people. */
  readonly from?: string
  readonly to?: string
  /** The parts of a statement that do it, in the target's language. */
  readonly clauses: readonly string[]
  /** Data go with it. */
  readonly destructive?: true
  /** Rows that are there may not fit it: see `Target.misfits`. */
  readonly narrowing?: true
  /** It may change what the rows hold, so that they must be compared. */
  readonly rows?: true
  /** Values of another type: foreign keys over the column stand in the way. */
  readonly retypes?: true
}

export type SchemaDiff = {
  /** In this order, before rows are written. */
  readonly changes: readonly SchemaChange[]
  /** Columns that only the target has: kept. */
  readonly kept: readonly string[]
  /** What differs and cannot be put right here, one sentence each: rows must not be written over it. */
  readonly conflicts: readonly string[]
  /** Before any table is altered: foreign keys that would stand in the way. */
  readonly before?: readonly SchemaChange[]
  /** When the rows of all tables are in: foreign keys, and what was put off. */
  readonly after?: readonly SchemaChange[]
  /** The table while rows are written and compared; left out: as wanted. */
  readonly meanwhile?: TableSchema
  /** The table once `changes` are made, with what it keeps. */
  readonly altered?: TableSchema
  /** What can be done about the conflicts; left out: the table is dropped and made anew. */
  readonly remedy?: string
  /** What a person should know or decide, one sentence each. */
  readonly advice?: readonly string[]
}

export type DiffOptions = {
  /** What may go that the wanted table does not have. `definitions`: indexes, foreign keys and checks, in which there are no data. */
  readonly drop: 'nothing' | 'definitions' | 'all'
  /** Parts (`partId`) that wait until the rows are in. */
  readonly postpone?: readonly string[]
  /** Foreign keys that go and come back, because a column that they lead to changes its type. */
  readonly remake?: readonly string[]
  /** What the table becomes for all databases of a run (the answer of `share`): a difference leads there. */
  readonly shared?: TableSchema
}

/** Why the rows of the target do not fit a part. */
export type Misfit = {
  readonly part: string
  /** `3 rows hold NULL`. */
  readonly why: string
  /** Rows of the source can be written before this part is done: it can wait for them. */
  readonly canWait: boolean
}

export const partId = ({ kind, name }: AlterPart): string => `${kind}:${name}`

/** All parts of a difference, in the order in which they are done. */
export const alterParts = ({ before = [], changes, after = [] }: SchemaDiff): readonly AlterPart[] =>
  [...before, ...changes, ...after].flatMap((change) => (change.type === 'alter-table' ? change.parts : []))

/** Compares a table as it is with the table as it is to be (the answer of `fit`: both in the target's own terms). Pure. For targets that only add columns. */
export function diffTable(actual: TableSchema, wanted: TableSchema): SchemaDiff {
  const there = new Map(actual.columns.map((column) => [column.name.toLowerCase(), column]))
  const names = new Set(wanted.columns.map((column) => column.name.toLowerCase()))
  const changes: SchemaChange[] = []
  const conflicts: string[] = []
  for (const column of wanted.columns) {
    const found = there.get(column.name.toLowerCase())
    if (found === undefined) changes.push({ type: 'add-column', table: actual.table, column: column.name, wanted })
    else conflicts.push(...differences(found, column))
  }
  const kept = actual.columns.filter((column) => !names.has(column.name.toLowerCase()))
  if (!sameNames(actual.key, wanted.key)) {
    conflicts.push(`the key is (${wanted.key.join(', ') || 'none'}) at the source and (${actual.key.join(', ') || 'none'}) at the target`)
  }
  return { changes, kept: kept.map((column) => column.name), conflicts }
}

const sameNames = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((name, i) => name.toLowerCase() === b[i]?.toLowerCase())

function differences(actual: Column, wanted: Column): string[] {
  const facts: [string, string | undefined, string | undefined][] = [
    ['type', wanted.native, actual.native],
    ['character set', wanted.charset, actual.charset],
    ['collation', wanted.collation, actual.collation],
    ['generated', wanted.generated, actual.generated],
    ['nullable', String(wanted.nullable), String(actual.nullable)],
  ]
  return facts
    .filter(([, source, target]) => source !== target)
    .map(([fact, source, target]) => `column ${wanted.name}: ${fact} is ${source ?? 'none'} at the source and ${target ?? 'none'} at the target`)
}
