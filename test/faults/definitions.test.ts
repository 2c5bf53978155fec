import { startProxy } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'
import { fill, type Report, reportOf, run, startedRun, through } from './kit.ts'

const of = (report: Report, table: string) => report.tables.find(({ id }) => id.endsWith(`.${table}`))

test('a table that is altered, emptied, dropped or renamed while a run reads: read again or left out, and right after one more run', async () => {
  await using work = await project()
  await using proxy = await startProxy(work.source.server)
  await work.at.query('CREATE TABLE big (id INT PRIMARY KEY, text VARCHAR(2000))')
  await work.at.query("INSERT INTO big SELECT seq, REPEAT('x', 1900) FROM seq_1_to_3000")
  // Statistics order the tables: this one is read first.
  await work.at.query('ANALYZE TABLE big')
  await fill(work, 5)
  await work.sync()
  await through(work, 'source', proxy.port)
  proxy.setFault({ type: 'delay', milliseconds: 10 })
  // One table at a time, the largest first.
  const running = await startedRun(work, '--full', '--parallel', '1')
  for (const sql of ['ALTER TABLE t1 ADD COLUMN c INT, ALGORITHM=INSTANT', 'TRUNCATE t2', 'DROP TABLE t3', 'RENAME TABLE t4 TO t9']) await work.at.query(sql)
  proxy.setFault(undefined)
  const outcome = await running.ended
  expect(outcome.code, said(outcome)).toBe(1)
  const report = reportOf(outcome)
  for (const name of ['t1', 't3', 't4']) expect(of(report, name), name).toMatchObject({ outcome: 'failed', retries: 1, error: { code: 'SCHEMA_CHANGED' } })
  expect(of(report, 't2')).toMatchObject({ outcome: 'synced', retries: 1, inserted: 0 })
  for (const name of ['big', 't5']) expect(of(report, name), name).toMatchObject({ outcome: 'synced', retries: 0 })
  const after = await work.sync()
  expect(after.warnings.join()).toMatch(/t3 is not at the source any more.*t4 is not at the source any more/s)
  await work.same({ tables: ['big', 't1', 't2', 't5', 't9'] })
})

test('what cannot be followed is refused with a way out, and the rest of the run goes on', async () => {
  await using work = await project()
  await fill(work, 4)
  await work.at.query('ALTER TABLE t2 ADD COLUMN gone INT NOT NULL')
  await work.at.query('ALTER TABLE t3 ADD COLUMN gone INT')
  await work.sync()
  await work.at.query('ALTER TABLE t1 ADD COLUMN extra INT NOT NULL DEFAULT 7 AFTER id')
  await work.at.query('ALTER TABLE t2 DROP COLUMN gone')
  await work.at.query('ALTER TABLE t3 DROP COLUMN gone')
  await work.at.query('ALTER TABLE t4 MODIFY text VARCHAR(300)')
  for (const table of ['t1', 't2', 't3', 't4']) await work.at.query(`INSERT INTO ${table} (id, text) VALUES (90000, 'new')`)
  const report = reportOf(await run(work))
  expect(of(report, 't1')).toMatchObject({ outcome: 'synced', inserted: 1 })
  expect(of(report, 't2')).toMatchObject({ outcome: 'refused', error: { code: 'MYSQL_TARGET_COLUMNS', hint: expect.stringContaining('DROP COLUMN `gone`') } })
  expect(of(report, 't3')).toMatchObject({ outcome: 'synced', inserted: 1, warnings: ['only the target has gone: kept'] })
  expect(of(report, 't4')).toMatchObject({ outcome: 'refused', error: { code: 'SCHEMA_CONFLICT' } })
  await followHint(work, of(report, 't2')?.error?.hint)
  await work.target.server.query(`DROP TABLE ${work.target.database}.t4`)
  await work.sync()
  await work.same({ tables: ['t1', 't2', 't4'] })
})

/** A hint must hold a statement that helps. */
async function followHint({ target }: Project, hint: string | undefined): Promise<void> {
  const [, sql] = /(ALTER TABLE .*?);/.exec(hint ?? '') ?? []
  await target.server.query(sql ?? 'there is no statement')
}
