import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { VerifyReport } from '../../packages/core/src/index.ts'
import { type Outcome, said } from '../dbsync.ts'
import { type Project, project, type Report } from '../project.ts'
import { ownTarget } from '../servers-of-their-own.ts'

const own = ownTarget()

type Answer = {
  readonly status: string
  readonly report: VerifyReport
  readonly repair?: Report
  readonly after?: VerifyReport
  readonly warnings: readonly string[]
}
const answer = ({ json }: Outcome): Answer => json as Answer
const tableOf = (outcome: Outcome, name: string) => answer(outcome).report.tables.find(({ id }) => id.endsWith(`.${name}`))

async function shop(): Promise<Project> {
  const work = await project({ servers: await own.pair(), config: { sync_settings: { backup_before_sync: false } } })
  await work.at.query('CREATE TABLE orders (id INT PRIMARY KEY, customer VARCHAR(40) NULL, total DECIMAL(10,2) NOT NULL)')
  await work.at.query("INSERT INTO orders SELECT seq, IF(seq % 3, CONCAT('Ann ', seq), NULL), seq / 4 FROM seq_1_to_500")
  await work.at.query('CREATE TABLE `we``ird\nname` (`a.b` INT PRIMARY KEY, `__proto__` TEXT)')
  await work.at.query("INSERT INTO `we``ird\nname` VALUES (1, 'x'), (2, NULL)")
  await work.at.query('CREATE TABLE log (line VARCHAR(40))')
  await work.at.query("INSERT INTO log VALUES ('a'), ('a'), ('b')")
  await work.sync()
  return work
}

/** Changes the copy behind the back of dbsync. */
const harm = async (work: Project, ...statements: readonly string[]) => {
  const connection = await work.target.server.connect({ database: work.target.database })
  for (const sql of statements) await connection.query(sql)
  connection.destroy()
}

test('names what differs at every level, and writes nothing', async () => {
  await using work = await shop()
  const equal = await work.dbsync('verify', '--json')
  expect(equal.code, said(equal)).toBe(0)
  expect(answer(equal)).toMatchObject({ status: 'equal', report: { totals: { rowsCompared: 505, missing: 0, extra: 0, changed: 0 } } })

  await harm(
    work,
    "UPDATE orders SET customer = '' WHERE id = 3",
    'DELETE FROM orders WHERE id = 7',
    "INSERT INTO orders VALUES (900, 'X', 1)",
    "UPDATE `we``ird\nname` SET `__proto__` = 'NULL' WHERE `a.b` = 2",
    "DELETE FROM log WHERE line = 'a' LIMIT 1",
  )
  const before = await own.binlogPosition()
  for (const level of ['digest', 'rows']) {
    const found = await work.dbsync('verify', '--json', '--level', level)
    expect(found.code, said(found)).toBe(5)
    expect(tableOf(found, 'orders'), level).toMatchObject({ outcome: 'different', level, missing: 1, extra: 1, changed: 1, rowsCompared: 500 })
    expect(tableOf(found, 'orders')?.differences).toEqual(
      expect.arrayContaining([
        { kind: 'changed', key: [{ name: 'id', value: '3' }], columns: [{ name: 'customer', source: null, target: '' }] },
        { kind: 'missing', key: [{ name: 'id', value: '7' }], columns: [] },
        { kind: 'extra', key: [{ name: 'id', value: '900' }], columns: [] },
      ]),
    )
    expect(tableOf(found, 'we`ird\nname')?.differences).toEqual([
      { kind: 'changed', key: [{ name: 'a.b', value: '2' }], columns: [{ name: '__proto__', source: null, target: 'NULL' }] },
    ])
    expect(tableOf(found, 'log')?.differences).toEqual([
      { kind: 'missing', key: [{ name: 'line', value: 'a' }], columns: [], copies: { source: 2, target: 1 } },
    ])
  }
  const counted = await work.dbsync('verify', '--json', '--level', 'count')
  expect(counted.code).toBe(5)
  expect(answer(counted).report.tables.map(({ outcome }) => outcome)).toEqual(['different', 'equal', 'equal'])

  const shown = await work.dbsync('verify', '--limit', '1')
  expect(shown.code).toBe(5)
  expect(shown.stdout).toContain("changed  a.b='2': __proto__ is NULL at the source, 'NULL' at the target")
  expect(shown.stdout).toMatch(/and 2 rows more; --limit/)
  expect(shown.stderr).toContain('verification of 3 tables')
  expect(await own.binlogPosition()).toBe(before)
  expect((await work.dbsync('verify', '--allow', 'deletes')).code).toBe(2)
})

test('repair moves the rows that differ and no other', async () => {
  await using work = await shop()
  await harm(work, 'UPDATE orders SET total = total + 1 WHERE id IN (3, 400)', 'DELETE FROM orders WHERE id = 7', "INSERT INTO orders VALUES (900, 'X', 1)")
  await work.target.server.query('FLUSH BINARY LOGS')
  const before = await syncOf(work, 'orders')
  const outcome = await work.dbsync('verify', '--repair', '--json')
  expect(outcome.code, said(outcome)).toBe(0)
  const { repair, after } = answer(outcome)
  expect(repair?.tables).toHaveLength(1)
  expect(repair?.totals).toMatchObject({ inserted: 1, updated: 2, deleted: 1, rowsRead: 3 })
  expect(after).toMatchObject({ status: 'equal', totals: { missing: 0, extra: 0, changed: 0 } })
  await work.same()
  expect(await rowsWritten(`${work.target.database}`, 'orders')).toEqual({ inserted: 1, updated: 2, deleted: 1 })
  // Only those rows were brought in step: the next run goes on from where the last one was.
  expect(await syncOf(work, 'orders')).toEqual(before)
})

async function syncOf(work: Project, table: string) {
  type Target = { readonly last_sync_time: string; readonly position: unknown; readonly sync_status: string }
  const state = JSON.parse(await work.read(`sync_status/${work.database}.json`)) as { tables: Record<string, { targets: { copy: Target } }> }
  const known = state.tables[table]?.targets.copy
  return { at: known?.last_sync_time, position: known?.position, status: known?.sync_status }
}

/** The row events for a table in the target's newest binary log. */
async function rowsWritten(database: string, table: string) {
  const { target } = await own.pair()
  const [base] = await target.query('SELECT @@log_bin_basename AS path')
  const file = join(dirname(String(base?.path)), String((await target.query('SHOW BINARY LOGS')).at(-1)?.Log_name))
  const text = execFileSync('mariadb-binlog', ['--base64-output=decode-rows', '-v', file], { encoding: 'utf8', maxBuffer: 1 << 28 })
  const count = (what: string) => text.split(`### ${what} \`${database}\`.\`${table}\``).length - 1
  return { inserted: count('INSERT INTO'), updated: count('UPDATE'), deleted: count('DELETE FROM') }
}

test('a delete cap stops a repair, and allowing it by name lets it through', async () => {
  await using work = await shop()
  await harm(work, "INSERT INTO orders SELECT seq, 'X', 1 FROM seq_1001_to_1400")
  const before = await work.target.server.query(`SELECT COUNT(*) AS n FROM \`${work.target.database}\`.orders`)
  const refused = await work.dbsync('verify', '--repair', '--json')
  expect(refused.code, said(refused)).toBe(5)
  expect(answer(refused).repair?.tables[0]).toMatchObject({
    outcome: 'refused',
    error: { code: 'TOO_MANY_DELETES', hint: expect.stringContaining('--allow deletes') },
  })
  expect(await work.target.server.query(`SELECT COUNT(*) AS n FROM \`${work.target.database}\`.orders`)).toEqual(before)
  const allowed = await work.dbsync('verify', '--repair', '--allow', 'deletes', '--json')
  expect(allowed.code, said(allowed)).toBe(0)
  await work.same()
})

test('tells rows that came after the last sync from rows that differ', async () => {
  await using work = await shop()
  await work.at.query('CREATE TABLE stamped (id INT PRIMARY KEY, v INT, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
  await work.at.query('INSERT INTO stamped SELECT seq, seq, NOW(6) - INTERVAL seq DAY FROM seq_1_to_50')
  await work.sync()
  await work.at.query('INSERT INTO stamped (id, v) VALUES (100, 1)')
  await work.at.query('UPDATE stamped SET v = 0 WHERE id = 5')
  const behind = await work.dbsync('verify', '--json')
  expect(behind.code, said(behind)).toBe(0)
  expect(tableOf(behind, 'stamped')).toMatchObject({ outcome: 'equal', notSynced: 2, missing: 0, changed: 0 })
  // A forgotten timestamp, a changed key, a late commit that makes up for a delete: the rows of both ends are as many.
  await work.at.query('UPDATE stamped SET v = 0, updated_at = updated_at WHERE id = 6')
  await work.at.query('UPDATE stamped SET id = 300, updated_at = updated_at WHERE id = 8')
  await work.at.query('INSERT INTO stamped VALUES (200, 1, NOW(6) - INTERVAL 30 DAY)')
  await work.at.query('DELETE FROM stamped WHERE id = 9')
  const silent = await work.dbsync('verify', '--json')
  expect(silent.code).toBe(5)
  expect(tableOf(silent, 'stamped')).toMatchObject({ outcome: 'different', notSynced: 2, changed: 1, missing: 2, extra: 2 })

  // By time nobody sees it; comparing the whole table does.
  await work.sync()
  expect((await work.dbsync('verify')).code).toBe(5)
  const report = await work.sync('--reconcile')
  expect(report.tables.find(({ id }) => id.endsWith('.stamped'))).toMatchObject({
    strategy: 'digest',
    inserted: 2,
    updated: 1,
    deleted: 2,
    guarantee: { level: 'exact' },
  })
  await work.same()
})

test('reports a definition that differs, and a table that is not there', async () => {
  await using work = await shop()
  await work.at.query('ALTER TABLE orders ADD COLUMN note VARCHAR(20)')
  await work.at.query('CREATE TABLE fresh (id INT PRIMARY KEY)')
  const outcome = await work.dbsync('verify', '--json')
  expect(outcome.code, said(outcome)).toBe(5)
  expect(tableOf(outcome, 'orders')).toMatchObject({ outcome: 'different', level: 'count', schema: [expect.stringContaining('ALTER TABLE')] })
  expect(tableOf(outcome, 'fresh')).toMatchObject({ outcome: 'different', schema: [expect.stringContaining('is not at the target')] })
})

test('rows that a run at work is moving are not called different', async () => {
  await using work = await shop()
  await work.at.query('CREATE TABLE busy (id INT PRIMARY KEY, v INT)')
  await work.at.query('INSERT INTO busy SELECT seq, 0 FROM seq_1_to_3000')
  await work.sync()
  const lock = await (await own.pair()).target.connect({})
  await lock.query(`SELECT GET_LOCK(CONCAT('dbsync-run:', SHA1('${work.target.database}')), 1)`)
  await work.at.query('UPDATE busy SET v = 1 WHERE id % 100 = 0')
  const { server } = work.target
  await server.query("SET GLOBAL log_output = 'TABLE', general_log = 1")
  const checking = work.start('verify', '--json', '--table', 'busy')
  // The rows are being read one by one: they have been found to differ.
  const looked = "SELECT COUNT(*) AS n FROM mysql.general_log WHERE argument LIKE 'SELECT `id`%busy` WHERE%`id` IN (%'"
  await expect.poll(async () => Number((await server.query(looked))[0]?.n), { timeout: 30_000, interval: 10 }).toBeGreaterThan(0)
  await harm(work, 'UPDATE busy SET v = 1 WHERE id % 100 = 0')
  const outcome = await checking.ended
  await server.query('SET GLOBAL general_log = 0')
  expect(outcome.code, said(outcome)).toBe(0)
  expect(tableOf(outcome, 'busy')).toMatchObject({ outcome: 'equal', settled: 30 })
  expect(answer(outcome).warnings.join()).toContain(`a run is writing to ${work.target.database}`)
  lock.destroy()
})

test('goes no faster than it may', async () => {
  await using work = await project()
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY)')
  await work.at.query('INSERT INTO t SELECT seq FROM seq_1_to_3000')
  await work.sync()
  const started = performance.now()
  const outcome = await work.dbsync('verify', '--json', '--max-rows-per-second', '2000', '--max-lag', '10s')
  expect(outcome.code, said(outcome)).toBe(0)
  expect(performance.now() - started).toBeGreaterThan(1_000)
  expect(answer(outcome).warnings.join()).toContain('lags behind cannot be seen')
})

test('a column that has another type at the copy: its rows are compared and named, whatever their text', async () => {
  await using work = await project({ servers: await own.pair(), config: { sync_settings: { backup_before_sync: false } } })
  const types = ['BIGINT', 'DOUBLE', 'DATETIME', 'VARCHAR(20)', 'VARBINARY(20)', "ENUM('2','3')", 'BIT(64)', 'TIME', 'JSON']
  for (const [i] of types.entries()) await work.at.query(`CREATE TABLE t${i} (id INT PRIMARY KEY, v DECIMAL(20, 1))`)
  for (const [i] of types.entries()) await work.at.query(`INSERT INTO t${i} VALUES (1, 2), (2, NULL), (3, 3)`)
  await work.sync()
  await work.at.query("SET sql_mode = ''")
  for (const [i, type] of types.entries()) await work.at.query(`ALTER TABLE t${i} MODIFY v ${type}`)
  const outcome = await work.dbsync('verify', '--json')
  expect(outcome.code, said(outcome)).toBe(5)
  for (const [i, type] of types.entries()) {
    const found = tableOf(outcome, `t${i}`)
    expect(found?.error, type).toBeUndefined()
    expect(found?.schema[0], type).toMatch(/the definition differs|is defined differently/)
  }
  expect(tableOf(outcome, 't0')?.differences).toMatchObject([{ kind: 'changed', columns: [{ name: 'v', source: '2', target: '2.0' }] }, { kind: 'changed' }])
})
