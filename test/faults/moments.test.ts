import { setTimeout as sleep } from 'node:timers/promises'
import { pairAddress, serverClient, startServer } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { dbsync, said } from '../dbsync.ts'
import { project } from '../project.ts'
import { reportOf, run, seeded } from './kit.ts'

test.each([true, false])('money that moves between two tables is neither made nor lost in a copy (binary log: %s)', async (binlog) => {
  const random = seeded()
  await using own = await startServer({ binlog, timeZone: '-05:00' })
  const target = serverClient((await pairAddress()).target)
  await using work = await project({ servers: { source: own, target } })
  await work.at.query('CREATE TABLE a (id INT PRIMARY KEY, v INT NOT NULL, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
  await work.at.query('CREATE TABLE b (id INT PRIMARY KEY, v INT NOT NULL)')
  await work.at.query('CREATE TABLE moves (account INT, v INT)')
  for (const table of ['a', 'b']) await work.at.query(`INSERT INTO ${table} (id, v) SELECT seq, 100 FROM seq_1_to_300`)
  let open = true
  const writers = [1, 2].map(async () => {
    const connection = await own.connect({ database: work.database })
    while (open) {
      const [from, to, amount] = [1 + random.next(300), 1 + random.next(300), random.next(10)]
      await connection.query('START TRANSACTION')
      await connection.query(`UPDATE a SET v = v - ${amount} WHERE id = ${from}`)
      await connection.query(`UPDATE b SET v = v + ${amount} WHERE id = ${to}`)
      await connection.query(`INSERT INTO moves VALUES (${from}, -${amount})`)
      await connection.query(`INSERT INTO moves VALUES (${to}, ${amount})`)
      await connection.query('COMMIT')
      await sleep(1)
    }
    await connection.end()
  })
  const { database } = work.target
  for (const args of [[], [], ['--full']]) {
    const outcome = await run(work, ...args)
    expect(outcome.code, said(outcome)).toBe(0)
    expect(reportOf(outcome).totals.retries).toBe(0)
    const sums = `SELECT (SELECT SUM(v) FROM ${database}.a) + (SELECT SUM(v) FROM ${database}.b) AS accounts, (SELECT IFNULL(SUM(v), 0) FROM ${database}.moves) AS moves`
    expect(await target.query(sums)).toEqual([{ accounts: '60000', moves: '0' }])
  }
  open = false
  await Promise.all(writers)
  await work.sync()
  await work.same()
  await target.close()
})

test('rows that commit late, lie in the future, have no time, or are stamped in another zone arrive', async () => {
  // The server is five hours behind UTC: one table is filled by an application in UTC, the other by the server.
  await using work = await project()
  await work.at.query('CREATE TABLE app (id INT PRIMARY KEY, v INT, updated_at DATETIME NULL)')
  await work.at.query('CREATE TABLE server (id INT PRIMARY KEY, v INT, updated_at DATETIME NULL DEFAULT NOW() ON UPDATE NOW())')
  await work.at.query('INSERT INTO app SELECT seq, seq, UTC_TIMESTAMP() - INTERVAL 3 DAY FROM seq_1_to_500')
  await work.at.query('INSERT INTO server SELECT seq, seq, NOW() - INTERVAL 3 DAY FROM seq_1_to_500')
  for (const table of ['app', 'server'])
    await work.at.query(`INSERT INTO ${table} VALUES (2001, 1, '2099-01-01'), (2002, 1, NULL), (2003, 1, '9999-12-31 23:59:59')`)
  await work.sync()
  const late = await work.source.server.connect({ database: work.database })
  await late.query('START TRANSACTION')
  await late.query('INSERT INTO app VALUES (3000, 1, UTC_TIMESTAMP())')
  await late.query('UPDATE server SET v = 99 WHERE id = 5')
  await work.at.query('UPDATE app SET v = 7, updated_at = UTC_TIMESTAMP() WHERE id BETWEEN 10 AND 19')
  await work.at.query('UPDATE server SET v = 7 WHERE id BETWEEN 10 AND 19')
  expect((await work.sync()).totals).toMatchObject({ updated: 20, inserted: 0 })
  await late.query('COMMIT')
  await late.end()
  await work.at.query('UPDATE app SET v = 8, updated_at = NULL WHERE id IN (11, 2002)')
  await work.at.query('UPDATE app SET v = 8 WHERE id = 2001')
  const report = await work.sync()
  expect(report.tables.map(({ strategy }) => strategy)).toEqual(['time', 'time'])
  expect(report.totals).toMatchObject({ updated: 4, inserted: 1 })
  await work.same()
})

test('a server that is moved to another time zone loses no row', async () => {
  await using own = await startServer({ timeZone: '+09:00' })
  const target = serverClient((await pairAddress()).target)
  await using work = await project({ servers: { source: own, target } })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, updated_at DATETIME NOT NULL DEFAULT NOW() ON UPDATE NOW())')
  await work.at.query('INSERT INTO t (id, v) SELECT seq, seq FROM seq_1_to_500')
  await work.sync()
  await own.query("SET GLOBAL time_zone = '-05:00'")
  await work.at.query("SET time_zone = '-05:00'")
  await work.at.query('UPDATE t SET v = -1 WHERE id < 10')
  expect((await work.sync()).totals).toMatchObject({ updated: 9 })
  await work.same()
  await target.close()
})

/** Sets what dbsync takes for the time of its own machine. */
const CLOCK = `const { Date: Real } = globalThis
const ahead = Number(process.env.CLOCK_AHEAD) * 1000
globalThis.Date = class Date extends Real {
  constructor(...parts) {
    if (parts.length === 0) super(Real.now() + ahead)
    else super(...parts)
  }
  static now = () => Real.now() + ahead
}
`

test('a clock that is wrong at our end loses nothing, nor does one that is set back at the source', async () => {
  await using work = await project()
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, updated_at DATETIME NOT NULL DEFAULT NOW() ON UPDATE NOW())')
  await work.at.query('INSERT INTO t SELECT seq, seq, NOW() - INTERVAL 2 DAY FROM seq_1_to_500')
  await work.sync()
  await work.write('clock.mjs', CLOCK)
  const [hour, year] = [3600, 365 * 24 * 3600]
  for (const ahead of [2 * hour, -20 * year]) {
    await work.at.query('UPDATE t SET v = v + 1 WHERE id % 100 = 3')
    const env = { NODE_OPTIONS: '--import=./clock.mjs', CLOCK_AHEAD: String(ahead) }
    const outcome = await dbsync(['run', '--json'], { cwd: work.directory, env })
    expect(outcome.code, said(outcome)).toBe(0)
    expect(reportOf(outcome).tables, `${ahead} s ahead`).toMatchObject([{ strategy: 'time', updated: 5 }])
    await work.same()
  }

  // A clock that is set back by so much makes the position later than the present by as much.
  const file = `sync_status/${work.database}.json`
  for (const seconds of [3000, 7200]) {
    const state = JSON.parse(await work.read(file)) as { tables: { t: { targets: { copy: { position: { columns: { updated_at: string } } } } } } }
    const { columns } = state.tables.t.targets.copy.position
    const [now] = await work.source.server.query(`SELECT NOW() + INTERVAL ${seconds} SECOND AS later`)
    columns.updated_at = String(now?.later)
    await work.write(file, state)
    await work.at.query('UPDATE t SET v = v + 1 WHERE id = 7')
    const strategy = seconds === 7200 ? 'digest' : 'time'
    expect((await work.sync()).tables, `set back by ${seconds} s`).toMatchObject([{ strategy, updated: 1 }])
    await work.same()
  }
})
