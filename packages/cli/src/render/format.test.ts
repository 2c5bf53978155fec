import { expect, test } from 'vitest'
import { ago, bytes, duration, number, rows } from './format.ts'

test('numbers', () => {
  expect([number(1234567), rows(1), rows(0)]).toEqual(['1,234,567', '1 row', '0 rows'])
})

test('bytes keep three digits', () => {
  expect([0, 999, 1000, 12_345, 123_456_789, 5e15].map(bytes)).toEqual(['0 B', '999 B', '1.00 kB', '12.3 kB', '123 MB', '5.00 PB'])
})

test('durations', () => {
  expect([0, 400, 9_949, 12_000, 60_000, 184_000, 7_500_000, 273_600_000].map(duration)).toEqual([
    '0.0 s',
    '0.4 s',
    '9.9 s',
    '12 s',
    '1 min',
    '3 min 4 s',
    '2 h 5 min',
    '3 d 4 h',
  ])
})

test('how long ago', () => {
  const now = new Date('2026-01-02T00:00:00Z')
  expect([null, '2026-01-01T23:59:30Z', '2026-01-01T22:00:00Z'].map((iso) => ago(iso, now))).toEqual(['never', 'just now', '2 h ago'])
})
