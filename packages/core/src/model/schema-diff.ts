import type { Column, TableRef, TableSchema } from './schema.ts'

export type SchemaChange =
  | { readonly type: 'create-database'; readonly database: string; readonly like?: string }
  | { readonly type: 'create-table'; readonly schema: TableSchema }
  /** `wanted` is the whole table as it is to be: the column's definition and place are found in it. */
  | { readonly type: 'add-column'; readonly table: TableRef; readonly column: string; readonly wanted: TableSchema }

export type SchemaDiff = {
  readonly changes: readonly SchemaChange[]
  /** Columns that only the target has: kept. */
  readonly kept: readonly string[]
  /** What differs and cannot be put right here, one sentence each: rows must not be written over it. */
  readonly conflicts: readonly string[]
}

/** Compares a table as it is with the table as it is to be (the answer of `fit`: both in the target's own terms). Pure. */
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
