import type { Rates } from '@dbsync/core'
import { duration, number } from '../render/format.ts'
import { type Html, html } from './html.ts'

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [860, 180, 70, 24]

/** Rows per second over the time of a run. `undefined` where it was too short to say. */
export function ratesChart({ everyMs, rows }: Rates): Html | undefined {
  if (rows.length < 2 || rows.every((count) => count === 0)) return undefined
  const speeds = rows.map((count) => count / (everyMs / 1000))
  const top = Math.max(...speeds)
  const x = (i: number) => LEFT + (i * (WIDTH - LEFT)) / speeds.length
  const y = (speed: number) => (HEIGHT - BOTTOM) * (1 - speed / top)
  const steps = speeds.map((speed, i) => `L${x(i).toFixed(1)} ${y(speed).toFixed(1)}H${x(i + 1).toFixed(1)}`).join('')
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Rows per second">
<path class="area" d="M${LEFT} ${HEIGHT - BOTTOM}${{ html: steps }}V${HEIGHT - BOTTOM}Z"/>
<path class="axis" d="M${LEFT} 0V${HEIGHT - BOTTOM}H${WIDTH}"/>
<text x="${LEFT - 8}" y="12" text-anchor="end">${number(top)}</text>
<text x="${LEFT - 8}" y="${HEIGHT - BOTTOM}" text-anchor="end">0</text>
<text x="${LEFT}" y="${HEIGHT - 6}">0 s</text>
<text x="${WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${duration(everyMs * rows.length)}</text>
</svg>`
}

export type Bar = { readonly label: string; readonly value: number; readonly shown: string; readonly tone: string }

/** One bar a line, the longest as wide as there is room. */
export function barChart(bars: readonly Bar[]): Html {
  const top = Math.max(1, ...bars.map(({ value }) => value))
  return html`<div class="bars">${bars.map(
    ({ label, value, shown, tone }) =>
      html`<span class="name">${label}</span><span class="track"><span class="bar ${tone}" style="width:${((value / top) * 100).toFixed(2)}%"></span></span><span class="value">${shown}</span>`,
  )}</div>`
}
