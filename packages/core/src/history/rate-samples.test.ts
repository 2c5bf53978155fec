import { describe, expect, test } from 'vitest'
import { RateSamples } from './rate-samples.ts'

describe('RateSamples', () => {
  test('loses no row and never grows beyond its room, however long the run', () => {
    const samples = new RateSamples(1_000)
    let total = 0
    for (let second = 1; second <= 7_200; second++) {
      total += second % 7
      samples.tick(total)
      expect(samples.rates().rows.length).toBeLessThan(240)
    }
    const { everyMs, rows } = samples.rates()
    expect(everyMs).toBe(32_000)
    // What belongs to a span that has not ended is not shown yet.
    const shown = rows.reduce((sum, each) => sum + each, 0)
    const spans = Math.floor((7_200 * 1_000) / everyMs)
    expect(rows).toHaveLength(spans)
    expect(shown).toBe(Array.from({ length: (spans * everyMs) / 1_000 }, (_, i) => (i + 1) % 7).reduce((sum, each) => sum + each, 0))
  })
})
