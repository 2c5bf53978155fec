import { expect, it } from 'vitest'
import { overviewOf } from './overview.ts'
import type { TableStatus } from './status.ts'

const at = (hour: number) => `2026-01-01T0${hour}:00:00.000Z`
const table = (name: string, over: Partial<TableStatus> = {}): TableStatus => ({
  name,
  status: 'SUCCESS',
  mode: 'FULL',
  lastSync: at(1),
  rows: 1,
  error: null,
  comparedAt: null,
  targets: {},
  ...over,
})

it('counts tables by how they ended, and the rows of all of them', () => {
  const tables = [
    table('a', { rows: 5 }),
    table('b', { rows: 7 }),
    table('c', { rows: 9 }),
    table('d', { status: 'FAILED', lastSync: null, rows: 2 }),
    table('e', { status: 'FAILED', rows: 1 }),
    table('f', { status: 'RUNNING', lastSync: null, rows: 0 }),
  ]
  expect(overviewOf({ name: 'shop', tables })).toMatchObject({ name: 'shop', tables: 6, rows: 24, successes: 3, failures: 2, unfinished: 1 })
})

it('shows the newest success, also of tables that failed since, and the three that were synced last', () => {
  const tables = [
    table('old', { lastSync: at(2) }),
    table('never', { status: 'RUNNING', lastSync: null }),
    table('newest', { lastSync: '2026-01-01T05:00:00Z', status: 'FAILED' }),
    table('oldest', { lastSync: '2025-12-31T23:59:59.999Z' }),
    table('new', { lastSync: '2026-01-01T04:00:00+00:00' }),
  ]
  const { lastSync, newest } = overviewOf({ name: 'shop', tables })
  expect(lastSync).toBe('2026-01-01T05:00:00Z')
  expect(newest).toEqual([
    { table: 'newest', lastSync: '2026-01-01T05:00:00Z' },
    { table: 'new', lastSync: '2026-01-01T04:00:00+00:00' },
    { table: 'old', lastSync: at(2) },
  ])
})

it('orders moments, not texts: other zones are other hours', () => {
  const tables = [
    table('later', { lastSync: '2026-01-01T09:00:00+08:00' }),
    table('latest', { lastSync: at(2) }),
    table('first', { lastSync: '2026-01-01T09:30:00+09:00' }),
  ]
  expect(overviewOf({ name: 'shop', tables }).newest.map(({ table: name }) => name)).toEqual(['latest', 'later', 'first'])
})

it('says MIXED only where tables differ in their mode', () => {
  const mode = (...modes: readonly TableStatus['mode'][]) => overviewOf({ name: 'shop', tables: modes.map((each, i) => table(`t${i}`, { mode: each })) }).mode
  expect([mode('FULL'), mode('FULL', 'FULL'), mode('INCREMENTAL', 'INCREMENTAL'), mode('FULL', 'INCREMENTAL', 'FULL')]).toEqual([
    'FULL',
    'FULL',
    'INCREMENTAL',
    'MIXED',
  ])
})

it('shows a database without tables, and one without a success, as what they are', () => {
  const none = { lastSync: null, newest: [], successes: 0, failures: 0, unfinished: 0 }
  expect(overviewOf({ name: 'empty', tables: [] })).toEqual({ name: 'empty', tables: 0, mode: null, rows: 0, ...none })
  const failed = overviewOf({ name: 'shop', tables: [table('a', { status: 'FAILED', lastSync: null, rows: 0 })] })
  expect(failed).toEqual({ name: 'shop', tables: 1, mode: 'FULL', rows: 0, ...none, failures: 1 })
})
