import { expect, test } from 'vitest'
import { leftAlone } from './tables.ts'

const at = (...names: readonly string[]) => names.map((name) => ({ table: { database: 'shop', name } }))
const never = { mode: 'incremental', reconcileEveryMs: undefined, schedules: [] } as const
const job = { name: 'weekly', cron: '0 1 * * 0', command: 'run', mode: 'full', databases: [], tables: [], targets: [], enabled: true } as const

test('where looking costs money, something has to look at whole tables now and then', () => {
  const tables = new Map([
    ['warehouse', at('orders', 'users')],
    ['other', at()],
  ])
  const [found, ...more] = leftAlone(never, tables)
  expect(more).toEqual([])
  expect(found).toMatchObject({ level: 'warning', id: 'reconcile', fix: { by: 'setting', value: { sync_settings: { reconcile_every: '7d' } } } })
  expect(found?.message).toContain('target warehouse as a whole (2 tables, such as shop.orders)')
  for (const set of [{ reconcileEveryMs: 1 }, { mode: 'reconcile' as const }, { schedules: [job] }]) expect(leftAlone({ ...never, ...set }, tables)).toEqual([])
  expect(leftAlone({ ...never, schedules: [{ ...job, enabled: false }] }, tables)).toHaveLength(1)
})
