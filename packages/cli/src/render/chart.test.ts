import { expect, test } from 'vitest'
import { rateChart } from './chart.ts'

test('the highest speed reaches the top, and a long run fits', () => {
  expect(rateChart({ everyMs: 1000, rows: [0, 100, 200, 400] })).toBe(
    ['Rows per second', '400 │   █', '    │   █', '    │  ▄█', '    │ ▂██', '  0 │ ███', '    └────', '     0 s 4.0 s'].join('\n'),
  )
  const long = rateChart({ everyMs: 64_000, rows: Array.from({ length: 239 }, (_, i) => i) })
  expect(Math.max(...long.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
})

test('says nothing of a run that was over at once', () => {
  expect(rateChart({ everyMs: 1000, rows: [5] })).toBe('')
  expect(rateChart({ everyMs: 1000, rows: [0, 0] })).toBe('')
})
