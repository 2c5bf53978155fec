import type { Rates } from '@dbsync/core'
import { duration, number } from './format.ts'

const HEIGHT = 5
const EIGHTHS = ' ▁▂▃▄▅▆▇█'
const FULL = 8

/** Rows per second over the time of a run, as bars that any terminal shows; empty where there is nothing to see. */
export function rateChart({ everyMs, rows }: Rates, width = 64): string {
  if (rows.length < 2 || rows.every((count) => count === 0)) return ''
  const bars = resampled(rows, width).map((count) => count / (everyMs / 1000))
  const top = Math.max(...bars)
  const labels = [number(top), '0']
  const margin = Math.max(...labels.map(({ length }) => length))
  const lines = Array.from({ length: HEIGHT }, (_, line) => {
    const below = (HEIGHT - 1 - line) * FULL
    const cells = bars.map((bar) => EIGHTHS[Math.max(0, Math.min(FULL, Math.round((bar / top) * HEIGHT * FULL) - below))])
    const label = line === 0 ? labels[0] : line === HEIGHT - 1 ? labels[1] : ''
    return `${(label as string).padStart(margin)} │${cells.join('')}`.trimEnd()
  })
  const end = duration(everyMs * rows.length)
  const axis = `${' '.repeat(margin)} └${'─'.repeat(bars.length)}`
  const times = `${' '.repeat(margin + 2)}0 s${end.padStart(Math.max(end.length + 1, bars.length - '0 s'.length))}`
  return ['Rows per second', ...lines, axis, times].join('\n')
}

/** At most `width` values, each the mean of its neighbours. */
function resampled(values: readonly number[], width: number): readonly number[] {
  if (values.length <= width) return values
  return Array.from({ length: width }, (_, i) => {
    const [from, to] = [Math.floor((i * values.length) / width), Math.floor(((i + 1) * values.length) / width)]
    const some = values.slice(from, Math.max(to, from + 1))
    return some.reduce((sum, value) => sum + value, 0) / some.length
  })
}
