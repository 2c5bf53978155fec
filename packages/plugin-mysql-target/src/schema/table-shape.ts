import type { Column, TableSchema } from '@dbsync/core/plugin'
import {
  type ColumnDefinition,
  type ConstraintPart,
  type KeyDefinition,
  type KeyPart,
  parseColumn,
  parseForeignKey,
  parseKey,
  parseTableOptions,
  type TableOptions,
  type TablePart,
  tokens,
} from '@dbsync/mysql'
import { definition, nativeTable } from '../definition.ts'
import type { Dialect } from './dialect.ts'

export type ColumnShape = { readonly column: Column; readonly part: TablePart; readonly text: ColumnDefinition }
export type KeyShape = { readonly part: KeyPart; readonly text: KeyDefinition }

/** A definition in parts that can be compared one by one; names are found in lower case, as the servers do. */
export type TableShape = {
  readonly schema: TableSchema
  readonly columns: ReadonlyMap<string, ColumnShape>
  readonly keys: ReadonlyMap<string, KeyShape>
  readonly foreignKeys: ReadonlyMap<string, ConstraintPart>
  readonly checks: ReadonlyMap<string, ConstraintPart>
  readonly periods: readonly string[]
  readonly options: TableOptions
  /** Translated from the other flavour: expressions are spelled in another way, and compared by their words. */
  readonly translated: boolean
}

export function tableShape(schema: TableSchema): TableShape {
  const parts = definition(schema)
  const facts = byName(schema.columns, ({ name }) => name)
  const constraints = (kind: ConstraintPart['kind']) => parts.constraints.filter((part) => part.kind === kind)
  return {
    schema,
    columns: new Map(
      parts.columns.flatMap((part) => {
        const column = facts.get(lower(part.name))
        return column === undefined ? [] : [[lower(part.name), { column, part, text: parseColumn(part.definition) }] as const]
      }),
    ),
    keys: new Map(parts.keys.map((part) => [lower(part.name), { part, text: parseKey(part.definition) }])),
    foreignKeys: byName(constraints('foreign'), ({ name }) => name),
    checks: byName(constraints('check'), ({ name }) => name),
    periods: constraints('period').map((part) => words(part.definition)),
    options: parseTableOptions(parts.options),
    translated: nativeTable(schema).origin !== undefined,
  }
}

export const lower = (name: string): string => name.toLowerCase()

const byName = <T>(all: readonly T[], name: (item: T) => string): Map<string, T> => new Map(all.map((item) => [lower(name(item)), item]))

/** A text by its tokens: spaces and comments around them do not count. */
export const words = (text: string): string =>
  tokens(text)
    .map(({ kind, text: token }) => (kind === 'name' ? `\`${token}\`` : token))
    .join(' ')

/** What a foreign key says, in one spelling. */
export function foreignKeyText(part: ConstraintPart, schema: TableSchema, { foldsNames }: Pick<Dialect, 'foldsNames'>): string {
  const { columns, references, referencedColumns, onUpdate, onDelete } = parseForeignKey(part)
  const rule = (action: string) => (action === 'NO ACTION' ? 'RESTRICT' : action)
  const name =
    references.database === undefined || references.database === schema.table.database ? references.name : `${references.database}.${references.name}`
  const table = foldsNames ? lower(name) : name
  return `(${columns.join(', ')}) to ${table} (${referencedColumns.join(', ')}), on update ${rule(onUpdate)}, on delete ${rule(onDelete)}`
}
