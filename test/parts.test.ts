import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { reportOf } from './faults/kit.ts'
import { type Project, project } from './project.ts'

/** Each connection gets 8 MB a second. */
const SLOW = { type: 'slow', bytesPerSecond: 8_000_000, each: true } as const

/** A table of 48 MB behind a slow line. */
async function farAway(work: Project) {
  const line = await startProxy(work.source.server)
  line.setFault(SLOW)
  await work.write('params.json', { ...work.params, db_port: line.port })
  await work.at.query('CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, v INT, b VARCHAR(12000) CHARACTER SET latin1, KEY (v))')
  await work.at.query('INSERT INTO t SELECT seq * 3, seq % 1000, REPEAT(MD5(seq), 375) FROM seq_1_to_4000')
  await work.at.query('ANALYZE TABLE t')
  return line
}

/** The target's connections that have rows of `t` on their way into its staging table. */
async function writers({ target: { server }, targetUser }: Project): Promise<readonly number[]> {
  const found = await server.query(
    `SELECT list.id AS id FROM information_schema.innodb_trx AS trx JOIN information_schema.processlist AS list ON list.id = trx.trx_mysql_thread_id
     WHERE trx.trx_rows_modified > 0 AND list.user = ? ORDER BY 1`,
    [targetUser],
  )
  return found.map(({ id }) => Number(id))
}

async function untilTwoWrite(work: Project): Promise<readonly number[]> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const ids = await writers(work)
    if (ids.length > 1) return ids
    // Asked more often than every 100 ms the server gives its last answer again.
    await sleep(200)
  }
  throw new Error('nobody came to help')
}

test('a large table that is far away is copied over several connections, to the byte', async () => {
  await using work = await project()
  await using _ = await farAway(work)
  const run = work.start('run', '--full', '--json')
  await untilTwoWrite(work)
  const outcome = await run.ended
  expect(outcome.code, said(outcome)).toBe(0)
  expect(reportOf(outcome).tables[0]).toMatchObject({ outcome: 'synced', inserted: 4_000, rowsRead: 4_000, retries: 0 })
  await work.same()
})

test.each([0, 1])('where the server ends connection %i of those that write, the table is read again and no row is lost or doubled', async (which) => {
  await using work = await project()
  await using line = await farAway(work)
  const run = work.start('run', '--full', '--json')
  const ids = await untilTwoWrite(work)
  line.setFault(undefined)
  await work.target.server.query(`KILL ${ids[which]}`)
  const outcome = await run.ended
  expect(outcome.code, said(outcome)).toBe(0)
  expect(reportOf(outcome).tables[0]).toMatchObject({ outcome: 'synced', retries: 1 })
  await work.same()
})

test('killed while two connections write, the copy is as it was, and the next run makes it right', async () => {
  await using work = await project()
  await using line = await farAway(work)
  line.setFault(undefined)
  await work.sync()
  const copy = async () => await work.target.server.query(`SELECT COUNT(*) AS n, SUM(CRC32(b)) AS sum FROM \`${work.target.database}\`.t`)
  const before = await copy()
  await work.at.query('UPDATE t SET b = REVERSE(b)')
  line.setFault(SLOW)
  const run = work.start('run', '--full')
  await untilTwoWrite(work)
  run.process.kill('SIGKILL')
  await run.ended
  expect(await copy()).toEqual(before)
  line.setFault(undefined)
  await work.sync('--full')
  await work.same()
})
