/** One change of a definition, on a table of its own: how the table is made, its rows, and the change. `t` in the statements is the table. */
export type SchemaChangeCase = {
  readonly name: string
  readonly create: string
  readonly rows?: string
  readonly change: readonly string[]
}

const ROWS = "(1, 'one', 10), (2, 'two', 20), (3, NULL, NULL)"
const PLAIN = '(id INT PRIMARY KEY, a VARCHAR(20), b INT)'
const plain = (name: string, ...change: string[]): SchemaChangeCase => ({ name, create: PLAIN, rows: ROWS, change })
const made = (name: string, create: string, rows: string, ...change: string[]): SchemaChangeCase => ({ name, create, rows, change })

export const CHANGES: readonly SchemaChangeCase[] = [
  // Columns.
  plain('add column at the end', "ALTER TABLE t ADD c VARCHAR(10) NOT NULL DEFAULT 'x' COMMENT 'it''s'"),
  plain('add column first', 'ALTER TABLE t ADD c INT FIRST'),
  plain('add column in between, with values', 'ALTER TABLE t ADD c INT AFTER id', 'UPDATE t SET c = id * 2'),
  plain('add a generated column', 'ALTER TABLE t ADD c INT AS (b + 1) VIRTUAL, ADD d INT AS (b * 2) STORED'),
  plain('longer text', 'ALTER TABLE t MODIFY a VARCHAR(200)'),
  plain('text to TEXT', 'ALTER TABLE t MODIFY a TEXT'),
  plain('larger integer', 'ALTER TABLE t MODIFY b BIGINT UNSIGNED'),
  plain('larger key', 'ALTER TABLE t MODIFY id BIGINT'),
  plain('number to text', 'ALTER TABLE t MODIFY b VARCHAR(30)'),
  plain('shorter text that fits', 'ALTER TABLE t MODIFY a VARCHAR(5)'),
  plain('smaller integer that fits', 'ALTER TABLE t MODIFY b TINYINT'),
  plain('default', "ALTER TABLE t ALTER a SET DEFAULT 'none', ALTER b SET DEFAULT 7"),
  made(
    'default dropped',
    "(id INT PRIMARY KEY, a VARCHAR(9) DEFAULT 'x', b INT NOT NULL DEFAULT 5)",
    "(1, 'a', 1)",
    'ALTER TABLE t ALTER a DROP DEFAULT, ALTER b DROP DEFAULT',
  ),
  plain('expression as default', 'ALTER TABLE t MODIFY b INT DEFAULT (1 + 2), MODIFY a VARCHAR(40) DEFAULT uuid()'),
  plain(
    'NULL to NOT NULL, rows changed with it',
    "UPDATE t SET a = '' WHERE a IS NULL",
    'UPDATE t SET b = 0 WHERE b IS NULL',
    "ALTER TABLE t MODIFY a VARCHAR(20) NOT NULL DEFAULT '', MODIFY b INT NOT NULL",
  ),
  made(
    'NOT NULL to NULL',
    '(id INT PRIMARY KEY, a VARCHAR(9) NOT NULL)',
    "(1, 'a')",
    'ALTER TABLE t MODIFY a VARCHAR(9) NULL',
    'INSERT INTO t VALUES (2, NULL)',
  ),
  plain('comment of a column', "ALTER TABLE t MODIFY a VARCHAR(20) COMMENT 'a `quoted` \\\\ one, with ) and '''"),
  plain('invisible', 'ALTER TABLE t MODIFY b INT INVISIBLE'),
  plain('moved', 'ALTER TABLE t MODIFY b INT AFTER id'),
  made(
    'moved around',
    '(a INT, b INT, c INT, d INT, e INT PRIMARY KEY)',
    '(1, 2, 3, 4, 5)',
    'ALTER TABLE t MODIFY e INT FIRST, MODIFY c INT AFTER e, ADD f INT AFTER c',
  ),
  plain('name in another case', 'ALTER TABLE t CHANGE a A VARCHAR(20)'),
  plain('hostile names', "ALTER TABLE t ADD `x``y\n, DROP COLUMN b; --` INT COMMENT '\"', ADD `__proto__` INT AFTER id, ADD KEY `ключ` (`__proto__`)"),
  plain('names of 64 characters', `ALTER TABLE t ADD \`${'c'.repeat(64)}\` INT, ADD KEY \`${'k'.repeat(64)}\` (\`${'c'.repeat(64)}\`)`),
  made(
    'ON UPDATE',
    '(id INT PRIMARY KEY, u TIMESTAMP NULL, v DATETIME(3))',
    "(1, '2024-01-01', '2024-01-01')",
    'ALTER TABLE t MODIFY u TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, MODIFY v DATETIME(3) DEFAULT NOW(3)',
  ),
  made(
    'ENUM grows and shrinks',
    "(id INT PRIMARY KEY, e ENUM('a', 'b'), s SET('x', 'y'), g ENUM('p', 'q', 'r'))",
    "(1, 'a', 'x', 'p'), (2, 'b', 'x,y', 'p')",
    "ALTER TABLE t MODIFY e ENUM('a', 'b', 'c'), MODIFY s SET('x', 'y', 'z'), MODIFY g ENUM('p')",
  ),
  made(
    'ENUM in another order',
    "(id INT PRIMARY KEY, e ENUM('a', 'b'))",
    "(1, 'a'), (2, 'b')",
    "ALTER TABLE t MODIFY e ENUM('b', 'new', 'a')",
    "INSERT INTO t VALUES (3, 'new')",
  ),
  made(
    'DECIMAL and FLOAT',
    '(id INT PRIMARY KEY, d DECIMAL(6, 2), f FLOAT)',
    '(1, 1.25, 0.1), (2, -99.99, 16777216)',
    'ALTER TABLE t MODIFY d DECIMAL(10, 4), MODIFY f DOUBLE',
  ),
  made(
    'fewer digits than rows of the copy have',
    '(id INT PRIMARY KEY, d DECIMAL(10, 3), t2 DATETIME(6) NOT NULL, t3 TIME(3), b BIT(16), z INT(8) UNSIGNED ZEROFILL, n INT)',
    "(1, 1.255, '2024-01-01 01:02:03.000004', '10:11:12.5', 511, 70000, NULL), (2, -4.5, '2024-01-01 01:02:03', '10:11:12', 1, 7, 5)",
    'UPDATE t SET b = 3, z = 9, n = 0 WHERE id = 1',
    'ALTER TABLE t MODIFY d DECIMAL(4, 1), MODIFY t2 DATETIME NOT NULL, MODIFY t3 TIME, MODIFY b BIT(8), MODIFY z SMALLINT(4) UNSIGNED ZEROFILL, MODIFY n TINYINT NOT NULL',
  ),
  ...(['d DECIMAL(9, 3)', 'd DATETIME(6)', 'd TIME(3)', 'd BIT(20)', 'd INT(8) UNSIGNED ZEROFILL'] as const).map((column, i) => {
    const now = ['DECIMAL(4, 1)', 'DATETIME', 'TIME', 'BIT(8)', 'SMALLINT(4) UNSIGNED ZEROFILL'][i]
    const value = ['1.5', "'2024-01-01 01:02:03.5'", "'10:11:12.5'", '3', '70000'][i]
    return made(
      `${column} becomes ${now} NOT NULL, where a row had NULL`,
      `(id INT PRIMARY KEY, ${column})`,
      `(1, NULL), (2, ${value})`,
      'DELETE FROM t',
      `ALTER TABLE t MODIFY d ${now} NOT NULL`,
      `INSERT INTO t VALUES (1, ${i === 4 ? '7' : value}), (3, ${i === 4 ? '8' : value})`,
    )
  }),
  made(
    'digits of a second',
    '(id INT PRIMARY KEY, d DATETIME, t2 TIME)',
    "(1, '2024-01-01 01:02:03', '10:11:12')",
    'ALTER TABLE t MODIFY d DATETIME(6), MODIFY t2 TIME(3)',
    "UPDATE t SET d = '2024-01-01 01:02:03.000004'",
  ),
  made(
    'character set of a column',
    '(id INT PRIMARY KEY, a VARCHAR(20)) DEFAULT CHARSET latin1',
    "(1, 'ä'), (2, 'x')",
    'ALTER TABLE t MODIFY a VARCHAR(20) CHARACTER SET utf8mb4',
    "UPDATE t SET a = '😀' WHERE id = 2",
  ),
  made(
    'character set of all',
    '(id INT PRIMARY KEY, a VARCHAR(20), b TEXT) DEFAULT CHARSET latin1',
    "(1, 'ä', 'ö')",
    'ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  ),
  made(
    'narrower character set',
    '(id INT PRIMARY KEY, a VARCHAR(20)) DEFAULT CHARSET utf8mb4',
    "(1, 'abc')",
    'ALTER TABLE t MODIFY a VARCHAR(20) CHARACTER SET latin1',
  ),
  made(
    'collation',
    '(id INT PRIMARY KEY, a VARCHAR(20), UNIQUE (a)) DEFAULT CHARSET utf8mb4',
    "(1, 'a'), (2, 'b')",
    'ALTER TABLE t MODIFY a VARCHAR(20) COLLATE utf8mb4_bin',
    "INSERT INTO t VALUES (3, 'A')",
  ),
  made(
    'generated column changes',
    '(id INT PRIMARY KEY, a INT, v INT AS (a + 1) VIRTUAL, s INT AS (a + 1) STORED, KEY (s))',
    '(1, 1, DEFAULT, DEFAULT)',
    'ALTER TABLE t MODIFY v INT AS (a + 2) VIRTUAL, MODIFY s INT AS (a + 3) STORED',
  ),
  made(
    'generated the other way',
    '(id INT PRIMARY KEY, a INT, v INT AS (a + 1) VIRTUAL, s INT AS (a + 1) STORED, KEY k (s, a))',
    '(1, 1, DEFAULT, DEFAULT)',
    'ALTER TABLE t DROP v, DROP s, DROP KEY k, ADD v INT AS (a + 1) STORED, ADD s INT AS (a + 1) VIRTUAL, ADD KEY k (s, a)',
  ),
  made(
    'generated to stored in rows',
    '(id INT PRIMARY KEY, a INT, s INT AS (a + 1) STORED)',
    '(1, 1, DEFAULT), (2, 5, DEFAULT)',
    'ALTER TABLE t MODIFY s INT',
    'UPDATE t SET s = 77 WHERE id = 1',
  ),
  made('JSON and its check', '(id INT PRIMARY KEY, j LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)', `(1, '{"a": 1}')`, 'ALTER TABLE t MODIFY j JSON'),
  made('compressed column', '(id INT PRIMARY KEY, a TEXT)', "(1, 'aaaaaaaa')", 'ALTER TABLE t MODIFY a TEXT COMPRESSED'),
  // Keys.
  plain('add an index', 'ALTER TABLE t ADD KEY k (a(3), b DESC) COMMENT "c"'),
  made('drop an index', '(id INT PRIMARY KEY, a INT, KEY k (a), UNIQUE u (a, id))', '(1, 1)', 'ALTER TABLE t DROP KEY k, DROP KEY u'),
  made('other columns in an index', '(id INT PRIMARY KEY, a INT, b INT, KEY k (a))', '(1, 1, 1)', 'ALTER TABLE t DROP KEY k, ADD KEY k (b, a)'),
  made('an index gets another name', '(id INT PRIMARY KEY, a INT, b INT, KEY k (a), KEY l (b))', '(1, 1, 1)', 'ALTER TABLE t RENAME INDEX k TO renamed'),
  made(
    'an index is ignored',
    '(id INT PRIMARY KEY, a INT, b INT, KEY k (a), KEY l (b) IGNORED)',
    '(1, 1, 1)',
    'ALTER TABLE t ALTER INDEX k IGNORED, ALTER INDEX l NOT IGNORED',
  ),
  made(
    'unique, over rows that were made unique',
    '(id INT PRIMARY KEY, a INT)',
    '(1, 1), (2, 1), (3, 2)',
    'DELETE FROM t WHERE id = 2',
    'ALTER TABLE t ADD UNIQUE (a)',
  ),
  made('no longer unique', '(id INT PRIMARY KEY, a INT, UNIQUE k (a))', '(1, 1)', 'ALTER TABLE t DROP KEY k, ADD KEY k (a)', 'INSERT INTO t VALUES (2, 1)'),
  made(
    'full text and space',
    '(id INT PRIMARY KEY, a TEXT, g POINT NOT NULL)',
    "(1, 'some words', POINT(1, 2))",
    'ALTER TABLE t ADD FULLTEXT KEY f (a), ADD SPATIAL KEY s (g)',
  ),
  made('a primary key', '(a INT, b INT)', '(1, 1), (2, 2)', 'ALTER TABLE t ADD PRIMARY KEY (a)'),
  made('another primary key', '(a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a))', '(1, 1), (2, 2)', 'ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b, a)'),
  made('no primary key', '(a INT NOT NULL, b INT, PRIMARY KEY (a))', '(1, 1), (2, 2)', 'ALTER TABLE t DROP PRIMARY KEY', 'INSERT INTO t VALUES (1, 1)'),
  made('a number of its own', '(a VARCHAR(9), b INT)', "('x', 1), ('y', 2)", 'ALTER TABLE t ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST'),
  // Checks.
  plain('add checks', 'ALTER TABLE t ADD CONSTRAINT positive CHECK (b > 0 AND a <> \'),\'), MODIFY a VARCHAR(20) CHECK (a <> "")'),
  made(
    'change and drop a check',
    '(id INT PRIMARY KEY, a INT, CONSTRAINT c CHECK (a > 0), CONSTRAINT d CHECK (a < 9))',
    '(1, 1)',
    'ALTER TABLE t DROP CONSTRAINT c, DROP CONSTRAINT d, ADD CONSTRAINT c CHECK (a > -1)',
  ),
  // Options.
  plain('comment of the table', "ALTER TABLE t COMMENT 'all = of ''it'''"),
  made('comment taken away', "(id INT PRIMARY KEY) COMMENT 'x'", '(1)', "ALTER TABLE t COMMENT ''"),
  plain('row format', 'ALTER TABLE t ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8'),
  made(
    'options taken away',
    '(id INT PRIMARY KEY) ROW_FORMAT=COMPACT STATS_PERSISTENT=1 STATS_SAMPLE_PAGES=9 PAGE_COMPRESSED=1',
    '(1)',
    'ALTER TABLE t ROW_FORMAT=DEFAULT STATS_PERSISTENT=DEFAULT STATS_SAMPLE_PAGES=DEFAULT PAGE_COMPRESSED=DEFAULT',
  ),
  plain('default character set', 'ALTER TABLE t DEFAULT CHARACTER SET latin1 COLLATE latin1_german1_ci'),
  made('engine', '(id INT PRIMARY KEY, a INT) ENGINE=Aria', '(1, 1)', 'ALTER TABLE t ENGINE=InnoDB'),
  made('history of rows', '(id INT PRIMARY KEY, a INT)', '(1, 1)', 'ALTER TABLE t ADD SYSTEM VERSIONING'),
  made('a table with a history', '(id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING', '(1, 1)', 'ALTER TABLE t ADD b INT, ADD KEY (a)', 'UPDATE t SET b = 5'),
  // Partitions.
  plain('partitions', 'ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 3'),
  made(
    'one more partition',
    '(id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))',
    '(1), (15)',
    'ALTER TABLE t ADD PARTITION (PARTITION `p``2` VALUES LESS THAN (30))',
    'INSERT INTO t VALUES (25)',
  ),
  made(
    'a partition goes with its rows',
    '(id INT PRIMARY KEY, a INT) PARTITION BY LIST (id) (PARTITION p0 VALUES IN (1), PARTITION p1 VALUES IN (2))',
    '(1, 1), (2, 2)',
    'ALTER TABLE t DROP PARTITION p0',
    'ALTER TABLE t ADD KEY (a)',
  ),
  made('no partitions', '(id INT PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 2', '(1), (2)', 'ALTER TABLE t REMOVE PARTITIONING'),
  // The counter.
  made(
    'counter, the last row deleted',
    '(id INT AUTO_INCREMENT PRIMARY KEY, a INT)',
    '(1, 1), (2, 2)',
    'INSERT INTO t VALUES (41, 1), (42, 2)',
    'DELETE FROM t WHERE id > 2',
  ),
  made('counter of an emptied table', '(id INT AUTO_INCREMENT PRIMARY KEY, a INT)', '(1, 1), (9, 2)', 'TRUNCATE t', 'INSERT INTO t VALUES (3, 3)'),
  made('counter set', '(id INT AUTO_INCREMENT PRIMARY KEY, a INT)', '(1, 1)', 'ALTER TABLE t AUTO_INCREMENT = 1000'),
  // Together.
  made(
    'many at once',
    '(id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(5), b INT, gone INT, KEY k (a), KEY g (gone)) DEFAULT CHARSET latin1',
    "(1, 'a', 1, 1)",
    "ALTER TABLE t MODIFY b BIGINT FIRST, MODIFY a VARCHAR(50) CHARACTER SET utf8mb4 NOT NULL DEFAULT 'q', DROP KEY k, DROP KEY g, ADD UNIQUE k (a, b), ADD n TEXT, COMMENT 'all', DEFAULT CHARSET utf8mb4",
    "INSERT INTO t (a, n) VALUES ('x', 'y')",
  ),
]
