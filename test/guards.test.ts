import { quote, startServer } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { errorOf, reportOf } from './faults/kit.ts'
import { type Project, project } from './project.ts'
import { ownTarget } from './servers-of-their-own.ts'

const own = ownTarget()
const config = { sync_settings: { backup_before_sync: false } }

/** Fails with this code, exit 1 and a way out, and the target has written nothing, not even a staging table. */
async function mustRefuse(work: Project, code: string, allowance: string, ...args: readonly string[]) {
  const before = await own.binlogPosition()
  const outcome = await work.dbsync('run', '--json', ...args)
  expect(outcome.code, said(outcome)).toBe(1)
  const { error } = 'error' in (outcome.json as object) ? { error: errorOf(outcome) } : (reportOf(outcome).tables.find((table) => table.error) ?? {})
  expect(error).toMatchObject({ code, kind: 'refused', hint: expect.stringContaining(`--allow ${allowance}`) })
  expect(await own.binlogPosition(), `${code}: nothing is written`).toBe(before)
  if (args.length > 0) return
  const dry = await work.dbsync('run', '--dry-run')
  expect(dry.code, said(dry)).toBe(1)
  expect(dry.stdout + dry.stderr).toContain(`--allow ${allowance}`)
}

test('an empty source, a mass delete and rows of somebody else are refused before anything is written', async () => {
  await using work = await project({ servers: await own.pair(), config })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))')
  await work.at.query("INSERT INTO t SELECT seq, 'ours' FROM seq_1_to_1000")
  const copy = `${quote(work.target.database)}.t`
  await work.target.server.query(`CREATE DATABASE ${quote(work.target.database)}`)
  await work.target.server.query(`CREATE TABLE ${copy} (id INT PRIMARY KEY, v VARCHAR(20))`)
  await work.target.server.query(`INSERT INTO ${copy} VALUES (1, 'theirs'), (5000, 'theirs')`)
  await mustRefuse(work, 'UNKNOWN_ROWS', 'unknown-rows')
  expect((await work.dbsync('run', '--json', '--allow', 'unknown-rows')).code).toBe(0)
  await work.same()

  await work.at.query('DELETE FROM t WHERE id > 400')
  await mustRefuse(work, 'TOO_MANY_DELETES', 'deletes')
  await work.at.query('DELETE FROM t')
  await mustRefuse(work, 'SOURCE_EMPTY', 'deletes')
  await mustRefuse(work, 'SOURCE_EMPTY', 'deletes', '--full')
  const allowed = await work.dbsync('run', '--json', '--allow', 'deletes')
  expect(allowed.code, said(allowed)).toBe(0)
  await work.same()
  expect((await work.dbsync('run', '--allow', 'everything')).code).toBe(2)
})

test('another server behind the same address is refused', async () => {
  const { target } = await own.pair()
  const source = await startServer()
  await using _ = source
  await using work = await project({ servers: { source, target }, config })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY)')
  await work.at.query('INSERT INTO t VALUES (1), (2)')
  await work.sync()
  // What a restart on other settings shows is another server, as a promoted replica would.
  const state = JSON.parse(await work.read(`sync_status/${work.database}.json`)) as { tables: { t: { targets: { copy: { source_id: string } } } } }
  state.tables.t.targets.copy.source_id = 'another'
  await work.write(`sync_status/${work.database}.json`, state)
  await work.at.query('DELETE FROM t WHERE id = 1')
  await mustRefuse(work, 'SERVER_CHANGED', 'new-server')
  expect((await work.dbsync('run', '--json', '--allow', 'new-server')).code).toBe(0)
  await work.same()
})

test('what is written to a parent never reaches its children at the target', async () => {
  await using work = await project({ servers: await own.pair(), config })
  await work.at.query('CREATE TABLE parent (id INT PRIMARY KEY, v INT, code VARCHAR(9) UNIQUE)')
  await work.at.query('INSERT INTO parent SELECT seq, 0, seq FROM seq_1_to_40')
  await work.sync()
  // Only the target has the child: nothing of it may move.
  const [database, server] = [quote(work.target.database), work.target.server]
  await server.query(
    `CREATE TABLE ${database}.child (id INT PRIMARY KEY, parent INT, code VARCHAR(9), FOREIGN KEY (parent) REFERENCES ${database}.parent (id) ON DELETE CASCADE ON UPDATE CASCADE, FOREIGN KEY (code) REFERENCES ${database}.parent (code) ON DELETE SET NULL ON UPDATE SET NULL)`,
  )
  await server.query(`INSERT INTO ${database}.child SELECT id, id, code FROM ${database}.parent`)
  const children = () => server.query(`SELECT * FROM ${database}.child ORDER BY id`)
  const before = await children()
  for (const [sql, ...args] of [
    ['UPDATE parent SET v = 1 WHERE id < 5'],
    ["UPDATE parent SET code = CONCAT('x', id) WHERE id BETWEEN 5 AND 8"],
    ['DELETE FROM parent WHERE id = 9'],
    ['UPDATE parent SET id = 100 WHERE id = 10', '--full'],
  ] as const) {
    await work.at.query(sql)
    const outcome = await work.dbsync('run', '--json', ...args)
    expect(outcome.code, said(outcome)).toBe(0)
    expect(await children(), sql).toEqual(before)
  }
  const [rows] = await server.query(`SELECT COUNT(*) AS n FROM ${database}.parent WHERE id IN (9, 10)`)
  expect(Number(rows?.n)).toBe(0)
})

test('a copy without transactions is replaced as a whole, or left alone where it cannot be', async () => {
  await using work = await project({ servers: await own.pair(), config })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, updated_at TIMESTAMP NOT NULL DEFAULT NOW() ON UPDATE NOW()) ENGINE=MyISAM')
  await work.at.query('INSERT INTO t (id, v) SELECT seq, 0 FROM seq_1_to_50')
  await work.sync()
  const copy = `${quote(work.target.database)}.t`
  await work.at.query('UPDATE t SET v = 1 WHERE id = 3')
  const moved = await work.dbsync('run', '--json')
  expect(moved.code, said(moved)).toBe(0)
  expect(reportOf(moved).tables[0]).toMatchObject({ outcome: 'synced', strategy: 'full' })
  const quiet = await work.dbsync('run', '--json')
  expect(reportOf(quiet).tables[0]).toMatchObject({ outcome: 'unchanged', strategy: 'digest' })

  await work.target.server.query(`ALTER TABLE ${copy} ADD note VARCHAR(9) DEFAULT 'mine'`)
  await work.at.query('UPDATE t SET v = 2 WHERE id = 3')
  const before = await work.target.server.query(`CHECKSUM TABLE ${copy}`)
  const refused = await work.dbsync('run', '--json')
  expect(refused.code, said(refused)).toBe(1)
  expect(reportOf(refused).tables[0]?.error).toMatchObject({ code: 'MYSQL_TARGET_NOT_TRANSACTIONAL', hint: expect.stringContaining('ENGINE=InnoDB') })
  expect(await work.target.server.query(`CHECKSUM TABLE ${copy}`)).toEqual(before)
})

test('a table of which only some columns may be read is left out by name, and nothing else is', async () => {
  await using work = await project({ servers: await own.pair(), config })
  for (const name of ['open', 'people']) {
    await work.at.query(`CREATE TABLE ${name} (id INT PRIMARY KEY, secret VARCHAR(20))`)
    await work.at.query(`INSERT INTO ${name} VALUES (1, 'a'), (2, 'b')`)
  }
  await work.sync()
  const copy = () => work.target.server.query(`SELECT id, secret FROM ${quote(work.target.database)}.people ORDER BY id`)
  const before = await copy()
  // One by one: SHOW GRANTS would otherwise still give the whole database.
  await work.source.server.query(`REVOKE SELECT ON ${quote(work.database.replaceAll('_', '\\_'))}.* FROM ${work.sourceUser}@'%'`)
  await work.source.server.query(`GRANT SELECT ON ${quote(work.database)}.open TO ${work.sourceUser}@'%'`)
  await work.source.server.query(`GRANT SELECT (id) ON ${quote(work.database)}.people TO ${work.sourceUser}@'%'`)
  await work.at.query("INSERT INTO open VALUES (3, 'c')")
  await work.at.query("INSERT INTO people VALUES (3, 'c')")

  const outcome = await work.dbsync('run', '--json')
  expect(outcome.code, said(outcome)).toBe(1)
  const { unplanned, tables } = (outcome.json as { report: { unplanned: unknown; tables: unknown } }).report
  const grant = expect.stringContaining('GRANT SELECT')
  expect(unplanned).toMatchObject([{ database: work.database, table: 'people', error: { code: 'MYSQL_PRIVILEGE', kind: 'privilege', hint: grant } }])
  expect(tables).toMatchObject([{ id: `copy/${work.database}.open`, outcome: 'synced', inserted: 1 }])
  expect(await copy()).toEqual(before)
  const shown = await work.dbsync('run')
  expect(shown.stdout).toMatch(new RegExp(`1 table was left out[^]*Left out:?[^]*${work.database}\\.people`))
  expect((await work.dbsync('verify')).code).toBe(1)

  await work.write('sync-config.json', { ...config, table_settings: { exclude_tables: ['people'] } })
  await work.sync()
  expect((await work.dbsync('verify')).code).toBe(0)
})
