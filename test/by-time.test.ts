import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Project, project, tableIn } from './project.ts'

const MOVING = ['updated_at', 'update_time', 'last_updated', 'last_update', 'modify_time']
const OTHERS = ['created_at', 'create_time', 'insert_time', 'timestamp', 'sync_time']
const TYPES = ['DATETIME', 'DATETIME(6)', 'TIMESTAMP', 'TIMESTAMP(6)']

test.each(TYPES)('%s: new, changed and gone rows arrive, whatever the column is called', async (type) => {
  await using work = await project()
  const now = `CURRENT_TIMESTAMP${/\(6\)/.exec(type)?.[0] ?? ''}`
  for (const name of MOVING) await work.at.query(`CREATE TABLE t_${name} (id INT PRIMARY KEY, v INT, ${name} ${type} NOT NULL DEFAULT ${now} ON UPDATE ${now})`)
  for (const name of OTHERS) await work.at.query(`CREATE TABLE t_${name} (id INT PRIMARY KEY, v INT, \`${name}\` ${type} NOT NULL DEFAULT ${now})`)
  const tables = [...MOVING, ...OTHERS].map((name) => `t_${name}`)
  for (const table of tables) await work.at.query(`INSERT INTO ${table} (id, v) SELECT seq, seq FROM seq_1_to_200`)
  await work.sync()
  await work.same()

  for (const table of tables) {
    await work.at.query(`UPDATE ${table} SET v = -1 WHERE id IN (5, 6, 7)`)
    await work.at.query(`INSERT INTO ${table} (id, v) VALUES (1001, 1), (1002, 2)`)
    await work.at.query(`DELETE FROM ${table} WHERE id IN (9, 10)`)
  }
  const report = await work.sync()
  await work.same()
  for (const table of tables) expect(tableIn(report, table), table).toMatchObject({ inserted: 2, updated: 3, deleted: 2 })
})

test('a table that the engine stamps is read by time, and only the new rows of it', async () => {
  await using work = await project()
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, updated_at DATETIME NOT NULL, KEY (updated_at))')
  await work.at.query('INSERT INTO t SELECT seq, seq, NOW() - INTERVAL 2 DAY FROM seq_1_to_2000')
  await work.sync()
  await work.at.query('UPDATE t SET v = -1, updated_at = NOW() WHERE id <= 3')
  expect(tableIn(await work.sync(), 't')).toMatchObject({ strategy: 'time', updated: 3, inserted: 0, deleted: 0 })
  const quiet = tableIn(await work.sync(), 't')
  expect(quiet).toMatchObject({ strategy: 'time', outcome: 'unchanged', updated: 0 })
  expect(quiet.rowsRead).toBeLessThan(100)
  await work.same()
})

test('rows whose time is NULL or zero arrive', async () => {
  await using work = await project()
  await work.at.query("SET sql_mode = ''")
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, updated_at DATETIME(6) NULL, last_update TIMESTAMP NULL)')
  await work.at.query("INSERT INTO t VALUES (1, 1, NULL, NULL), (2, 1, '0000-00-00', NULL), (3, 1, NOW(6), '0000-00-00')")
  await work.sync()
  await work.at.query('INSERT INTO t VALUES (4, 1, NULL, NULL), (5, 1, NULL, NOW())')
  await work.at.query('UPDATE t SET v = 2, updated_at = NULL WHERE id IN (1, 3)')
  await work.sync()
  await work.same()
})

test('a row from the future is copied and does not stop those that come after it', async () => {
  await using work = await project()
  await work.at.query('CREATE TABLE d (id INT PRIMARY KEY, v INT, updated_at DATETIME)')
  await work.at.query('CREATE TABLE ts (id INT PRIMARY KEY, v INT, updated_at TIMESTAMP NULL)')
  await work.at.query("INSERT INTO d VALUES (1, 1, '2999-12-31'), (2, 2, NOW())")
  await work.at.query("INSERT INTO ts VALUES (1, 1, '2037-12-31'), (2, 2, NOW())")
  await work.sync()
  for (const table of ['d', 'ts']) await work.at.query(`INSERT INTO ${table} VALUES (3, 3, NOW())`)
  const report = await work.sync()
  expect(tableIn(report, 'd').inserted).toBe(1)
  expect(tableIn(report, 'ts').inserted).toBe(1)
  await work.same()
})

test.each(['DATETIME', 'TIMESTAMP', 'DATETIME(6)'])('a transaction that commits after a run, inside the lookback, is not lost (%s)', async (type) => {
  await using work = await project()
  await work.at.query(`CREATE TABLE t (id INT PRIMARY KEY, updated_at ${type} NULL)`)
  await work.at.query('INSERT INTO t VALUES (1, NOW() - INTERVAL 1 DAY)')
  await work.sync()
  const late = await work.source.server.connect({ database: work.database })
  await late.query('START TRANSACTION')
  await late.query('INSERT INTO t VALUES (2, NOW() - INTERVAL 5 MINUTE)')
  await work.at.query('INSERT INTO t VALUES (3, NOW())')
  await work.sync()
  await late.query('COMMIT')
  await late.end()
  await work.sync()
  await work.same()
})

test('an equal number of inserted and deleted rows does not hide the deletes', async () => {
  await using work = await project()
  await stamped(work)
  await work.at.query('DELETE FROM t WHERE id <= 4')
  await work.at.query('INSERT INTO t (id, v) VALUES (901, 1), (902, 2), (903, 3), (904, 4)')
  await work.sync()
  await work.same()
})

test('a cascade that moves no timestamp is seen', async () => {
  await using work = await project()
  await work.at.query('CREATE TABLE parent (id INT PRIMARY KEY, updated_at DATETIME NOT NULL DEFAULT NOW() ON UPDATE NOW())')
  await work.at.query(
    'CREATE TABLE child (id INT PRIMARY KEY, parent INT, updated_at DATETIME NOT NULL DEFAULT NOW() ON UPDATE NOW(), FOREIGN KEY (parent) REFERENCES parent (id) ON UPDATE CASCADE ON DELETE SET NULL)',
  )
  await work.at.query("INSERT INTO parent SELECT seq, '2020-01-01' FROM seq_1_to_20")
  await work.at.query("INSERT INTO child SELECT seq, seq, '2020-01-01' FROM seq_1_to_20")
  await work.sync()
  await work.at.query('UPDATE parent SET id = 100 WHERE id = 1')
  await work.at.query('DELETE FROM parent WHERE id = 2')
  await work.sync()
  await work.same()
})

test('the columns that the configuration names are used', async () => {
  await using work = await project({ config: { table_settings: { tables: { t: { timestamp_columns: ['touched'], mode: 'time' } } } } })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, touched DATETIME NOT NULL)')
  await work.at.query('INSERT INTO t SELECT seq, seq, NOW() - INTERVAL 3 DAY FROM seq_1_to_100')
  await work.sync()
  await work.at.query('UPDATE t SET v = 0, touched = NOW() WHERE id = 50')
  expect(tableIn(await work.sync(), 't')).toMatchObject({ strategy: 'time', updated: 1 })
  await work.same()
})

async function stamped(work: Project): Promise<void> {
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
  await work.at.query('INSERT INTO t (id, v) SELECT seq, seq FROM seq_1_to_100')
  await work.sync()
}

test('a transaction that stays open for longer than the lookback: its rows arrive where the source shows open transactions', async () => {
  await using work = await project({ params: { lookback_minutes: 0 } })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), KEY (updated_at))')
  await work.at.query('INSERT INTO t SELECT seq, 0, NOW() - INTERVAL 1 DAY FROM seq_1_to_1000')
  await work.sync()
  const holder = await work.source.server.connect({ database: work.database })
  try {
    const round = async (v: number) => {
      await holder.query('BEGIN')
      await holder.query('UPDATE t SET v = ? WHERE id = 1', [v])
      await sleep(4000)
      await work.at.query('UPDATE t SET v = ? WHERE id = 2', [v])
      await sleep(3000)
      const between = await work.sync()
      await holder.query('COMMIT')
      const after = await work.sync()
      for (const report of [between, after]) expect(tableIn(report, 't').strategy).toBe('time')
      return (await work.target.server.query(`SELECT v FROM \`${work.target.database}\`.t WHERE id <= 2 ORDER BY id`)).map((row) => row['v'])
    }
    // The lookback is all there is: what it does not reach is found by comparing, and the report says so.
    expect(await round(1)).toEqual([0, 1])
    expect(tableIn(await work.sync('--reconcile'), 't')).toMatchObject({ updated: 1, guarantee: { level: 'exact' } })
    await work.same()
    await work.source.server.query(`GRANT PROCESS ON *.* TO ${work.sourceUser}@'%'`)
    expect(await round(2)).toEqual([2, 2])
    await work.same()
  } finally {
    holder.destroy()
  }
})
