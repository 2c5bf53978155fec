import { expect, test } from 'vitest'
import { hashCondition, shiftOf, splitHashes } from './hash-ranges.ts'

test.each([
  [0, 1000, 1],
  [1000, 1000, 1],
  [1001, 1000, 2],
  [5000, 1000, 8],
])('%i rows, %i a range: %i equal adjacent parts from 0 to 2^64', (rows, size, parts) => {
  const ranges = splitHashes(rows, size)
  expect(ranges.length).toBe(parts)
  expect(ranges[0]?.from).toBe('0')
  expect(ranges.at(-1)?.to).toBe('18446744073709551616')
  expect(ranges.slice(1).map(({ from }) => from)).toEqual(ranges.slice(0, -1).map(({ to }) => to))
  expect(new Set(ranges.map(shiftOf)).size).toBe(1)
})

test('a part splits further, down to a single hash', () => {
  const [first] = splitHashes(5000, 1000)
  expect(splitHashes(4, 1, first).map(({ from }) => from)).toEqual(['0', '576460752303423488', '1152921504606846976', '1729382256910270464'])
  expect(splitHashes(4, 1, { by: 'hash', from: '7', to: '8' })).toEqual([{ by: 'hash', from: '7', to: '8' }])
})

test('ranges that are no power of two are compared one by one', () => {
  expect(shiftOf({ by: 'hash', from: '1', to: '4' })).toBeUndefined()
  expect(hashCondition('h', [{ by: 'hash', from: '1', to: '4' }])).toBe('(h >= 1 AND h < 4)')
  expect(hashCondition('h', [{ by: 'hash', from: '4', to: '8' }])).toBe('h >> 2 IN (1)')
})
