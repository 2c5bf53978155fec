import type { Rates } from './record.ts'

/** More than this fit on no screen: two neighbours then become one. */
const MOST = 240

/** How many rows came in each span of time. The spans grow with the run, so that a long one takes no more room than a short one. */
export class RateSamples {
  #everyMs: number
  readonly #tickMs: number
  #rows: number[] = []
  #last = 0
  #pending = { rows: 0, ms: 0 }

  constructor(tickMs: number) {
    this.#tickMs = tickMs
    this.#everyMs = tickMs
  }

  /** `total` rows so far. To be told every `tickMs`. */
  tick(total: number): void {
    const { rows, ms } = { rows: this.#pending.rows + total - this.#last, ms: this.#pending.ms + this.#tickMs }
    this.#last = total
    if (ms < this.#everyMs) {
      this.#pending = { rows, ms }
      return
    }
    this.#pending = { rows: 0, ms: 0 }
    this.#rows.push(rows)
    if (this.#rows.length < MOST) return
    this.#rows = Array.from({ length: MOST / 2 }, (_, i) => (this.#rows[2 * i] as number) + (this.#rows[2 * i + 1] as number))
    this.#everyMs *= 2
  }

  rates(): Rates {
    return { everyMs: this.#everyMs, rows: [...this.#rows] }
  }
}
