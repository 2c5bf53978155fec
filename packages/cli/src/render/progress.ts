import type { SyncEvent } from '@dbsync/core'
import { duration, number, rate, rows } from './format.ts'

/** Where one table stands. */
export type TableProgress = {
  readonly phase: 'compare' | 'copy' | 'apply'
  readonly rows: number
  readonly total: number | undefined
  readonly rowsPerSecond: number
  /** When this was so, in ms since 1970. */
  readonly at: number
}

type ProgressEvent = Extract<SyncEvent, { type: 'table.progress' }>

const SMOOTH_MS = 5_000

/** The next state of a table. The rate is a moving average over about five seconds; a new phase counts other rows and starts anew. */
export function advance(before: TableProgress | undefined, event: ProgressEvent): TableProgress {
  const at = Date.parse(event.at)
  const { phase, rows, total } = event
  if (before === undefined || before.phase !== phase || rows < before.rows) return { phase, rows, total, rowsPerSecond: 0, at }
  const elapsed = at - before.at
  if (elapsed <= 0) return { ...before, rows, total }
  const latest = ((rows - before.rows) * 1000) / elapsed
  const weight = before.rowsPerSecond === 0 ? 1 : 1 - Math.exp(-elapsed / SMOOTH_MS)
  return { phase, rows, total, rowsPerSecond: before.rowsPerSecond + (latest - before.rowsPerSecond) * weight, at }
}

const WORDS = { compare: 'comparing', copy: 'copying', apply: 'applying' } as const

/** `copying 52%, 5.0 s left, 28,700 rows/s, 156,000 of about 300,000 rows`: a narrow terminal cuts off the end. */
export function progressText(progress: TableProgress): string {
  const { rowsPerSecond, total } = progress
  const done = fraction(progress)
  const left = timeLeft(progress)
  const parts = [
    ...(left === undefined ? [] : [`${duration(left)} left`]),
    ...(rowsPerSecond >= 1 ? [rate(rowsPerSecond)] : []),
    total === undefined ? rows(progress.rows) : `${number(progress.rows)} of about ${rows(total)}`,
  ]
  return `${WORDS[progress.phase]}${done === undefined ? '' : ` ${Math.floor(done * 100)}%,`} ${parts.join(', ')}`
}

/** Totals are estimates: a table is never shown as done before it is. */
export function fraction({ rows, total }: TableProgress): number | undefined {
  return total === undefined || total === 0 ? undefined : Math.min(0.99, rows / total)
}

function timeLeft({ rows, total, rowsPerSecond }: TableProgress): number | undefined {
  return total === undefined || rows >= total || rowsPerSecond < 1 ? undefined : Math.max(1000, ((total - rows) * 1000) / rowsPerSecond)
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

export function bar(done: number, width = 16): string {
  const filled = done * width
  return ('█'.repeat(Math.floor(filled)) + (EIGHTHS[Math.floor((filled % 1) * 8)] ?? '')).padEnd(width, '░')
}
