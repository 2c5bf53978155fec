import type { SyncEvent } from '@dbsync/core'
import { expect, test } from 'vitest'
import { advance, bar, progressText, type TableProgress } from './progress.ts'
import { event, idOf } from './testing.ts'

type Progress = Extract<SyncEvent, { type: 'table.progress' }>
const at = (second: number, rows: number, more: Partial<Progress> = {}) =>
  event(second, { type: 'table.progress', id: idOf('users'), phase: 'copy', rows, bytes: 0, ...more }) as Progress
const follow = (...events: readonly Progress[]) => events.reduce<TableProgress | undefined>(advance, undefined) as TableProgress

test('rate and time left', () => {
  const text = progressText(follow(at(0, 0, { total: 4000 }), at(1, 1000, { total: 4000 })))
  expect(text).toBe('copying 25%, 3.0 s left, 1,000 rows/s, 1,000 of about 4,000 rows')
})

test('the rate follows slowly', () => {
  const { rowsPerSecond } = follow(at(0, 0), at(1, 1000), at(2, 1000))
  expect(rowsPerSecond).toBeGreaterThan(700)
  expect(rowsPerSecond).toBeLessThan(900)
})

test('another phase starts anew', () => {
  expect(progressText(follow(at(0, 0, { phase: 'compare' }), at(1, 9000, { phase: 'compare' }), at(2, 5)))).toBe('copying 5 rows')
})

test('an estimate that was too low never shows a table as done', () => {
  expect(progressText(follow(at(0, 0, { total: 10 }), at(1, 50, { total: 10 })))).toBe('copying 99%, 50 rows/s, 50 of about 10 rows')
})

test('the bar is always of one width', () => {
  for (const done of [0, 0.01, 0.5, 0.77, 0.99]) expect([...bar(done)]).toHaveLength(16)
})
