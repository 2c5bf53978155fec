import type { TableRef } from '@dbsync/core/plugin'
import { sameTable, tableId } from './content.ts'
import type { JournalIndex, Segment } from './journal-index.ts'

/** One segment, and the journal that it lies in. */
export type UndoStep = { readonly journal: JournalIndex; readonly segment: Segment }

/** What to do to one table, the newest change first. */
export type TableUndo = {
  readonly table: TableRef
  /** Whether the rows as they are now matter: not where a segment holds the table as a whole. */
  readonly fromPresent: boolean
  readonly steps: readonly UndoStep[]
}

/**
 * What takes every table that these journals changed back to before the oldest of them. `journals`: the newest first. A segment that holds a
 * whole table settles what came after it. A table that was rolled back before is not undone again.
 */
export function undoPlan(journals: readonly JournalIndex[], only?: readonly TableRef[]): readonly TableUndo[] {
  const tables = new Map<string, { table: TableRef; steps: UndoStep[] }>()
  for (const journal of journals) {
    for (const segment of journal.segments.toReversed()) {
      const { table } = segment.head
      if (journal.undone.some((one) => sameTable(one, table)) || (only !== undefined && !only.some((one) => sameTable(one, table)))) continue
      const known = tables.get(tableId(table)) ?? { table, steps: [] }
      known.steps.push({ journal, segment })
      tables.set(tableId(table), known)
    }
  }
  return [...tables.values()].map(({ table, steps }) => {
    const settled = steps.findLastIndex(({ segment }) => segment.head.holds !== 'rows')
    return { table, fromPresent: settled === -1, steps: steps.slice(Math.max(0, settled)) }
  })
}

/** Whether there is no such table once this is undone. */
export const endsAbsent = ({ steps }: TableUndo): boolean => steps.at(-1)?.segment.head.holds === 'absent'
