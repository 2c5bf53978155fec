import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'
import { ownTarget } from '../servers-of-their-own.ts'

const small = ownTarget({ settings: { max_allowed_packet: '1M', innodb_log_file_size: '96M' } })

const CELLS = [
  'CREATE TABLE big (id INT PRIMARY KEY, v LONGBLOB, u INT UNIQUE)',
  "INSERT INTO big SELECT seq, REPEAT(CONCAT(x'5c000a', seq), 1000000 * seq), seq FROM seq_1_to_3",
  'CREATE TABLE big_loose (v LONGTEXT)',
  "INSERT INTO big_loose VALUES (REPEAT('\\\\\\t', 5000000)), ('x'), ('x')",
]

/** By hash: a cell this large has no hexadecimal text. */
async function expectSameCells({ source, target }: Project): Promise<void> {
  const cells = ({ server, database }: Project['source']) => [
    server.query(`SELECT id, LENGTH(v) AS size, SHA2(v, 256) AS hash, u FROM ${database}.big ORDER BY id`),
    server.query(`SELECT LENGTH(v) AS size, SHA2(v, 256) AS hash FROM ${database}.big_loose ORDER BY 1, 2`),
  ]
  expect(await Promise.all(cells(target))).toEqual(await Promise.all(cells(source)))
}

test('cells of many megabytes', async () => {
  await using work = await project()
  for (const sql of CELLS) await work.at.query(sql)
  await work.sync()
  await expectSameCells(work)
  await work.at.query("UPDATE big SET v = CONCAT(v, 'x') WHERE id = 3")
  await work.at.query('UPDATE big SET u = NULL WHERE id = 1')
  await work.at.query("DELETE FROM big_loose WHERE v = 'x' LIMIT 1")
  await work.sync()
  await expectSameCells(work)
  await work.sync('--full')
  await expectSameCells(work)
})

test('cells larger than max_allowed_packet of the target: they arrive, or the run names the table', async () => {
  await using work = await project({ servers: await small.pair() })
  for (const sql of CELLS) await work.at.query(sql)
  const outcome = await work.dbsync('run')
  if (outcome.code === 0) return await expectSameCells(work)
  expect(outcome.code, said(outcome)).toBe(1)
  expect(outcome.stdout + outcome.stderr).toMatch(/\S+\.big: /)
})

test('a cell larger than a statement may be, by INSERT', async () => {
  const servers = await small.pair()
  await using work = await project({ servers })
  await work.write('params.json', { ...work.params, targets: { copy: { ...(work.params['targets'] as { copy: object }).copy, localInfile: false } } })
  for (const sql of CELLS) await work.at.query(sql)
  await work.at.query('CREATE TABLE fits (id INT PRIMARY KEY, v LONGBLOB)')
  await work.at.query("INSERT INTO fits SELECT seq, REPEAT('x', 400000) FROM seq_1_to_5")
  const outcome = await work.dbsync('run')
  expect(outcome.code, said(outcome)).toBe(1)
  for (const table of ['big', 'big_loose'])
    expect(outcome.stdout + outcome.stderr).toMatch(
      new RegExp(`loading \\S+\\.${table}: a row needs a statement of \\d+ bytes and max_allowed_packet is 1048576`),
    )
  expect(await servers.target.query(`SELECT COUNT(*) AS n FROM ${work.target.database}.fits`)).toEqual([{ n: '5' }])
})

test.each([
  ["ENUM('a', 'b')", 'INSERT INTO t VALUES (1, 0), (2, 1), (3, 2)'],
  ["ENUM('😀', 'b') CHARACTER SET utf8mb4", 'INSERT INTO t VALUES (1, 1), (2, 2)'],
])('a value of %s that no text can carry: exact, or the run names the table and leaves it as it was', async (type, rows) => {
  await using work = await project()
  await work.at.query("SET sql_mode = ''")
  await work.at.query(`CREATE TABLE t (id INT PRIMARY KEY, v ${type})`)
  await work.at.query('CREATE TABLE other (id INT PRIMARY KEY)')
  await work.sync()
  await work.at.query(rows)
  const outcome = await work.dbsync('run')
  if (outcome.code === 0) return await work.same()
  expect(outcome.code, said(outcome)).toBe(1)
  expect(outcome.stdout + outcome.stderr).toMatch(/(loading|writing to) \S+\.t: .*column 'v'/)
  await work.same({ tables: ['other'] })
  expect(await work.target.server.query(`SELECT COUNT(*) AS n FROM ${work.target.database}.t`)).toEqual([{ n: '0' }])
})

test('a database whose name holds all that hurts', async () => {
  await using work = await project({ suffix: '`;--/*!"\'\n../x\u200f{database}%\\' })
  for (const sql of [
    'CREATE TABLE t (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES t (id))',
    'INSERT INTO t VALUES (1, NULL), (2, 1)',
    'CREATE TABLE l (v INT)',
    'INSERT INTO l VALUES (1), (1)',
  ]) {
    await work.at.query(sql)
  }
  await work.sync()
  await work.same()
  for (const sql of ['UPDATE t SET p = 2', 'DELETE FROM l LIMIT 1']) await work.at.query(sql)
  await work.sync()
  await work.same()
  await work.sync('--full')
  await work.same()
})
