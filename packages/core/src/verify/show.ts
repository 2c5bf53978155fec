import { CellCursor } from '../model/rows.ts'
import { type Column, keyColumns, storedColumns, type TableSchema } from '../model/schema.ts'
import { isText } from '../model/value.ts'
import type { ChangedCell, ShownCell } from './report.ts'

/** Characters that are shown of one cell. */
const WIDTH = 60
/** Characters before the first difference of two long cells. */
const BEFORE = 16

type Cells = readonly (Uint8Array | null)[]

/** The cells of one packed row, not copied. */
export function cellsOf(bytes: Uint8Array, columns: number): Cells {
  const cursor = new CellCursor(bytes)
  return Array.from({ length: columns }, () => {
    cursor.next()
    return cursor.cell()
  })
}

/** One cell of a packed row, not copied. */
export function cellAt(bytes: Uint8Array, place: number): Uint8Array | null {
  const cursor = new CellCursor(bytes)
  cursor.skip(place)
  cursor.next()
  return cursor.cell()
}

/** A packed key, for people. */
export const shownKey = (schema: TableSchema, key: Uint8Array): readonly ShownCell[] => shownCells(keyColumns(schema), cellsOf(key, schema.key.length))

export const shownCells = (columns: readonly Column[], cells: Cells): readonly ShownCell[] =>
  columns.map((column, i) => ({ name: column.name, value: cut(textOf(column, cells[i] ?? null)) }))

/** The columns in which two packed rows differ, byte for byte, with both values cut so that the difference can be seen. */
export function changedCells(schema: TableSchema, source: Uint8Array, target: Uint8Array): readonly ChangedCell[] {
  const columns = storedColumns(schema)
  const [theirs, ours] = [cellsOf(source, columns.length), cellsOf(target, columns.length)]
  return columns.flatMap((column, i) => {
    const [one, other] = [theirs[i] ?? null, ours[i] ?? null]
    if (sameBytes(one, other)) return []
    return [{ name: column.name, ...cutPair(textOf(column, one), textOf(column, other)) }]
  })
}

const sameBytes = (one: Uint8Array | null, other: Uint8Array | null): boolean =>
  one === null || other === null ? one === other : Buffer.compare(one, other) === 0

/**
 * Bytes that are no text are shown in hex, so that no two different cells look alike. The column is the source's: at the target it may be of another type,
 * so nothing is expected of the text.
 */
function textOf(column: Column, cell: Uint8Array | null): string | null {
  if (cell === null) return null
  const text = Buffer.from(cell).toString('utf8')
  return isText(column) && Buffer.from(text).equals(Buffer.from(cell)) ? text : hex(cell)
}

const hex = (cell: Uint8Array): string => `0x${Buffer.from(cell).toString('hex')}`

const cut = (text: string | null): string | null => (text === null ? null : window(text, 0))

function cutPair(source: string | null, target: string | null): { readonly source: string | null; readonly target: string | null } {
  if (source === null || target === null || (source.length <= WIDTH && target.length <= WIDTH)) return { source: cut(source), target: cut(target) }
  let same = 0
  while (same < source.length && same < target.length && source[same] === target[same]) same++
  const from = Math.max(0, same - BEFORE)
  return { source: window(source, from), target: window(target, from) }
}

function window(text: string, from: number): string {
  const part = text.slice(from, from + WIDTH)
  return `${from > 0 ? '…' : ''}${part}${from + WIDTH < text.length ? `… (${text.length} in all)` : ''}`.toWellFormed()
}
