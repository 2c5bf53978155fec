import { expect, test } from 'vitest'
import { staleTables } from '../services/status.ts'
import { statusText } from './status.ts'
import { NOW } from './testing.ts'

const table = (name: string, lastSync: string | null) =>
  ({ name, status: 'SUCCESS', mode: 'INCREMENTAL', lastSync, rows: 1234, error: null, comparedAt: null, targets: {} }) as const
const status = { databases: [{ name: 'sh\u001bop', tables: [table('users', '2026-01-01T00:30:00Z'), table('orders', null)] }], lastRun: null }

test('tables by database, and those that are too old', async () => {
  expect(await statusText(status, ['shop.orders'], NOW)).toBe(
    [
      'sh\\u{1b}op',
      'Table   Status   Mode         Last sync        Rows  Compared in full  Error',
      'users   SUCCESS  INCREMENTAL  1 h 30 min ago  1,234  never',
      'orders  SUCCESS  INCREMENTAL  never           1,234  never',
      '',
      'Older than allowed: shop.orders',
    ].join('\n'),
  )
})

test('nothing yet', async () => {
  expect(await statusText({ databases: [], lastRun: null }, [], NOW)).toBe('Nothing has been synced yet.')
})

test('older than asked for, or never synced', () => {
  expect(staleTables(status, 2 * 3_600_000, NOW)).toEqual(['sh\u001bop.orders'])
  expect(staleTables(status, 3_600_000, NOW)).toEqual(['sh\u001bop.users', 'sh\u001bop.orders'])
})
