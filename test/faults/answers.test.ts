import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { project } from '../project.ts'
import { errorOf, fill, reportOf, run } from './kit.ts'

const RIGHTS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP', 'INDEX', 'REFERENCES']

test('a right that is missing at the target is named, and nothing half done stays', async () => {
  await using work = await project()
  await fill(work, 1)
  await work.at.query('CREATE TABLE t2 (id INT PRIMARY KEY)')
  await work.at.query('INSERT INTO t2 SELECT seq FROM seq_1_to_100')
  const { server, database } = work.target
  const user = `${work.targetUser}@'%'`
  const on = `\`${database.replaceAll('_', '\\_')}\`.*`
  await server.query(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${user}`)
  expect(errorOf(await run(work))).toMatchObject({
    code: 'MYSQL_PRIVILEGE',
    hint: expect.stringContaining(`CREATE, ALTER, DROP, INDEX, REFERENCES ON \`${database}\`.*`),
  })
  await server.query(`GRANT ${RIGHTS.join(', ')} ON ${on} TO ${user}`)
  await work.sync()
  for (const right of ['INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER']) {
    await work.at.query("UPDATE t1 SET text = CONCAT('y', text) WHERE id < 50")
    await work.at.query('DELETE FROM t2 LIMIT 3')
    await server.query(`REVOKE ${right} ON ${on} FROM ${user}`)
    const outcome = await run(work, ...(right === 'ALTER' ? ['--full'] : []))
    expect(outcome.code, right).toBe(1)
    const errors = reportOf(outcome).tables.flatMap(({ error }) => (error === undefined ? [] : [error]))
    for (const error of errors) expect(error).toMatchObject({ code: 'MYSQL_PRIVILEGE', message: expect.stringContaining(`${right} command denied`) })
    expect(errors.length).toBeGreaterThan(0)
    // Without DROP what is half done has to wait for the next run.
    const left = right === 'DROP' ? [] : await server.query(`SHOW TABLES FROM ${database} LIKE '%dbsync%'`)
    expect(left, right).toEqual([])
    await server.query(`GRANT ${right} ON ${on} TO ${user}`)
  }
  await work.sync()
  await work.same()
  expect(await server.query(`SHOW TABLES FROM ${database} LIKE '%dbsync%'`)).toEqual([])
})

test('a table whose rights are taken away is missed: never dropped, never forgotten', async () => {
  await using work = await project()
  await fill(work, 2)
  await work.sync()
  const { server } = work.source
  const user = `${work.sourceUser}@'%'`
  await server.query(`REVOKE SELECT ON \`${work.database.replaceAll('_', '\\_')}\`.* FROM ${user}`)
  expect(errorOf(await run(work))).toMatchObject({ code: 'DATABASE_NOT_VISIBLE', hint: expect.stringContaining('GRANT SELECT') })
  await server.query(`GRANT SELECT ON ${work.database}.t1 TO ${user}`)
  expect(errorOf(await run(work))).toMatchObject({ code: 'TABLE_NOT_VISIBLE', hint: expect.stringContaining(`GRANT SELECT ON \`${work.database}\`.\`t2\``) })
  await work.write('sync-config.json', { table_settings: { exclude_tables: ['t2'] } })
  expect((await run(work)).code).toBe(0)
  await work.write('sync-config.json', {})
  await server.query(`GRANT SELECT (id) ON ${work.database}.t2 TO ${user}`)
  const partly = await run(work)
  expect(partly.code, said(partly)).toBe(1)
  expect(reportOf(partly).unplanned).toMatchObject([{ table: 't2', error: { code: 'MYSQL_PRIVILEGE', kind: 'privilege' } }])
  await work.same()
})

test('standard output is one JSON value whatever goes wrong', async () => {
  await using work = await project()
  await fill(work, 1)
  const cases: readonly (readonly [exit: number, params: unknown, ...args: readonly string[]])[] = [
    [2, work.params, '--nonsense'],
    [2, work.params, '--full', '--incremental'],
    [2, work.params, '--table', 'nothing*'],
    [2, '{ broken'],
    [2, { ...work.params, db_pass: 'env:NOPE' }],
    [2, { ...work.params, state: { type: 'nope' } }],
    [3, { ...work.params, db_port: 1 }],
    [3, { ...work.params, db_pass: 'wrong' }],
    [3, { ...work.params, db_list: ['nowhere'] }],
  ]
  for (const [exit, params, ...args] of cases) {
    await work.write('params.json', params)
    const outcome = await run(work, ...args)
    expect(outcome.code, JSON.stringify([params, args])).toBe(exit)
    expect(errorOf(outcome)).toMatchObject({ code: expect.any(String), message: expect.any(String), exit })
  }
})
