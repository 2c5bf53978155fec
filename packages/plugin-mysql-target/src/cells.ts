import type { Column } from '@dbsync/core/plugin'

/** How a column's cells are written into a statement or a load. */
export type CellForm =
  /** ASCII without anything to escape: numbers, dates, times. */
  | 'plain'
  /** Bytes that go into the column as they are. */
  | 'bytes'
  /** Text that the server must be told to read as text: these types refuse, or read differently, a string without a character set. */
  | 'characters'

export function cellForm(column: Column, flavour: 'mariadb' | 'mysql'): CellForm {
  if (/^(uuid|inet4|inet6)\b/i.test(column.native ?? '')) return 'characters'
  switch (column.type.kind) {
    case 'text':
    case 'enum':
    case 'set':
    case 'bytes':
    case 'bits':
    case 'geometry':
      return 'bytes'
    case 'json':
      return flavour === 'mysql' ? 'characters' : 'bytes'
    default:
      return 'plain'
  }
}
