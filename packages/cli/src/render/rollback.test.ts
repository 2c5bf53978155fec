import type { BackupPoint, RollbackPlan, RollbackReport } from '@dbsync/core'
import { expect, test } from 'vitest'
import { rollbackJson, rollbackText } from './rollback.ts'
import { NOW } from './testing.ts'

const point: BackupPoint = {
  name: 'backup_point_20261121_020000.sql.gz',
  path: '/backups/backup_point_20261121_020000.sql.gz',
  kind: 'dump',
  bytes: 12_300,
  madeAt: NOW.toISOString(),
  manifest: {
    version: 1,
    run: 'run\u001b1',
    target: 'copy',
    server: { id: 's', label: 'a server' },
    consistency: { scope: 'all', detail: '' },
    sha256: '',
    tables: [{ database: 'shop', name: 'orders', rows: 5, digest: null }],
    state: null,
    restoredAt: null,
  },
}
const { manifest, ...foreign } = point

test('the points say what they were made for', async () => {
  const hand = { ...point, name: 'hand', ...(manifest === undefined ? {} : { manifest: { ...manifest, run: null } }) }
  const before = {
    ...point,
    name: 'before',
    ...(manifest === undefined ? {} : { manifest: { ...manifest, run: null, state: { tables: {}, rollbackTo: 'x' } } }),
  }
  const text = await rollbackText({ kind: 'list', target: 'copy', points: [point, hand, before, { ...foreign, name: 'foreign' }], warnings: [], exit: 0 }, NOW)
  expect(text).toMatchInlineSnapshot(`
    "Point                                Made      Kind  Tables     Size  For
    backup_point_20261121_020000.sql.gz  just now  dump       1  12.3 kB  run\\u{1b}1
    hand                                 just now  dump       1  12.3 kB  by hand
    before                               just now  dump       1  12.3 kB  before a rollback
    foreign                              just now  dump       ?  12.3 kB  no manifest: unproved"
  `)
  const narrow = await rollbackText({ kind: 'list', target: 'copy', points: [point], warnings: [], exit: 0 }, NOW, 70)
  expect(
    narrow.split('\n').map((line) => line.length <= 70),
    narrow,
  ).toEqual([true, true])
  expect(narrow).toMatch(/^Point +Made +Kind +Tables +Size\n/)
  expect(await rollbackText({ kind: 'list', target: 'copy', points: [], warnings: [], exit: 0 }, NOW)).toBe('The target copy has no backup points.')
})

const plan: RollbackPlan = {
  kind: 'restore',
  point,
  check: { verdict: 'intact', findings: ['a finding'], tables: [] },
  databases: ['shop'],
  tables: [],
  preview: {
    tables: [
      { database: 'shop', name: 'ord\ners', change: 'replace', rowsNow: 7, rowsThen: 5 },
      { database: 'shop', name: 'late', change: 'remove', rowsNow: 1, rowsThen: null },
    ],
    statements: ['RENAME TABLE `a` TO `b`', '-- a comment'],
    apart: ['a trigger'],
    refused: { code: 'X', kind: 'refused', message: 'history would be lost' },
  },
  staying: [{ database: 'shop', name: 'other' }],
  loseHistory: false,
}

test('a dry run says what would change, what not at the same time, and what stands in the way', async () => {
  expect(await rollbackText({ kind: 'dry-run', target: 'copy', plan, warnings: [], exit: 1 }, NOW)).toMatchInlineSnapshot(`
    "The target copy goes back to backup_point_20261121_020000.sql.gz, made just now for the run run\\u{1b}1 (every checksum fits).

    Table          Rows now  Rows then  What happens
    shop.ord\\ners         7          5  goes back
    shop.late             1          -  is removed: it was not there

    A point of the present state is made first. The tables are built beside the live ones, and then all change places in one statement.

    Not in the same moment
      a trigger

    Stays as it is: later points hold these tables and this one does not
      shop.other

    Good to know
      a finding

    Refused
      history would be lost

    Statements
      RENAME TABLE \`a\` TO \`b\`;
      -- a comment

    Nothing was changed."
  `)
})

const report: RollbackReport = {
  target: 'copy',
  point: point.name,
  outcome: 'finished',
  proved: false,
  tables: [{ database: 'shop', name: 'orders', rows: 5, outcome: 'restored' }],
  apart: [],
  missing: ['the trigger t could not be made again'],
  before: 'before.sql.gz',
  positions: 'forgotten',
  startedAt: NOW.toISOString(),
  ms: 1500,
}

test('the report ends with the way back', async () => {
  expect(await rollbackText({ kind: 'rollback', report, warnings: [], exit: 1 }, NOW)).toMatchInlineSnapshot(`
    "The rollback that was stopped is finished: 1 table of the target copy is as in backup_point_20261121_020000.sql.gz (unproved: it has no manifest), after 1.5 s.

    Table        Outcome   Rows
    shop.orders  restored     5

    Nothing is known of where these rows come from: the next run compares the tables as a whole.

    To be put right by hand
      the trigger t could not be made again

    The state before is kept: dbsync rollback before.sql.gz"
  `)
  expect(rollbackJson({ kind: 'rollback', report, warnings: [], exit: 1 })).toMatchObject({ status: 'partial' })
})
