import type { Column, LogicalType, TableRef, TableSchema } from '@dbsync/core/plugin'

/** A table in words that every engine understands. What an engine cannot hold is left out by the caller of a suite. */
export type FixtureTable = {
  readonly name: string
  readonly columns: readonly FixtureColumn[]
  /** Names of the columns that identify a row, in key order; empty for a table without a key. */
  readonly key: readonly string[]
}

export type FixtureColumn = {
  readonly name: string
  readonly type: LogicalType
  readonly nullable?: boolean
  /** What an `enum` or a `set` may hold, in the order of its definition. */
  readonly members?: readonly string[]
}

/** One cell as canonical text or, for `bytes`, `bits` and `geometry`, as raw bytes. */
export type FixtureCell = string | Uint8Array | null
export type FixtureRow = readonly FixtureCell[]

/** A name that is harmless only where names are quoted and never become paths or keys of plain objects. */
export const ODD_NAME = 'odd `name\'s "x"; -- ../%é'

export const int = (name: string): FixtureColumn => ({ name, type: { kind: 'int', bits: 64 } })
export const words = (name: string): FixtureColumn => ({ name, type: { kind: 'text', maxLength: 100 }, nullable: true })
export const moment = (name: string, fraction: number): FixtureColumn => ({ name, type: { kind: 'datetime', fraction }, nullable: true })

/** `id`, then two columns of text; without a key where `key` is empty. */
export const plainTable = (name: string, key: readonly string[] = ['id']): FixtureTable => ({ name, key, columns: [int('id'), words('a'), words('b')] })

/** Rows of a `plainTable`, all packed to the same size. */
export const plainRows = (count: number, start = 100): FixtureRow[] => Array.from({ length: count }, (_, i) => [String(start + i), `a${start + i}`, null])

/** The schema of an engine that has no definitions of its own: what a plugin without `native` describes. */
export function plainSchema(table: TableRef, { columns, key }: FixtureTable): TableSchema {
  const described = columns.map(
    ({ name, type, nullable = false }): Column => ({ name, type, nullable, ...(type.kind === 'text' ? { charset: 'utf8mb4' } : {}) }),
  )
  return { table, columns: described, key, uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true }
}

let names = 0
/** A table name that no other test of this process uses. */
export const freshName = (): string => `t${++names}`
