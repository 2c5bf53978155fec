import { expect, test } from 'vitest'
import { printable } from '../printable.ts'
import { reportText } from './report.ts'
import { NOW, report, tableReport } from './testing.ts'

const NO_NOTES = { warnings: [], notCopied: [] }
const label = (id: string) => printable(id.slice(id.indexOf('/') + 1))

test('a run with everything in it', async () => {
  const text = await reportText(
    report([
      tableReport('users', 'synced', { inserted: 12_000, updated: 3, deleted: 1, retries: 1 }),
      tableReport('log', 'unchanged', { guarantee: { level: 'exact-except', except: 'deletes', since: '2026-01-01T00:00:00Z' } }),
      tableReport('a\n\u001b[31mb', 'failed', { error: { code: 'TOO_LONG', kind: 'data', message: 'does not fit\nat all', hint: 'ALTER TABLE b' } }),
    ]),
    { warnings: ['no backup point was made: dbsync cannot make them yet'], notCopied: ['shop: 1 view (v); triggers not visible with these rights'] },
    label,
    NOW,
  )
  expect(text).toMatchInlineSnapshot(`
    "The incremental run r1 finished after 3.0 s: 2 of 3 tables reached the guarantee stated below.

    Table                Outcome    How      Read        Changed  Rows/s   Time
    shop.users           synced     digest  1,234  +12,000 ~3 -1     823  1.5 s
    shop.log             unchanged  digest  1,234        nothing     823  1.5 s
    shop.a\\n\\u{1b}[31mb  failed     digest  1,234        nothing     823  1.5 s

    Tables   1 synced, 1 unchanged, 1 failed
    Rows     3,702 read, 12,000 inserted, 3 updated, 1 deleted, 0 skipped
    Speed    411 rows/s
    Data     15.0 MB of rows read
    Retries  1

    Guarantees
      1 table: exact (compared in full 2 h ago)
      1 table: exact, except for deletes (compared in full 2 h ago)

    Not copied
      shop: 1 view (v); triggers not visible with these rights

    Warnings
      no backup point was made: dbsync cannot make them yet

    Not synced
      shop.a\\n\\u{1b}[31mb failed: does not fit
        at all [TOO_LONG]
        Next: ALTER TABLE b"
  `)
})

test('every table where it should be', async () => {
  const text = await reportText(report([tableReport('users', 'synced')]), NO_NOTES, label, NOW)
  expect(text).toContain('The incremental run r1 finished after 3.0 s: all 1 table reached the guarantee stated below.')
  expect(text).not.toContain('Not synced')
  expect(text).not.toContain('Warnings')
})

test('a stopped run is not called finished', async () => {
  const text = await reportText(report([tableReport('users', 'cancelled')], { status: 'cancelled' }), NO_NOTES, label, NOW)
  expect(text).toContain('was stopped after 3.0 s: 0 of 1 table reached')
})

test('many tables: those that were written, the rest counted; failures are all named', async () => {
  const tables = [
    ...Array.from({ length: 300 }, (_, index) => tableReport(`same${index}`, 'unchanged')),
    tableReport('written', 'synced', { inserted: 1 }),
    ...Array.from({ length: 60 }, (_, index) => tableReport(`bad${index}`, 'failed', { error: { code: 'E', kind: 'data', message: 'no' } })),
  ]
  const text = await reportText(report(tables), NO_NOTES, label, NOW)
  expect(text).toContain('shop.written')
  expect(text).toContain('… and 360 tables more; --json names them all.')
  expect(text.match(/bad\d+ failed: no/g)).toHaveLength(60)
})

test('no table at all', async () => {
  expect(await reportText(report([]), NO_NOTES, label, NOW)).toContain('all 0 tables')
})
