import { expect, test } from 'vitest'
import { parseDuration } from './duration.ts'

test('units', () => {
  expect(['90s', '45m', '2h', '1d', '2w'].map(parseDuration)).toEqual([90_000, 2_700_000, 7_200_000, 86_400_000, 1_209_600_000])
})

test('anything else is refused, not guessed', () => {
  for (const text of ['', '2', 'h', '2 h', '-1h', '1.5h', '2y']) expect(() => parseDuration(text)).toThrow(`"${text}" is not a time`)
})
