import { compareDatabases, databaseDigest } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { type Outcome, said } from './dbsync.ts'
import { project, type Report } from './project.ts'
import { ownTarget } from './servers-of-their-own.ts'

const server = ownTarget()

test('what is gone at the source is kept until it may go, and a rename is proposed', async () => {
  await using work = await project({ servers: await server.pair() })
  const { at } = work
  await at.query('CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(9) NOT NULL, b INT NOT NULL, KEY own (b), KEY k (a))')
  await at.query("INSERT INTO t (a, b) VALUES ('x', 1), ('y', 2)")
  await at.query('CREATE TABLE gone (id INT PRIMARY KEY)')
  await at.query('INSERT INTO gone VALUES (1)')
  await work.sync()
  await work.target.server.query(`CREATE TABLE \`${work.target.database}\`.mine (id INT PRIMARY KEY)`)

  await at.query('DROP TABLE gone')
  await at.query('ALTER TABLE t DROP COLUMN b, CHANGE a renamed VARCHAR(9) NOT NULL, ADD n INT')
  await at.query("INSERT INTO t (renamed, n) VALUES ('z', 3)")
  const dry = await work.dbsync('run', '--dry-run')
  expect(dry.stdout).toContain(`ALTER TABLE \`${work.target.database}\`.\`t\` RENAME COLUMN \`a\` TO \`renamed\`;`)
  const kept = await work.dbsync('run', '--json')
  expect(kept.code, said(kept)).toBe(0)
  const { tables, warnings } = reportOf(kept)
  expect(JSON.stringify(tables)).toContain('only the target has a, b: kept')
  expect(warnings.join()).toContain('.gone is gone at the source')
  const [rows] = await Promise.all([work.target.server.query(`SELECT id, a, b, renamed, n FROM \`${work.target.database}\`.t ORDER BY id`)])
  expect(rows.map((row) => ({ ...row }))).toEqual([
    { id: 1, a: 'x', b: 1, renamed: 'x', n: null },
    { id: 2, a: 'y', b: 2, renamed: 'y', n: null },
    { id: 3, a: null, b: null, renamed: 'z', n: 3 },
  ])
  const position = await server.binlogPosition()
  await work.sync()
  expect(await server.binlogPosition()).toBe(position)

  const allowed = await work.sync('--allow-destructive')
  expect(allowed.warnings.join()).toMatch(/\.gone was dropped/)
  const differences = await compareDatabases(work.source, work.target)
  expect(differences.map(({ table, what }) => `${table} ${what}`)).toEqual(['mine missing'])
})

test('a change that rows of the copy do not fit is made with the rows, or refused with its reason', async () => {
  await using work = await project({ servers: await server.pair() })
  const { at } = work
  await at.query("CREATE TABLE p (id INT PRIMARY KEY, a VARCHAR(20), e ENUM('a', 'b'), KEY (a))")
  await at.query("INSERT INTO p VALUES (1, 'long enough', 'a'), (2, 'y', 'b')")
  await at.query('CREATE TABLE c (id INT PRIMARY KEY, p INT, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id))')
  await at.query('CREATE TABLE free (id INT PRIMARY KEY, a VARCHAR(20))')
  await at.query("INSERT INTO free VALUES (1, 'twelve'), (2, '3')")
  await at.query('CREATE TABLE text (id INT PRIMARY KEY, a TEXT)')
  await at.query("INSERT INTO text VALUES (1, 'long enough'), (2, 'y')")
  await work.sync()

  // No foreign key leads to it: the copy is made anew, in one rename. Shorter: the rows come first.
  await at.query("UPDATE free SET a = '12' WHERE id = 1")
  await at.query('ALTER TABLE free MODIFY a INT')
  await at.query("UPDATE p SET a = 'short' WHERE id = 1")
  await at.query('ALTER TABLE p MODIFY a VARCHAR(6)')
  // Digests of the two kinds of text never agree: the rows cannot come first.
  await at.query("UPDATE text SET a = 'short' WHERE id = 1")
  await at.query('ALTER TABLE text MODIFY a VARCHAR(6) NOT NULL')
  const anew = await work.sync()
  for (const table of ['.free', '.text']) expect(anew.tables.find(({ id }) => id.endsWith(table))?.strategy).toBe('full')
  expect(await compareDatabases(work.source, work.target)).toEqual([])

  // Of another kind, and foreign keys lead to the table: neither way is open.
  await at.query("UPDATE p SET a = id, e = 'b'")
  await at.query("ALTER TABLE p MODIFY a INT, MODIFY e ENUM('c', 'b')")
  await at.query('INSERT INTO free VALUES (9, 9)')
  const before = (await work.target.server.query(`SHOW CREATE TABLE \`${work.target.database}\`.p`))[0]
  const refused = await work.dbsync('run', '--json')
  expect(refused.code, said(refused)).toBe(1)
  expect(outcomes(refused)).toEqual({ c: 'unchanged', free: 'synced', p: 'refused', text: 'unchanged' })
  expect(refused.stdout).toContain('SCHEMA_NARROWS')
  expect(refused.stdout).toContain('values of a cannot be foretold as int')
  expect(refused.stdout).toContain("hold a value in e that does not fit enum('c','b')")
  expect((await work.target.server.query(`SHOW CREATE TABLE \`${work.target.database}\`.p`))[0]).toEqual(before)
  await work.sync('--allow', 'destructive')
  expect(await compareDatabases(work.source, work.target)).toEqual([])

  // Frozen.
  await work.write('sync-config.json', { table_settings: { tables: { free: { schema_policy: 'freeze' } } } })
  await at.query('ALTER TABLE free MODIFY a BIGINT COMMENT "why", ADD KEY k (a), ADD n INT')
  await at.query('INSERT INTO free VALUES (10, 10, 10)')
  const frozen = await work.dbsync('run', '--json')
  expect(frozen.code).toBe(1)
  expect(outcomes(frozen)).toMatchObject({ free: 'refused' })
  for (const named of ['SCHEMA_FROZEN', 'type bigint, comment why, was type int, comment none', 'index k is added', 'column n is added'])
    expect(frozen.stdout).toContain(named)
})

test('a right that is missing makes nothing look gone, even where dropping is allowed', async () => {
  await using work = await project({ servers: await server.pair(), sourceRights: 'SELECT, TRIGGER, SHOW VIEW, REFERENCES' })
  const { at, database, sourceUser } = work
  await at.query('CREATE TABLE p (id INT PRIMARY KEY)')
  await at.query('CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT, KEY k (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id), CONSTRAINT c CHECK (b > 0))')
  await at.query('CREATE TABLE hidden (id INT PRIMARY KEY, a INT)')
  await at.query('INSERT INTO p VALUES (1)')
  await at.query('INSERT INTO t VALUES (1, 1, 1)')
  await at.query('INSERT INTO hidden VALUES (1, 1)')
  await work.sync()
  const whole = `\`${database.replaceAll('_', '\\_')}\`.*`
  const rights = async (...sql: readonly string[]) => {
    for (const one of sql) await work.source.server.query(one)
  }
  const named = (table: string) => `GRANT SELECT ON \`${database}\`.\`${table}\` TO`
  const before = await databaseDigest(work.target)
  const position = await server.binlogPosition()

  // Of SELECT alone the definitions are whole.
  await rights(`REVOKE TRIGGER, SHOW VIEW, REFERENCES ON ${whole} FROM ${sourceUser}@'%'`)
  const some = await work.dbsync('run', '--json', '--allow-destructive')
  expect(some.code, said(some)).toBe(0)

  // No right on one table, or on one column.
  await rights(`REVOKE SELECT ON ${whole} FROM ${sourceUser}@'%'`, ...['p', 't'].map((table) => `GRANT SELECT ON ${database}.${table} TO ${sourceUser}@'%'`))
  const table = await work.dbsync('run', '--json', '--allow-destructive')
  expect(table.code, said(table)).toBe(3)
  expect(table.stdout + table.stderr).toContain(JSON.stringify(named('hidden')).slice(1, -1))
  await rights(`GRANT SELECT (id) ON ${database}.hidden TO ${sourceUser}@'%'`)
  const column = await work.dbsync('run', '--json', '--allow-destructive')
  expect(column.code, said(column)).toBe(1)
  expect(outcomes(column)).toEqual({ p: 'unchanged', t: 'unchanged' })
  expect(column.stdout).toContain(`GRANT SELECT ON \`${database}\``)

  // Rights table by table: what the target has besides is not judged.
  await rights(`GRANT SELECT ON ${database}.hidden TO ${sourceUser}@'%'`)
  expect(await databaseDigest(work.target)).toBe(before)
  expect(await server.binlogPosition()).toBe(position)
  await work.target.server.query(`ALTER TABLE \`${work.target.database}\`.t ADD KEY mine (b), ADD CONSTRAINT own CHECK (a < 9)`)
  await work.target.server.query(`ALTER TABLE \`${work.target.database}\`.hidden ADD mine INT`)
  const changed = await databaseDigest(work.target)
  const single = await work.dbsync('run', '--json', '--allow-destructive')
  expect(single.code, said(single)).toBe(1)
  expect(outcomes(single)).toEqual({ hidden: 'refused', p: 'unchanged', t: 'unchanged' })
  expect(single.stdout).toContain('only the target shows index mine, check own: kept')
  expect(single.stdout).toContain('COLUMNS_NOT_VISIBLE')
  expect(single.stdout).toContain(JSON.stringify(named('hidden')).slice(1, -1))
  expect(await databaseDigest(work.target)).toBe(changed)

  // No right on the database.
  await rights(`REVOKE ALL, GRANT OPTION FROM ${sourceUser}@'%'`)
  const nothing = await work.dbsync('run', '--json', '--allow-destructive')
  expect([2, 3]).toContain(nothing.code)
  expect(nothing.stdout + nothing.stderr).toContain('GRANT SELECT')
  expect(await databaseDigest(work.target)).toBe(changed)
})

const reportOf = ({ json }: Outcome) => (json as { readonly report: Report }).report

const outcomes = (outcome: Outcome): Readonly<Record<string, string>> =>
  Object.fromEntries(reportOf(outcome).tables.map(({ id, outcome: became }) => [id.slice(id.lastIndexOf('.') + 1), became]))
