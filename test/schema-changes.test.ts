import { setTimeout as sleep } from 'node:timers/promises'
import { compareDatabases } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { project } from './project.ts'
import { CHANGES } from './schema-changes.ts'
import { ownTarget } from './servers-of-their-own.ts'

const server = ownTarget()

const tableOf = (i: number) => `t${i}`
const on = (table: string, sql: string) => sql.replaceAll(/\b(TABLE|INTO|FROM|UPDATE|TRUNCATE) t\b/g, `$1 ${table}`)

test('every change of a definition reaches the copy with its rows, and a second run writes nothing', async () => {
  await using work = await project({ servers: await server.pair() })
  for (const [i, { create, rows }] of CHANGES.entries()) {
    await work.at.query(`CREATE TABLE ${tableOf(i)} ${create}`)
    if (rows !== undefined) await work.at.query(`INSERT INTO ${tableOf(i)} VALUES ${rows}`)
  }
  await work.sync()
  expect(await compareDatabases(work.source, work.target)).toEqual([])

  await work.at.query("SET system_versioning_alter_history = 'KEEP'")
  for (const [i, { change }] of CHANGES.entries()) for (const sql of change) await work.at.query(on(tableOf(i), sql))
  const outcome = await work.dbsync('run', '--json')
  const differences = (await compareDatabases(work.source, work.target)).map(({ table, message }) => `${CHANGES[Number(table.slice(1))]?.name}: ${message}`)
  expect(differences, said(outcome)).toEqual([])

  const position = await server.binlogPosition()
  await work.sync()
  expect(await server.binlogPosition()).toBe(position)
})

test('foreign keys: new, circular, changed, over columns of another type, gone', async () => {
  await using work = await project({ servers: await server.pair() })
  const { at } = work
  await at.query('CREATE TABLE p (id INT PRIMARY KEY, code VARCHAR(9) NOT NULL, UNIQUE KEY code (code)) DEFAULT CHARSET utf8mb4')
  await at.query(
    'CREATE TABLE c (id INT PRIMARY KEY, p INT, code VARCHAR(9), q INT, CONSTRAINT act FOREIGN KEY (p) REFERENCES p (id), CONSTRAINT gone FOREIGN KEY (q) REFERENCES p (id), CONSTRAINT code FOREIGN KEY (code) REFERENCES p (code)) DEFAULT CHARSET utf8mb4',
  )
  await at.query("INSERT INTO p VALUES (1, 'x'), (2, 'y')")
  await at.query("INSERT INTO c VALUES (1, 1, 'x', NULL), (2, 2, 'y', 1)")
  await work.sync()

  for (const sql of [
    'ALTER TABLE c DROP FOREIGN KEY act, DROP FOREIGN KEY gone, DROP FOREIGN KEY code',
    'ALTER TABLE p MODIFY id BIGINT, MODIFY code VARCHAR(20) NOT NULL, ADD c BIGINT',
    'ALTER TABLE c MODIFY id BIGINT, MODIFY p BIGINT',
    'ALTER TABLE c ADD CONSTRAINT act FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL, ADD CONSTRAINT code FOREIGN KEY (code) REFERENCES p (code)',
    'UPDATE p SET c = 1',
    'ALTER TABLE p ADD CONSTRAINT circular FOREIGN KEY (c) REFERENCES c (id)',
  ])
    await at.query(sql)
  await at.query('CREATE TABLE z_last (id BIGINT PRIMARY KEY, a INT)')
  await at.query('CREATE TABLE a_first (id INT PRIMARY KEY, z BIGINT, CONSTRAINT az FOREIGN KEY (z) REFERENCES z_last (id))')
  await at.query('ALTER TABLE z_last ADD CONSTRAINT za FOREIGN KEY (a) REFERENCES a_first (id)')
  await at.query('ALTER TABLE c ADD z BIGINT, ADD CONSTRAINT to_new FOREIGN KEY (z) REFERENCES z_last (id)')
  await at.query('INSERT INTO z_last VALUES (1, NULL)')
  await at.query('UPDATE c SET z = 1')
  const outcome = await work.dbsync('run', '--json')
  expect(outcome.code, said(outcome)).toBe(0)
  expect(await compareDatabases(work.source, work.target), said(outcome)).toEqual([])
  const position = await server.binlogPosition()
  await work.sync()
  expect(await server.binlogPosition()).toBe(position)
})

test('a run that is killed while it changes definitions is put right by the next one', async () => {
  await using work = await project({ servers: await server.pair() })
  const { at } = work
  const tables = ['p', 'a', 'b', 'c']
  await at.query('CREATE TABLE p (id INT PRIMARY KEY, n INT, u TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)')
  for (const name of tables.slice(1)) {
    await at.query(
      `CREATE TABLE ${name} (id INT PRIMARY KEY, n INT, u TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, CONSTRAINT f_${name} FOREIGN KEY (n) REFERENCES p (id))`,
    )
  }
  for (const name of tables) await at.query(`INSERT INTO ${name} SELECT seq, seq, '2024-01-01' FROM seq_1_to_5000`)
  await work.sync()
  // No timestamp tells of any of it.
  await at.query('SET foreign_key_checks = 0')
  for (const name of tables.slice(1)) await at.query(`ALTER TABLE ${name} DROP FOREIGN KEY f_${name}`)
  for (const name of tables) {
    await at.query(`ALTER TABLE ${name} MODIFY id BIGINT, MODIFY n BIGINT, ADD later VARCHAR(9) DEFAULT 'x', ADD KEY (later)`)
    await at.query(`UPDATE ${name} SET later = id % 7, u = u`)
  }
  for (const name of tables.slice(1)) await at.query(`ALTER TABLE ${name} ADD CONSTRAINT f_${name} FOREIGN KEY (n) REFERENCES p (id)`)
  for (const started of [0, 200]) {
    const run = work.start('run', '--json')
    const old = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = '${work.targetUser}' AND info LIKE 'ALTER TABLE%'`
    for (let i = 0; i < 2000 && Number((await work.target.server.query(old))[0]?.n) === 0 && run.process.exitCode === null; i++) await sleep(5)
    await sleep(started)
    run.process.kill('SIGKILL')
    await run.ended
  }
  const rerun = await work.dbsync('run', '--json')
  expect(rerun.code, said(rerun)).toBe(0)
  expect(await compareDatabases(work.source, work.target), said(rerun)).toEqual([])
})
