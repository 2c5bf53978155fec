import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Project, project } from './project.ts'

/** Columns with the values, as SQL, that are most easily lost. Each makes a table of its own, with a key and without. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  'BIGINT UNSIGNED': ['0', '9007199254740993', '18446744073709551615'],
  BIGINT: ['-9223372036854775808', '9223372036854775807'],
  'TINYINT(1)': ['0', '1', '-1', '127'],
  'INT UNSIGNED ZEROFILL': ['7', '4294967295'],
  'DECIMAL(65, 30)': ['99999999999999999999999999999999999.999999999999999999999999999999', '-0.000000000000000000000000000001'],
  FLOAT: ['16777217', '0.1', '3.4028234e38', '-1.17549435e-38', '123456.789'],
  DOUBLE: ['0.1', '1.7976931348623157e308', '5e-324', '-0.0', '123456789.12345678'],
  'BIT(1)': ["b'0'", "b'1'"],
  'BIT(64)': ["b'0'", "b'1111111111111111111111111111111111111111111111111111111111111111'", '10'],
  DATE: ["'0000-00-00'", "'2024-02-30'", "'2024-00-00'", "'9999-12-31'", "'0001-01-01'"],
  'DATETIME(6)': ["'0000-00-00'", "'2024-03-31 02:30:00.000001'", "'9999-12-31 23:59:59.999999'"],
  'TIMESTAMP(6) NULL': ["'1970-01-01 00:00:01'", "'2024-11-03 01:30:00.5'", "'2038-01-19 03:14:07.999999' - INTERVAL 1 DAY"],
  'TIME(6)': ["'-838:59:59.999999'", "'838:59:59.000001'", "'00:00:00'"],
  YEAR: ['0', '1901', '2155'],
  "ENUM('', 'a', 'b,c', 'd''e')": ["''", "'a'", "'b,c'", "'d''e'"],
  "ENUM('a', 'b') CHARACTER SET latin1": ["'a'", "'b'"],
  "SET('a', 'b', 'x y')": ["''", "'a,b'", "'x y'", '7'],
  'CHAR(10)': ["'x'", "'x '", "''", "'ß'"],
  'VARCHAR(100)': ["''", "'x '", "'NULL'", "'\\\\N'", "'tab\\tnewline\\nreturn\\rzero\\0quote''\"backslash\\\\'", "'😀'", "'a,b;c'", "'\\Z'"],
  'VARCHAR(20) CHARACTER SET latin1': ["'é€ß'", "x'81'"],
  'VARCHAR(20) CHARACTER SET gbk': ["'表'", "x'955c'"],
  'VARCHAR(20) CHARACTER SET ucs2': ["'é表'", "'\\\\'"],
  'VARCHAR(20) CHARACTER SET utf16': ["'😀'", "'\\n'"],
  'VARCHAR(20) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin': ["'é'", "'É'"],
  'BINARY(4)': ["x'00'", "x'01020304'", "x'20'"],
  'VARBINARY(20)': ["''", "x'00ff'", "x'5c'", "x'0a0d091a2227'"],
  BLOB: ["''", "REPEAT(x'00ff5c0a', 1000)"],
  LONGTEXT: ["REPEAT('é', 300000)", "''"],
  JSON: ['\'{"a": 1, "a": 2}\'', "'[9007199254740993, 1.10]'", "'null'", '\'"\\\\u0041"\''],
  GEOMETRY: ["ST_GeomFromText('POINT(1 2)', 4326)", "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')"],
  UUID: ["'123e4567-e89b-12d3-a456-426655440000'"],
  INET6: ["'::1'", "'::ffff:1.2.3.4'"],
  INET4: ["'1.2.3.4'"],
}

test('every type arrives exactly, at first, in an incremental run and in a full one', async () => {
  await using work = await project()
  await work.at.query("SET sql_mode = 'ALLOW_INVALID_DATES', NAMES utf8mb4, time_zone = '+00:00'")
  for (const [i, [type, values]] of Object.entries(COLUMNS).entries()) {
    await work.at.query(`CREATE TABLE keyed_${i} (id INT PRIMARY KEY, v ${type}${/NULL$/.test(type) ? '' : ' NULL'}) COMMENT ?`, [type])
    await work.at.query(`CREATE TABLE loose_${i} (v ${type}${/NULL$/.test(type) ? '' : ' NULL'}) COMMENT ?`, [type])
    for (const [id, value] of ['NULL', ...values].entries()) {
      await work.at.query(`INSERT INTO keyed_${i} VALUES (${id}, ${value})`)
      await work.at.query(`INSERT INTO loose_${i} VALUES (${value}), (${value})`)
    }
  }
  await work.sync()
  await work.same()

  const moved = Object.keys(COLUMNS).length
  for (let i = 0; i < moved; i++) {
    // Every value to another row, and one row away: what is written now goes through a merge.
    await work.at.query(`UPDATE keyed_${i} SET id = id + 100`)
    await work.at.query(`DELETE FROM loose_${i} LIMIT 1`)
  }
  await work.sync()
  await work.same()
  await expectQuiet(work)
  await work.sync('--full')
  await work.same()
})

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
