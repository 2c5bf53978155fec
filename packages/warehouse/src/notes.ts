import type { Column, LogicalType, TableSchema } from '@dbsync/core/plugin'

const MARK = 'dbsync '

type TableNote = { readonly table: string; readonly key: readonly string[] }
type ColumnNote = { readonly name: string; readonly native?: string; readonly type: LogicalType; readonly nullable: boolean }

/** What a warehouse has no place for, as the description of the table and of its columns: names and types of the source. Of the tenant that came first. */
export const tableNote = ({ table, key }: TableSchema): string => note<TableNote>({ table: table.name, key })

export const columnNote = ({ name, type, nullable }: Column, native: string | undefined): string => {
  const full: ColumnNote = { name, ...(native === undefined ? {} : { native }), type, nullable }
  const text = note(full)
  // BigQuery takes 1,024 characters at most; the members of an ENUM can be longer.
  return text.length <= 1_024 ? text : note<ColumnNote>({ name, type, nullable })
}

export const readTableNote = (description: string | null | undefined): TableNote | undefined => read<TableNote>(description)
export const readColumnNote = (description: string | null | undefined): ColumnNote | undefined => read<ColumnNote>(description)

const note = <T>(value: T): string => `${MARK}${JSON.stringify(value)}`

function read<T>(description: string | null | undefined): T | undefined {
  if (!description?.startsWith(`${MARK}{`)) return undefined
  try {
    return JSON.parse(description.slice(MARK.length)) as T
  } catch {
    // Somebody has written something else there.
    return undefined
  }
}
