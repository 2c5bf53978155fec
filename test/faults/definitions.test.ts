import { pairAddress, quote, serverClient, startProxy, startServer } from '@dbsync/testkit'
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

/** What somebody does to the tables while the first one is read, how often each is read again, and whether it can be done by this run. */
const MEANWHILE: readonly (readonly [statement: string, table: string, retries: number, outcome: 'synced' | 'failed'])[] = [
  ['ALTER TABLE t1 ENGINE=InnoDB', 't1', 1, 'synced'],
  ['ALTER TABLE t2 ADD INDEX (text)', 't2', 1, 'synced'],
  ['ALTER TABLE t3 MODIFY text VARCHAR(300), ALGORITHM=COPY', 't3', 1, 'failed'],
  ['CREATE OR REPLACE TABLE t4 AS SELECT * FROM t1 LIMIT 0', 't4', 1, 'failed'],
  ['DROP TABLE t5; CREATE TABLE t5 LIKE t6; INSERT INTO t5 SELECT * FROM t6 WHERE id > 1000', 't5', 1, 'synced'],
  ['RENAME TABLE t6 TO t, t7 TO t6, t TO t7', 't6', 1, 'synced'],
  ['ALTER TABLE t8 DROP COLUMN text, ALGORITHM=INSTANT; ALTER TABLE t8 ADD COLUMN text VARCHAR(200) AFTER id, ALGORITHM=INSTANT', 't8', 1, 'synced'],
]

test('tables that are copied anew, put in the place of others, or look the same again, and one that is altered while its own rows come', async () => {
  await using work = await project()
  await using proxy = await startProxy(work.source.server)
  await work.at.query('CREATE TABLE big (id INT PRIMARY KEY, text VARCHAR(2000))')
  await work.at.query("INSERT INTO big SELECT seq, REPEAT('x', 1900) FROM seq_1_to_3000")
  await work.at.query('ANALYZE TABLE big')
  await fill(work, 8)
  await work.at.query("UPDATE t7 SET text = 'seven'")
  await work.sync()
  await through(work, 'source', proxy.port)
  proxy.setFault({ type: 'delay', milliseconds: 10 })
  const running = await startedRun(work, '--full', '--parallel', '1', '--allow', 'deletes')
  for (const [statement] of MEANWHILE) for (const sql of statement.split('; ')) await work.at.query(sql)
  // It waits until the rows have been read.
  const altered = work.at.query('ALTER TABLE big ADD COLUMN more INT')
  proxy.setFault(undefined)
  const outcome = await running.ended
  await altered
  const report = reportOf(outcome)
  expect(outcome.code, said(outcome)).toBe(1)
  for (const [statement, table, retries, end] of MEANWHILE) {
    expect(of(report, table), statement).toMatchObject({ outcome: end, retries, ...(end === 'failed' ? { error: { code: 'SCHEMA_CHANGED' } } : {}) })
  }
  await work.sync('--allow', 'deletes')
  await work.same()
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

test('tables whose names the target does not tell apart are refused, and the others are synced', async () => {
  await using target = await startServer({ settings: { lower_case_table_names: '1' } })
  const source = serverClient((await pairAddress()).source)
  await using work = await project({ servers: { source, target } })
  for (const name of ['Thing', 'thing', 'Other']) await work.at.query(`CREATE TABLE ${name} (id INT PRIMARY KEY, v VARCHAR(9))`)
  for (const name of ['Thing', 'thing', 'Other']) await work.at.query(`INSERT INTO ${name} VALUES (1, '${name}')`)
  for (const args of [[], [], ['--full']]) {
    const outcome = await run(work, ...args)
    expect(outcome.code, said(outcome)).toBe(1)
    for (const name of ['Thing', 'thing']) expect(of(reportOf(outcome), name)).toMatchObject({ outcome: 'refused', error: { code: 'TABLES_COLLIDE' } })
    expect(of(reportOf(outcome), 'Other')?.outcome).toMatch(/synced|unchanged/)
  }
  expect(await target.query(`SHOW TABLES FROM ${quote(work.target.database)}`)).toHaveLength(1)
  await work.write('sync-config.json', { table_settings: { exclude_tables: ['Thing'] } })
  await work.sync()
  expect(await target.query(`SELECT v FROM ${quote(work.target.database)}.thing`)).toEqual([{ v: 'thing' }])
  await source.close()
})

test('a database whose name the target keeps in small letters is found again, with its tables', async () => {
  await using target = await startServer({ settings: { lower_case_table_names: '1' } })
  const source = serverClient((await pairAddress()).source)
  await using work = await project({ servers: { source, target }, suffix: 'Shop' })
  await work.at.query('CREATE TABLE Parent (id INT PRIMARY KEY, v VARCHAR(9))')
  await work.at.query('CREATE TABLE child (id INT PRIMARY KEY, parent INT, KEY (parent), FOREIGN KEY (parent) REFERENCES Parent (id))')
  await work.at.query("INSERT INTO Parent VALUES (1, 'a'), (2, 'b')")
  await work.at.query('INSERT INTO child VALUES (1, 1), (2, 2)')
  await work.sync()
  await work.at.query("UPDATE Parent SET v = 'c' WHERE id = 2")
  const plan = (await work.dbsync('run', '--dry-run', '--json')).json
  expect(JSON.stringify(plan), 'its definition is not taken for another one').not.toContain('DROP FOREIGN KEY')
  const report = await work.sync()
  expect(new Set(report.tables.map(({ outcome, strategy }) => `${outcome} ${strategy}`))).toEqual(new Set(['synced digest', 'unchanged digest']))
  expect(report).toMatchObject({ warnings: [], totals: { inserted: 0, updated: 1, deleted: 0 } })
  expect(await target.query(`SELECT v FROM ${quote(work.target.database)}.parent WHERE id = 2`)).toEqual([{ v: 'c' }])
  await source.close()
})
