export type TextColumn = {
  readonly head: string
  readonly align?: 'left' | 'right'
  /** Left out where the table would be wider than the terminal, the last one of them first: `--json` has it. */
  readonly spare?: true
}

const GAP = '  '

const NARROWEST = 20

/**
 * Columns without lines or colours, which read the same on a terminal, in a pipe and in a mail. Cells must be printable already; each may have several lines.
 * With a `width` the last column is wrapped so that a line fits.
 */
export async function columns(heads: readonly TextColumn[], cells: readonly (readonly string[])[], width?: number): Promise<string> {
  const rows = [heads.map(({ head }) => head), ...cells].map((row) => row.map((cell) => cell.split('\n')))
  const wide = rows.flat(2).every(isPlain) ? undefined : (await import('string-width')).default
  const widthOf = (text: string) => (wide === undefined || isPlain(text) ? text.length : wide(text))
  const widest = (column: number) => rows.reduce((most, row) => Math.max(most, ...(row[column] ?? []).map(widthOf)), 0)
  const last = heads.length - 1
  const widths = heads.map((_, column) => (width !== undefined && column === last ? 0 : widest(column)))
  if (width !== undefined) {
    const { default: wrap } = await import('wrap-ansi')
    const rest = Math.max(NARROWEST, width - widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length))
    for (const row of rows) row[last] = (row[last] ?? []).flatMap((line) => wrap(line, rest, { hard: true }).split('\n'))
  }
  const padded = (text: string, column: number) => {
    const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(text)))
    return heads[column]?.align === 'right' ? space + text : text + space
  }
  return rows
    .flatMap((row) => {
      const height = Math.max(...row.map(({ length }) => length))
      return Array.from({ length: height }, (_, line) =>
        row
          .map((cell, column) => padded(cell[line] ?? '', column))
          .join(GAP)
          .trimEnd(),
      )
    })
    .join('\n')
}

/** Of characters that are one column wide each. */
const isPlain = (text: string): boolean => /^[ -~]*$/.test(text)

/** The same, without spare columns as far as the terminal is too narrow for them. Without a width, as for a pipe, with all of them. */
export async function fittingColumns(heads: readonly TextColumn[], cells: readonly (readonly string[])[], width: number | undefined): Promise<string> {
  const text = await columns(heads, cells)
  const spare = heads.findLastIndex((head) => head.spare)
  if (width === undefined || spare < 0 || text.split('\n').every((line) => line.length <= width)) return text
  const without = cells.map((row) => row.toSpliced(spare, 1))
  return fittingColumns(heads.toSpliced(spare, 1), without, width)
}
