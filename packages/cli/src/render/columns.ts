import type { Table } from 'cli-table3'

export type TextColumn = {
  readonly head: string
  readonly align?: 'left' | 'right'
  /** Left out where the table would be wider than the terminal, the last one of them first: `--json` has it. */
  readonly spare?: true
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const

const GAP = 2

/** Rows that are drawn at a time: the time for one table grows with the square of its rows. */
const ROWS = 50

const NARROWEST = 20

/**
 * Columns without lines or colours, which read the same on a terminal, in a pipe and in a mail. Cells must be printable already.
 * With a `width` the last column is wrapped so that a line fits.
 */
export async function columns(heads: readonly TextColumn[], cells: readonly (readonly string[])[], width?: number): Promise<string> {
  const { default: CliTable } = await import('cli-table3')
  const draw = (rows: readonly (readonly string[])[], fixed: readonly number[] | undefined, head: boolean): { text: string; widths: readonly number[] } => {
    const table: Table = new CliTable({
      head: head ? heads.map((column) => column.head) : [],
      colAligns: heads.map(({ align }) => align ?? 'left'),
      chars: NO_LINES,
      ...(fixed === undefined ? {} : { colWidths: [...fixed] }),
      ...(width === undefined ? {} : { wordWrap: true }),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    })
    table.push(...rows.map((row) => [...row]))
    return { text: table.toString(), widths: table.options.colWidths.map((wide) => wide ?? 0) }
  }
  const parts = cells.length === 0 ? [[]] : partsOf(cells)
  let fixed: readonly number[] | undefined = width === undefined ? undefined : widths(heads, cells, width)
  // Only drawing tells how wide a column gets.
  if (fixed === undefined && parts.length > 1) {
    const measured = partsOf(widest(cells)).map((part) => draw(part, undefined, true).widths)
    fixed = measured.reduce((a, b) => a.map((wide, i) => Math.max(wide, b[i] ?? 0)))
  }
  return parts
    .map((part, i) => draw(part, fixed, i === 0).text)
    .join('\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** The same, without spare columns as far as the terminal is too narrow for them. Without a width, as for a pipe, with all of them. */
export async function fittingColumns(heads: readonly TextColumn[], cells: readonly (readonly string[])[], width: number | undefined): Promise<string> {
  const text = await columns(heads, cells)
  const spare = heads.findLastIndex((head) => head.spare)
  if (width === undefined || spare < 0 || text.split('\n').every((line) => line.length <= width)) return text
  const without = cells.map((row) => row.toSpliced(spare, 1))
  return fittingColumns(heads.toSpliced(spare, 1), without, width)
}

const partsOf = <T>(rows: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, i) => rows.slice(i * ROWS, (i + 1) * ROWS))

/** The rows without which no column would be narrower: of plain characters the longest cell is the widest. */
function widest(cells: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const longest = new Set<readonly string[]>()
  for (const column of cells[0]?.keys() ?? []) longest.add(cells.reduce((a, b) => ((b[column]?.length ?? 0) > (a[column]?.length ?? 0) ? b : a)))
  return cells.filter((row) => longest.has(row) || row.some((cell) => /[^ -~]/.test(cell)))
}

function widths(heads: readonly TextColumn[], cells: readonly (readonly string[])[], width: number): number[] {
  const needed = heads.slice(0, -1).map(({ head }, index) => Math.max(head.length, ...cells.map((row) => row[index]?.length ?? 0)))
  const rest = width - needed.reduce((sum, each) => sum + each + GAP, 0)
  return [...needed, Math.max(NARROWEST, rest)]
}
