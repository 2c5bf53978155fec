import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'

test.each(["ENUM('', 'a')", "ENUM('a', 'b')", "SET('', 'a')"])(
  'values of %s that have no text of their own are kept, or the table fails aloud',
  async (type) => {
    await using work = await project()
    await work.at.query("SET sql_mode = ''")
    await work.at.query(`CREATE TABLE t (id INT PRIMARY KEY, v ${type})`)
    await work.at.query('INSERT INTO t VALUES (1, 0), (2, 1), (3, 2), (4, 3)')
    for (const args of [[], ['--full'], []]) {
      const outcome = await work.dbsync('run', ...args)
      expect([0, 1], said(outcome)).toContain(outcome.code)
      if (outcome.code === 0) await work.same()
      await work.at.query('UPDATE t SET v = 0 WHERE id = 2')
    }
  },
)

test('definitions arrive as they are', async () => {
  await using work = await project()
  const tables = [
    "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, b INT DEFAULT (1 + 1), c VARCHAR(20) NOT NULL DEFAULT 'it''s' COMMENT 'say \"hi\"', KEY (c(5) DESC)) COMMENT 'a `table`'",
    'CREATE TABLE b (id INT, g INT AS (id * 2) VIRTUAL, s INT AS (id + 1) STORED, PRIMARY KEY (id), KEY (g))',
    'CREATE TABLE c (id INT PRIMARY KEY, secret INT INVISIBLE DEFAULT 7, CHECK (id > 0), CONSTRAINT named CHECK (secret <> 8))',
    'CREATE TABLE d (id INT, d DATE, PRIMARY KEY (id, d)) PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE)',
    'CREATE TABLE e (id INT PRIMARY KEY, t TEXT, FULLTEXT KEY (t)) ENGINE=MyISAM',
    'CREATE TABLE f (id INT PRIMARY KEY, t TEXT) ENGINE=Aria ROW_FORMAT=DYNAMIC',
    'CREATE TABLE g (id INT PRIMARY KEY, p POINT NOT NULL, SPATIAL KEY (p))',
    'CREATE TABLE h (id INT PRIMARY KEY, parent INT, KEY (parent), CONSTRAINT tree FOREIGN KEY (parent) REFERENCES h (id) ON DELETE CASCADE)',
    'CREATE TABLE i (id INT PRIMARY KEY, blob_ BLOB COMPRESSED, t VARCHAR(10) COLLATE utf8mb4_unicode_ci) DEFAULT CHARSET latin1',
    'CREATE TABLE j (u INT NULL UNIQUE, v INT)',
    'CREATE TABLE k (id INT PRIMARY KEY) SELECT 1 AS id',
  ]
  for (const table of tables) await work.at.query(table)
  await work.at.query("INSERT INTO a (c) VALUES ('x'), ('y')")
  await work.at.query('INSERT INTO b (id) VALUES (1), (2)')
  await work.at.query('INSERT INTO c (id, secret) VALUES (1, 2), (3, 4)')
  await work.at.query("INSERT INTO d VALUES (1, '2019-01-01'), (1, '2021-01-01')")
  await work.at.query("INSERT INTO e VALUES (1, 'text')")
  await work.at.query("INSERT INTO f VALUES (1, 'text')")
  await work.at.query('INSERT INTO g VALUES (1, POINT(1, 2))')
  await work.at.query('INSERT INTO h VALUES (1, NULL), (2, 1), (3, 2)')
  await work.at.query("INSERT INTO i VALUES (1, REPEAT('x', 1000), 'é')")
  await work.at.query('INSERT INTO j VALUES (NULL, 1), (NULL, 1), (3, 1)')
  await work.sync()
  await work.same()

  await work.at.query('UPDATE b SET id = 5 WHERE id = 1')
  await work.at.query('UPDATE c SET secret = 9')
  await work.at.query('DELETE FROM h WHERE id = 2')
  await work.at.query('DELETE FROM j WHERE u IS NULL LIMIT 1')
  await work.at.query("INSERT INTO e VALUES (2, 'more')")
  await work.at.query('ALTER TABLE a ADD COLUMN added DECIMAL(5, 2) NOT NULL DEFAULT 1.25 AFTER id')
  await work.sync()
  await work.same()
  await expectQuiet(work)
  await work.sync('--full')
  await work.same()
})

async function expectQuiet(work: Project): Promise<void> {
  expect((await work.sync()).totals).toMatchObject({ inserted: 0, updated: 0, deleted: 0 })
}
