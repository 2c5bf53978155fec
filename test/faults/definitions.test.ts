import { startProxy } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { project } from '../project.ts'
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
  const running = await startedRun(work, '--full', '--parallel', '1', '--allow', 'deletes')
  for (const sql of ['ALTER TABLE t1 ADD COLUMN c INT, ALGORITHM=INSTANT', 'TRUNCATE t2', 'DROP TABLE t3', 'RENAME TABLE t4 TO t9']) await work.at.query(sql)
  proxy.setFault(undefined)
  const outcome = await running.ended
  expect(outcome.code, said(outcome)).toBe(1)
  const report = reportOf(outcome)
  for (const name of ['t1', 't3', 't4']) expect(of(report, name), name).toMatchObject({ outcome: 'failed', retries: 1, error: { code: 'SCHEMA_CHANGED' } })
  expect(of(report, 't2')).toMatchObject({ outcome: 'synced', retries: 1, inserted: 0 })
  for (const name of ['big', 't5']) expect(of(report, name), name).toMatchObject({ outcome: 'synced', retries: 0 })
  const after = await work.sync()
  expect(after.warnings.join()).toMatch(/t3 is gone at the source.*t4 is gone at the source/s)
  await work.same({ tables: ['big', 't1', 't2', 't5', 't9'] })
})

test('columns that are gone or changed at the source are followed, and nothing that only the copy has is lost', async () => {
  await using work = await project()
  await fill(work, 4)
  await work.at.query('ALTER TABLE t2 ADD COLUMN gone INT NOT NULL DEFAULT 3')
  await work.at.query('ALTER TABLE t3 ADD COLUMN gone INT')
  await work.sync()
  await work.at.query('ALTER TABLE t1 ADD COLUMN extra INT NOT NULL DEFAULT 7 AFTER id')
  await work.at.query('ALTER TABLE t2 DROP COLUMN gone')
  await work.at.query('ALTER TABLE t3 DROP COLUMN gone')
  await work.at.query('ALTER TABLE t4 MODIFY text VARCHAR(300)')
  for (const table of ['t1', 't2', 't3', 't4']) await work.at.query(`INSERT INTO ${table} (id, text) VALUES (90000, 'new')`)
  const report = reportOf(await run(work))
  for (const table of ['t1', 't2', 't3', 't4']) expect(of(report, table), table).toMatchObject({ outcome: 'synced', inserted: 1 })
  for (const table of ['t2', 't3']) expect(of(report, table)?.warnings, table).toEqual(['only the target has gone: kept'])
  const kept = await work.target.server.query(`SELECT COUNT(gone) AS known FROM ${work.target.database}.t2`)
  expect(Number(kept[0]?.known)).toBeGreaterThan(0)
  await work.same({ tables: ['t1', 't4'] })
  await work.sync('--allow-destructive')
  await work.same({ tables: ['t1', 't2', 't3', 't4'] })
})
