import type { SyncEvent } from '@dbsync/core'
import { expect, test } from 'vitest'
import { plainView } from './plain.ts'
import { event, idOf, plan, tableReport } from './testing.ts'

function shown(events: readonly SyncEvent[]): readonly string[] {
  const lines: string[] = []
  const view = plainView((line) => void lines.push(line))
  for (const each of events) view.listener(each)
  return lines
}

const id = idOf('a\n\u001b[31mb')
const label = 'shop.a\\n\\u{1b}[31mb'
const progress = (second: number, rows: number) => event(second, { type: 'table.progress', id, phase: 'copy', rows, total: 1000, bytes: 0 })

test('one line for each thing that happens, whatever the table is called', () => {
  const lines = shown([
    event(0, { type: 'run.planned', plan: plan() }),
    event(0, { type: 'table.started', id, attempt: 1 }),
    event(1, { type: 'table.retrying', id, attempt: 2, delayMs: 1500, error: { code: 'X', kind: 'transient', message: 'lost\nit' } }),
    event(2, { type: 'warning', id, message: 'watch\u001b out' }),
    event(3, { type: 'table.finished', id, report: tableReport('a\n\u001b[31mb', 'synced', { inserted: 2, deleted: 1 }) }),
    event(3, { type: 'table.finished', id: idOf('users'), report: tableReport('users', 'failed', { error: { code: 'E', kind: 'data', message: 'no' } }) }),
  ])
  expect(lines).toEqual([
    'incremental run of 3 tables from MariaDB 10.11 at db:3306 to copy (MariaDB 10.11 at backup:3306)',
    `${label}: started`,
    `${label}: attempt 2 in 1.5 s after: lost\\nit`,
    `warning: ${label}: watch\\u{1b} out`,
    `${label}: 2 inserted, 1 deleted in 1.5 s`,
    'shop.users: failed: no',
  ])
})

test('progress of a table at most every ten seconds', () => {
  const lines = shown([event(0, { type: 'run.planned', plan: plan() }), ...[0, 1, 5, 10, 12, 19, 21].map((second) => progress(second, second * 10))])
  expect(lines.slice(1)).toEqual([
    `${label}: copying 10%, 1 min 30 s left, 10 rows/s, 100 of about 1,000 rows`,
    `${label}: copying 21%, 1 min 19 s left, 10 rows/s, 210 of about 1,000 rows`,
  ])
})
