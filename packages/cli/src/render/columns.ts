import type { Table } from 'cli-table3'

export type TextColumn = { readonly head: string; readonly align?: 'left' | 'right' }

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
const NARROWEST = 20

/**
 * Columns without lines or colours, which read the same on a terminal, in a pipe and in a mail. Cells must be printable already.
 * With a `width` the last column is wrapped so that a line fits.
 */
export async function columns(heads: readonly TextColumn[], cells: readonly (readonly string[])[], width?: number): Promise<string> {
  const { default: CliTable } = await import('cli-table3')
  const table: Table = new CliTable({
    head: heads.map(({ head }) => head),
    colAligns: heads.map(({ align }) => align ?? 'left'),
    chars: NO_LINES,
    ...(width === undefined ? {} : { wordWrap: true, colWidths: widths(heads, cells, width) }),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(...cells.map((row) => [...row]))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function widths(heads: readonly TextColumn[], cells: readonly (readonly string[])[], width: number): number[] {
  const needed = heads.slice(0, -1).map(({ head }, index) => Math.max(head.length, ...cells.map((row) => row[index]?.length ?? 0)))
  const rest = width - needed.reduce((sum, each) => sum + each + GAP, 0)
  return [...needed, Math.max(NARROWEST, rest)]
}
