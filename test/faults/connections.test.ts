import { setTimeout as sleep } from 'node:timers/promises'
import { pairAddress, type ServerClient, serverClient, startProxy, startServer } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'
import { fill, losesAnswer, reportOf, run, seeded, startedRun, through } from './kit.ts'

test.each(['source', 'target'] as const)('KILL of connections to the %s costs retries and nothing else', async (end) => {
  const random = seeded()
  await using work = await project()
  await using proxy = await startProxy(work[end].server)
  await fill(work, 10)
  await through(work, end, proxy.port)
  proxy.setFault({ type: 'delay', milliseconds: 3 })
  const running = await startedRun(work)
  for (let kills = 0; kills < 3; kills++) {
    await sleep(random.next(40))
    await kill(work[end].server, end === 'source' ? work.sourceUser : work.targetUser, random.next(10))
  }
  const outcome = await running.ended
  expect(outcome.code, said(outcome)).toBe(0)
  // At the target one of them may be the lock's, and then every table is read again under a new one.
  expect(reportOf(outcome).totals.retries).toBeLessThanOrEqual(end === 'source' ? 3 : Number.POSITIVE_INFINITY)
  await work.same()
})

test('a connection that holds the lock of a run can be lost', async () => {
  await using work = await project()
  await using proxy = await startProxy(work.target.server)
  await fill(work, 4)
  await through(work, 'target', proxy.port)
  proxy.setFault({ type: 'delay', milliseconds: 5 })
  const running = await startedRun(work)
  const [holder] = await work.target.server.query(`SELECT IS_USED_LOCK(CONCAT('dbsync-run:', SHA1('${work.target.database}'))) AS id`)
  await work.target.server.query('KILL CONNECTION ?', [Number(holder?.id)])
  const outcome = await running.ended
  expect(outcome.code, said(outcome)).toBe(0)
  expect(
    reportOf(outcome)
      .tables.flatMap(({ warnings }) => warnings)
      .join(),
  ).toContain('later moment')
  await work.same()
})

test.each(['source', 'target'] as const)('a %s server that restarts in the middle of a run is waited for', async (end) => {
  await using own = await startServer({ timeZone: '-05:00' })
  const pair = await pairAddress()
  const servers = { source: serverClient(pair.source), target: serverClient(pair.target), [end]: own }
  await using work = await project({ servers, params: { retry_delay: 1 } })
  await using proxy = await startProxy(own)
  await fill(work, 6)
  await through(work, end, proxy.port)
  proxy.setFault({ type: 'delay', milliseconds: 10 })
  const running = await startedRun(work)
  await own.restart()
  proxy.setFault(undefined)
  const outcome = await running.ended
  expect(outcome.code, said(outcome)).toBe(0)
  expect(reportOf(outcome).totals.retries).toBeGreaterThan(0)
  await work.same()
  await servers.source.close()
  await servers.target.close()
})

test.each(['COMMIT', 'RENAME TABLE'])('%s is done and its answer is lost: nothing is doubled', async (statement) => {
  await using work = await project()
  await work.at.query('CREATE TABLE twice (a INT, b INT)')
  await work.at.query('INSERT INTO twice SELECT seq % 10, seq % 3 FROM seq_1_to_500')
  if (statement === 'COMMIT') await work.sync()
  await work.at.query('INSERT INTO twice VALUES (1, 1), (1, 1), (7, 7)')
  await using relay = await losesAnswer(work.target.server, statement)
  await through(work, 'target', relay.port)
  const outcome = await run(work)
  expect(outcome.code, said(outcome)).toBe(0)
  expect(relay.struck).toBe(true)
  expect(reportOf(outcome).tables[0]).toMatchObject({ retries: 1 })
  await work.same()
})

test('without retries a fault fails its table, and the next run compares that one', async () => {
  await using work = await project({ params: { max_retries: 0 } })
  await fill(work, 2)
  await work.sync()
  await work.at.query("UPDATE t1 SET text = 'new' WHERE id = 5")
  await using relay = await losesAnswer(work.target.server, 'VALUES (?')
  await through(work, 'target', relay.port)
  const outcome = await run(work)
  expect(outcome.code, said(outcome)).toBe(1)
  expect(reportOf(outcome).totals).toMatchObject({ retries: 0, outcomes: { failed: 1, unchanged: 1 } })
  const next = reportOf(await run(work))
  expect(next.tables.map(({ strategy }) => strategy)).toEqual(['digest', 'time'])
  await work.same()
})

test('deadlocks and lock waits at the target are waited out, and so is a reader that keeps a table from being exchanged', async () => {
  await using work = await project()
  await fill(work, 1)
  await work.sync()
  for (const { held, meanwhile, args } of [
    { held: 'SELECT * FROM t1 WHERE id = 1000 FOR UPDATE', meanwhile: 'UPDATE t1 SET id = id WHERE id < 10', args: [] },
    { held: 'SELECT * FROM t1 LIMIT 1', meanwhile: 'DO 0', args: ['--full'] },
  ]) {
    await work.at.query('UPDATE t1 SET text = CONCAT(id, LEFT(text, 9))')
    const reader = await work.target.server.connect({ database: work.target.database })
    await reader.query('START TRANSACTION')
    await reader.query(held)
    const running = await startedRun(work, ...args)
    await sleep(1500)
    await reader.query(meanwhile).catch(() => {})
    await reader.query('COMMIT')
    await reader.end()
    const outcome = await running.ended
    expect(outcome.code, said(outcome)).toBe(0)
    await work.same()
  }
})

test('a run over many databases uses few connections', async () => {
  await using work = await project()
  const { database, source, target } = work
  for (let n = 0; n < 15; n++) {
    await source.server.query(`CREATE DATABASE ${database}_${n}`)
    await source.server.query(`CREATE TABLE ${database}_${n}.t (id INT PRIMARY KEY)`)
  }
  await source.server.query(`GRANT SELECT ON \`${database.replaceAll('_', '\\_')}%\`.* TO ${work.sourceUser}@'%'`)
  await target.server.query(`ALTER USER ${work.targetUser}@'%' WITH MAX_USER_CONNECTIONS 8`)
  await work.write('params.json', { ...work.params, db_list: [`${database}_*`], pool_size: 2 })
  const outcome = await run(work)
  expect(outcome.code, said(outcome)).toBe(0)
  await dropAll(work)
})

async function dropAll({ source, target, database }: Project): Promise<void> {
  for (let n = 0; n < 15; n++) {
    await source.server.query(`DROP DATABASE ${database}_${n}`)
    await target.server.query(`DROP DATABASE ${database}_${n}_copy`)
  }
}

async function kill(server: ServerClient, user: string, nth: number): Promise<void> {
  const rows = await server.query('SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ? ORDER BY ID', [user])
  const id = rows[nth % Math.max(1, rows.length)]?.id
  // Gone by itself meanwhile is as good.
  if (id !== undefined) await server.query('KILL CONNECTION ?', [Number(id)]).catch(() => {})
}
