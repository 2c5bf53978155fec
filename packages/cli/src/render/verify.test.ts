import type { VerifyReport } from '@dbsync/core'
import { expect, test } from 'vitest'
import { idOf, NAMES, NOW, plan, report, tableReport } from './testing.ts'
import { verifyJson, verifyText } from './verify.ts'

const none = { rowsCompared: 1000, missing: 0, extra: 0, changed: 0, notSynced: 0, settled: 0 }

const found: VerifyReport = {
  run: 'r1',
  status: 'different',
  level: 'digest',
  startedAt: NOW.toISOString(),
  finishedAt: NOW.toISOString(),
  ms: 2000,
  tables: [
    { id: idOf(NAMES[0]), outcome: 'equal', level: 'digest', schema: [], differences: [], ms: 10, warnings: [], ...none },
    {
      id: idOf(NAMES[1]),
      outcome: 'different',
      level: 'digest',
      schema: [],
      differences: [
        {
          kind: 'changed',
          key: [{ name: 'i\u001b[31md', value: '1\n' }],
          columns: [{ name: '__proto__', source: null, target: 'NULL' }],
        },
        { kind: 'extra', key: [{ name: 'a', value: null }], columns: [], copies: { source: 1, target: 3 } },
      ],
      ms: 10,
      warnings: [],
      ...none,
      changed: 4,
      extra: 2,
    },
    {
      id: idOf(NAMES[2]),
      outcome: 'failed',
      level: 'digest',
      schema: ['is not there'],
      differences: [],
      ms: 1,
      warnings: [],
      error: { code: 'LOST', kind: 'transient', message: 'gone', hint: 'Try\nagain.' },
      ...none,
    },
  ],
  totals: { ...none, changed: 4, extra: 2 },
  warnings: ['slow'],
}

test('says which rows differ, tells NULL from its name, and lets no name move the cursor', async () => {
  const text = await verifyText({ plan: plan(), report: found, warnings: ['slow'], exit: 5 }, NOW)
  expect(text).toContain('1 of 3 tables are equal; 2 extra, 4 changed (1,000 rows compared, 500 rows/s)')
  expect(text).toContain("changed  i\\u{1b}[31md='1\\n': __proto__ is NULL at the source, 'NULL' at the target")
  expect(text).toContain('extra  a=NULL (1 at the source, 3 at the target)')
  expect(text).toContain('and 3 rows more; --limit')
  expect(text).toContain('shop.__proto__: gone [LOST]')
  expect(text).not.toContain('\u001b')
})

test('a repair is told in three parts, and the status is that of the end', async () => {
  const outcome = {
    plan: plan(),
    report: found,
    repair: { plan: plan(), report: report([tableReport(NAMES[1], 'synced')]), after: { ...found, status: 'equal' as const } },
    warnings: [],
    exit: 0,
  }
  expect(await verifyText(outcome, NOW)).toMatch(/The repair[\s\S]*After the repair/)
  expect(verifyJson(outcome)).toMatchObject({ status: 'equal', report: { status: 'different' }, after: { status: 'equal' } })
})
