import { expect, test } from 'vitest'
import type { Snapshot } from '../contract/source.ts'
import type { Target } from '../contract/target.ts'
import type { ObjectReport } from './objects.ts'
import type { PreparedRun } from './prepare.ts'
import type { TableOutcome, TableReport } from './report.ts'
import { type RunFacts, runReport } from './report-of.ts'

const table = (outcome: TableOutcome, more: Partial<TableReport> = {}): TableReport => ({
  ...{ id: 'copy/shop.t', outcome, strategy: 'digest', rowsRead: 0, inserted: 0, updated: 0, deleted: 0, skipped: 0, bytes: 0, ms: 1, retries: 0 },
  ...{ comparedAt: null, warnings: [], ...more },
})
const object = (outcome: ObjectReport['outcome']): ObjectReport => ({ id: 'copy/shop view v', type: 'view', name: 'v', outcome })

type Ends = { readonly plan?: object; readonly snapshot?: Partial<Snapshot>; readonly targets?: readonly Partial<Target>[] }

function report(facts: Partial<RunFacts>, { plan = {}, snapshot = {}, targets = [] }: Ends = {}) {
  const ends = { targets: new Map(targets.map((target, i) => [String(i), target])) }
  const prepared = { plan: { run: 'r', mode: 'incremental', targets: [], ...plan }, snapshot, endpoints: ends } as unknown as PreparedRun
  const [startedAt, finishedAt] = [new Date(1_000), new Date(3_000)]
  const none = { tables: [], warnings: [], objects: [], backups: [], incomplete: false, cancelled: false, elsewhere: { received: 0, sent: 0 } }
  return runReport(prepared, { startedAt, finishedAt, ...none, ...facts })
}

test('a run is as good as the worst of it', () => {
  const unplanned = [{ database: 'gone', error: { code: 'X', kind: 'privilege', message: '' } }]
  const done = table('synced')
  expect(report({ tables: [done, table('unchanged')], objects: [object('created'), object('dropped')] })).toMatchObject({ status: 'ok' })
  for (const tables of [
    [done, table('failed')],
    [done, table('refused')],
    [table('failed'), table('refused')],
  ]) {
    expect(report({ tables }).status).toBe('partial')
  }
  for (const outcome of ['failed', 'refused'] as const) expect(report({ objects: [object('replaced'), object(outcome)] }).status).toBe('partial')
  expect(report({ incomplete: true }).status).toBe('partial')
  expect(report({}, { plan: { unplanned } })).toMatchObject({ status: 'partial', unplanned })
  expect(report({})).not.toHaveProperty('unplanned')
  expect(report({ tables: [table('failed'), table('cancelled')] }).status).toBe('cancelled')
  expect(report({ tables: [table('failed')], cancelled: true }).status).toBe('cancelled')
})

test('the totals are those of all tables', () => {
  const error = { code: 'X', kind: 'data', message: '' } as const
  const counted = { rowsRead: 10, inserted: 1, updated: 2, deleted: 3, skipped: 4, bytes: 5, retries: 6 }
  const tables = [
    table('synced', counted),
    table('failed', { ...counted, error }),
    table('failed', { error }),
    table('refused', { error: { ...error, kind: 'refused' } }),
  ]
  expect(report({ tables })).toMatchObject({ ms: 2000, startedAt: '1970-01-01T00:00:01.000Z', finishedAt: '1970-01-01T00:00:03.000Z' })
  expect(report({ tables }).totals).toEqual({
    outcomes: { synced: 1, unchanged: 0, failed: 2, refused: 1, cancelled: 0 },
    ...{ rowsRead: 20, inserted: 2, updated: 4, deleted: 6, skipped: 8, bytes: 10, retries: 12, rowsPerSecond: 10 },
    errors: { data: 2, refused: 1 },
  })
})

test('bytes over the wire are those of all connections, both ways, where the source can tell', () => {
  const elsewhere = { received: 100, sent: 200 }
  const targets = [{ traffic: () => ({ received: 3, sent: 4 }) }, {}, { traffic: () => ({ received: 5, sent: 6 }) }]
  const snapshot = { traffic: () => ({ received: 1, sent: 2 }) }
  expect(report({ elsewhere }, { snapshot, targets }).totals.wire).toEqual({ source: 303, targets: 18 })
  expect(report({ elsewhere }, { targets }).totals).not.toHaveProperty('wire')
})

test('objects are named where any are copied, also where none has changed', () => {
  const databases = [{ objectPlan: { unchanged: 2 } }, {}, { objectPlan: { unchanged: 3 } }]
  const changes = [object('created')]
  expect(report({ objects: changes }, { plan: { targets: [{ databases }] } }).objects).toEqual({ unchanged: 5, changes })
  expect(report({}, { plan: { targets: [{ databases: [{}] }] } })).not.toHaveProperty('objects')
})
