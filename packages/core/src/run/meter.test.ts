import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { SyncEvent } from '../events/event.ts'
import { packRows } from '../model/rows.ts'
import { Meter } from './meter.ts'
import { int } from './testing.ts'

const rows = (count: number) =>
  packRows(
    [int('id')],
    Array.from({ length: count }, () => ['1']),
  )
const receipt = { inserted: 1, updated: 2, deleted: 4, unchanged: 8 }

function meter() {
  const told: Partial<SyncEvent>[] = []
  return { told, meter: new Meter((event) => told.push(event), 'copy/shop.t') }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'], now: 1000 })
  vi.advanceTimersByTime(1000)
})
afterEach(() => {
  vi.useRealTimers()
})

test('a phase is told of at once, with what is known of its size, and its rows ten times a second', () => {
  const { told, meter: m } = meter()
  m.phase('copy', 5)
  expect(told).toEqual([{ type: 'table.progress', id: 'copy/shop.t', phase: 'copy', rows: 0, bytes: 0, total: 5 }])
  for (let i = 0; i < 20; i++) {
    vi.advanceTimersByTime(10)
    m.read(rows(1))
  }
  expect(told.slice(1)).toMatchObject([
    { rows: 10, total: 5 },
    { rows: 20, total: 5 },
  ])
  m.phase('apply')
  expect(told.at(-1)).toMatchObject({ phase: 'apply', rows: 20, total: 5, bytes: 20 * rows(1).bytes.length })
})

test('while a table is compared its progress is that of the comparison', () => {
  const { told, meter: m } = meter()
  m.phase('compare')
  expect(told[0]).not.toHaveProperty('total')
  vi.advanceTimersByTime(100)
  m.compared(7)
  expect(told.at(-1)).toMatchObject({ phase: 'compare', rows: 7 })
})

test('rows that were found equal are skipped, and those that are fetched after it are not', () => {
  const { meter: m } = meter()
  m.phase('compare')
  m.compared(10)
  m.read(rows(3))
  expect([m.rowsRead, m.skipped]).toEqual([3, 7])
  m.phase('apply')
  m.wrote(receipt, 'merge')
  expect([m.inserted, m.updated, m.deleted, m.written, m.skipped]).toEqual([1, 2, 4, 7, 15])
})

test('rows that a run by time skipped are not counted again where the table is compared', () => {
  const { meter: m } = meter()
  m.phase('copy')
  m.read(rows(4))
  m.skip(4)
  expect(m.skipped).toBe(4)
  m.phase('compare')
  m.compared(10)
  expect([m.rowsRead, m.skipped]).toEqual([4, 10])
})

test('where all rows are copied after a comparison none was skipped', () => {
  const { meter: m } = meter()
  m.phase('compare')
  m.compared(10)
  m.phase('copy')
  m.read(rows(12))
  expect(m.skipped).toBe(0)
})

test('what an attempt has committed stays committed, and a copy in full replaces it', () => {
  const { meter: first } = meter()
  first.read(rows(2))
  first.wrote(receipt, 'merge')
  const next = new Meter(() => {}, 't', first)
  next.wrote(receipt, 'merge')
  expect([next.inserted, next.updated, next.deleted, next.rowsRead, next.skipped]).toEqual([2, 4, 8, 0, 8])
  next.wrote({ inserted: 5, updated: 0, deleted: 0, unchanged: 0 }, 'replace')
  expect([next.inserted, next.updated, next.deleted]).toEqual([5, 0, 0])
})
