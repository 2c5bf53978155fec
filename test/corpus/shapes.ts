import { pools, type TableCase } from './tables.ts'

const IDS = Array.from({ length: 40 }, (_, i) => String(i))
const TEXTS = ["'a'", "'A'", "'b'", "''", 'NULL']
const TIMES = ["'-838:59:59.99999'", "'838:59:59.12345'", "'00:00:00'", "'-00:00:00.1'", 'NULL']
const MOMENTS = ["'0000-00-00'", "'1970-01-02 00:00:01.00001'", "'2026-11-01 05:30:00.99999'", "'2026-03-29 01:30:00.5'", 'NULL']
const SMALL = ['0', '1', '2', '3', '4', '5', 'NULL']
const fractions = ['TIME', 'DATETIME', 'TIMESTAMP'].flatMap((type) =>
  [1, 2, 3, 4, 5].map((digits) => ({ name: `${type.toLowerCase()}${digits}`, type, digits })),
)
const bits = Array.from({ length: 64 }, (_, i) => i + 1)
const wide = Array.from({ length: 1010 }, (_, i) => `c${i}`)

/** Tables whose definition is what is hard about them. Parents come before their children. */
export const SHAPES: readonly TableCase[] = [
  {
    name: 'self',
    body: '(id INT PRIMARY KEY, parent INT, KEY (parent), CONSTRAINT tree FOREIGN KEY (parent) REFERENCES self (id) ON DELETE CASCADE)',
    pools: pools({ id: IDS, parent: SMALL }),
    id: 'id',
  },
  {
    name: 'parents',
    body: '(id INT PRIMARY KEY, v INT, updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))',
    pools: pools({ id: IDS, v: SMALL }),
    id: 'id',
  },
  {
    name: 'children',
    body: '(id INT PRIMARY KEY, parent INT, v INT, updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE SET NULL ON UPDATE CASCADE)',
    pools: pools({ id: IDS, parent: SMALL, v: SMALL }),
    id: 'id',
  },
  {
    name: 'children_loose',
    body: '(parent INT, v INT, FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE ON UPDATE CASCADE)',
    pools: pools({ parent: SMALL, v: SMALL }),
  },
  {
    name: 'checked',
    body: "(id INT PRIMARY KEY, v INT CHECK (v < 1000), w VARCHAR(10), CONSTRAINT `it's` CHECK (w <> 'x;)`' AND w <> ''''), CHECK (id >= 0))",
    pools: pools({ id: IDS, v: SMALL, w: TEXTS }),
    id: 'id',
  },
  {
    name: 'parted',
    body: '(id INT, d DATE, v INT, PRIMARY KEY (id, d)) PARTITION BY RANGE (YEAR(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (2020), PARTITION `p 1` VALUES LESS THAN MAXVALUE)',
    pools: pools({ id: IDS, d: ["'2019-01-01'", "'2020-01-01'", "'0000-00-00'"], v: SMALL }),
  },
  {
    name: 'parted_list',
    body: "(v VARCHAR(5), n INT) PARTITION BY LIST COLUMNS (v) (PARTITION a VALUES IN ('a', 'b'), PARTITION r DEFAULT)",
    pools: pools({ v: TEXTS, n: SMALL }),
  },
  {
    name: 'wide',
    body: `(${wide.map((name) => `${name} TINYINT`).join(', ')}, id INT PRIMARY KEY)`,
    pools: pools({ id: IDS, c0: SMALL, c5: SMALL, c1009: SMALL }),
    id: 'id',
  },
  { name: 'wide_loose', body: `(${wide.map((name) => `${name} TINYINT`).join(', ')})`, pools: pools({ c0: SMALL, c5: SMALL, c1009: SMALL }) },
  {
    name: 'myisam',
    body: '(id INT PRIMARY KEY, t TEXT, p POINT NOT NULL DEFAULT POINT(1, 2), FULLTEXT KEY (t), SPATIAL KEY (p)) ENGINE=MyISAM DELAY_KEY_WRITE=1',
    pools: pools({ id: IDS, t: TEXTS }),
    id: 'id',
  },
  { name: 'myisam_loose', body: '(v INT, t VARCHAR(20)) ENGINE=MyISAM ROW_FORMAT=FIXED', pools: pools({ v: SMALL, t: TEXTS }) },
  { name: 'aria', body: '(id INT PRIMARY KEY, t TEXT) ENGINE=Aria TRANSACTIONAL=1', pools: pools({ id: IDS, t: TEXTS }), id: 'id' },
  { name: 'memory', body: '(id INT PRIMARY KEY, t VARCHAR(20), KEY USING BTREE (t)) ENGINE=MEMORY', pools: pools({ id: IDS, t: TEXTS }), id: 'id' },
  { name: 'csv', body: '(id INT NOT NULL, t VARCHAR(20) NOT NULL) ENGINE=CSV', pools: pools({ id: IDS, t: ["'a'", "'\"'", "','", "'\\n'", "'\\\\'"] }) },
  { name: 'archive_like', body: '(id INT PRIMARY KEY, v INT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8', pools: pools({ id: IDS, v: SMALL }), id: 'id' },
  { name: 'versioned', body: '(id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING', pools: pools({ id: IDS, v: SMALL }), id: 'id' },
  {
    name: 'versioned_unique',
    body: '(id INT PRIMARY KEY, v INT, u INT UNIQUE, w INT WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING',
    pools: pools({ id: IDS, v: SMALL, u: IDS, w: SMALL }),
    id: 'id',
  },
  { name: 'versioned_loose', body: '(v INT, t VARCHAR(9)) WITH SYSTEM VERSIONING', pools: pools({ v: SMALL, t: TEXTS }) },
  { name: 'versioned_empty', body: '(id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING', pools: pools({}) },
  {
    name: 'period',
    body: '(id INT, v INT, d1 DATE NOT NULL, d2 DATE NOT NULL, PERIOD FOR p (d1, d2), UNIQUE (id, p WITHOUT OVERLAPS))',
    pools: pools({ id: SMALL, v: SMALL, d1: ["'2020-01-01'", "'2021-01-01'"], d2: ["'2021-01-01'", "'2022-01-01'"] }),
  },
  { name: 'empty', body: '(id INT PRIMARY KEY)', pools: pools({}) },
  { name: 'empty_loose', body: '(v INT)', pools: pools({}) },
  {
    name: 'generated',
    body: "(id INT, v VARCHAR(10), g INT AS (id * 2) VIRTUAL, s VARCHAR(20) AS (CONCAT(v, '-', id)) STORED, i INT INVISIBLE DEFAULT 7, j INT AS (id + 1) INVISIBLE, PRIMARY KEY (id), KEY (g), UNIQUE (s))",
    pools: pools({ id: IDS, v: TEXTS, i: SMALL }),
    id: 'id',
  },
  { name: 'generated_loose', body: '(v INT, g INT AS (v + 1) STORED UNIQUE, h INT AS (v * 2))', pools: pools({ v: [...IDS, 'NULL'] }) },
  {
    name: 'defaults',
    body: "(id INT PRIMARY KEY, u VARCHAR(40) DEFAULT (UUID()), t DATETIME DEFAULT (NOW() + INTERVAL 1 DAY), s VARCHAR(20) NOT NULL DEFAULT 'it''s \\\\ \"x\"', b BLOB DEFAULT 'x', n INT DEFAULT (1 + LENGTH('),(')), k TIMESTAMP NOT NULL, z DATE NOT NULL DEFAULT '0000-00-00')",
    pools: pools({ id: IDS, s: ["'a'", "'b'"] }),
    id: 'id',
  },
  { name: 'counter', body: '(id INT PRIMARY KEY AUTO_INCREMENT, v INT)', pools: pools({ id: ['0', '-5', '2147483646', ...IDS], v: SMALL }), id: 'id' },
  {
    name: 'counter_second',
    body: '(g INT NOT NULL, id INT NOT NULL AUTO_INCREMENT, v INT, PRIMARY KEY (g, id)) ENGINE=MyISAM',
    pools: pools({ g: ['1', '2'], id: IDS, v: SMALL }),
  },
  { name: 'counter_loose', body: '(id BIGINT UNSIGNED AUTO_INCREMENT, v INT, KEY (id))', pools: pools({ id: ['0', ...IDS], v: SMALL }) },
  { name: 'nullable_unique', body: '(u INT UNIQUE, v INT)', pools: pools({ u: SMALL, v: SMALL }) },
  {
    name: 'two_uniques',
    body: '(id INT PRIMARY KEY, a VARCHAR(20) NOT NULL, b INT, UNIQUE (a), UNIQUE (b, a))',
    pools: pools({ id: IDS, a: ["'a'", "'A'", "'b'", "'c'", "'ä'", "'d'", "'e'", "'f'"], b: SMALL }),
    id: 'id',
  },
  {
    name: 'unique_only',
    body: '(a VARCHAR(20) NOT NULL UNIQUE, b INT NOT NULL UNIQUE, v INT)',
    pools: pools({ a: ["'a'", "'b'", "'c'", "'d'", "'e'"], b: IDS, v: SMALL }),
  },
  { name: 'hash_unique', body: '(id INT PRIMARY KEY, t LONGTEXT, UNIQUE (t), UNIQUE KEY h (t) USING HASH)', pools: pools({ id: IDS, t: TEXTS }), id: 'id' },
  {
    name: 'prefix_unique',
    body: '(id INT PRIMARY KEY, t VARCHAR(50) NOT NULL, UNIQUE (t(1)))',
    pools: pools({ id: IDS, t: ["'a1'", "'b1'", "'A2'", "'c'", "'d'"] }),
    id: 'id',
  },
  {
    name: 'descending',
    body: "(a INT, b VARCHAR(10), v INT, PRIMARY KEY (a DESC, b), KEY i (b DESC, a) COMMENT 'x, `y`' IGNORED)",
    pools: pools({ a: IDS, b: ["'a'", "'b'", "''"], v: SMALL }),
  },
  {
    name: 'bits',
    body: `(id INT PRIMARY KEY, ${bits.map((width) => `b${width} BIT(${width})`).join(', ')}, UNIQUE (b64))`,
    pools: new Map([['id', IDS], ...bitPools()]),
    id: 'id',
  },
  { name: 'bits_loose', body: `(${bits.map((width) => `b${width} BIT(${width})`).join(', ')})`, pools: new Map(bitPools()) },
  ...['fractions', 'fractions_loose'].map((name) => ({
    name,
    body: `(${name === 'fractions' ? 'id INT PRIMARY KEY, ' : ''}${fractions.map((column) => `${column.name} ${column.type}(${column.digits}) NULL`).join(', ')})`,
    pools: new Map([
      ...(name === 'fractions' ? [['id', IDS] as const] : []),
      ...fractions.map((column) => [column.name, column.type === 'TIME' ? TIMES : MOMENTS] as const),
    ]),
    ...(name === 'fractions' ? { id: 'id' } : {}),
  })),
  {
    name: 'mixed_key',
    body: "(v INT, a DATE NOT NULL, b VARBINARY(20) NOT NULL, c DECIMAL(30, 10) NOT NULL, d VARCHAR(20) COLLATE utf8mb4_nopad_bin NOT NULL, e ENUM('', 'x', 'a') NOT NULL, f FLOAT NOT NULL, PRIMARY KEY (d, b, a, c, e, f))",
    pools: pools({
      v: SMALL,
      a: ["'0000-00-00'", "'2024-00-10'", "'2024-02-29'"],
      b: ["''", "x'00'", "x'0000'", "x'5c'"],
      c: ['0', '-0.0000000001', '99999999999999999999.9999999999'],
      d: ["'a'", "'A'", "'a '", "''", "'😀'"],
      e: ["'x'", "'a'", '1'],
      f: ['0', '0.1', '16777217'],
    }),
  },
  {
    name: 'prefix_key',
    body: '(a VARCHAR(50) NOT NULL, b BLOB NOT NULL, v INT, PRIMARY KEY (a(2), b(3)))',
    pools: pools({ a: ["'abc'", "'abd'", "'ABx'", "'b'", "'ßx'", "'ssx'"], b: ["x'00010203'", "x'000102ff'", "x'00'", "''"], v: SMALL }),
  },
  {
    name: 'long_key',
    body: '(k VARBINARY(3000) NOT NULL PRIMARY KEY, v INT)',
    pools: pools({ k: ["''", "REPEAT(x'00', 3000)", "REPEAT(x'00', 2999)", "REPEAT('\\\\', 3000)", "REPEAT(x'ff', 3000)"], v: SMALL }),
  },
  { name: 'hidden_key', body: '(v INT, id INT INVISIBLE DEFAULT 0 PRIMARY KEY, w INT INVISIBLE)', pools: pools({ id: IDS, v: SMALL, w: SMALL }), id: 'id' },
  {
    name: 'padded_unique',
    body: '(id INT PRIMARY KEY, p VARCHAR(9) COLLATE utf8mb4_general_ci UNIQUE, n VARCHAR(9) COLLATE utf8mb4_general_nopad_ci UNIQUE, b VARBINARY(9) UNIQUE)',
    pools: pools({ id: IDS, p: ["'a'", "'A '", "'b'", 'NULL'], n: ["'a'", "'a '", "'A  '", 'NULL'], b: ["'a'", "'a '", "x'6100'", 'NULL'] }),
    id: 'id',
  },
  {
    name: 'parted_key',
    body: '(k VARCHAR(9) NOT NULL, v INT, PRIMARY KEY (k)) PARTITION BY LINEAR KEY ALGORITHM=2 (k) PARTITIONS 3',
    pools: pools({ k: ["'a'", "'b'", "'ä'", "'😀'", "''"], v: SMALL }),
  },
  {
    name: 'parted_columns',
    body: "(d DATETIME NOT NULL, t VARCHAR(9) NOT NULL, v INT, KEY (d)) PARTITION BY RANGE COLUMNS (d, t) (PARTITION p0 VALUES LESS THAN ('2020-01-01', 'm'), PARTITION p1 VALUES LESS THAN (MAXVALUE, MAXVALUE))",
    pools: pools({ d: ["'2019-12-31 23:59:59'", "'2020-01-01'", "'0000-00-00'"], t: ["'a'", "'z'"], v: SMALL }),
  },
  {
    name: 'commented',
    body: "(id INT PRIMARY KEY COMMENT 'a, `b`) \\'c\\' \\\\ AUTO_INCREMENT=7', v INT) COMMENT ') AUTO_INCREMENT=9 WITH SYSTEM VERSIONING ''x'''",
    pools: pools({ id: IDS, v: SMALL }),
    id: 'id',
  },
  {
    name: 'legacy',
    body: '(id INT PRIMARY KEY, v VARCHAR(20), w CHAR(5) CHARACTER SET utf8mb3) DEFAULT CHARSET=latin1 COLLATE=latin1_german2_ci CHECKSUM=1 PACK_KEYS=1 STATS_PERSISTENT=1',
    pools: pools({ id: IDS, v: TEXTS, w: TEXTS }),
    id: 'id',
  },
  {
    name: 'json_checked',
    body: "(id INT PRIMARY KEY, `j``s` JSON DEFAULT '{}', l LONGTEXT CHECK (l <> 'x'))",
    pools: pools({ id: IDS, 'j`s': ["'{}'", "'[1, 1.0]'", 'NULL'] }),
    id: 'id',
  },
]

function bitPools(): readonly (readonly [string, readonly string[]])[] {
  return bits.map(
    (width) =>
      [`b${width}`, ['0', '1', `${2n ** BigInt(width) - 1n}`, `${2n ** BigInt(width - 1)}`, `${0x5c0a095c4e270022n % 2n ** BigInt(width)}`, 'NULL']] as const,
  )
}

/** What is no table, and a trigger: all of it stays at the source. `twins` refer to each other. */
export const OTHERS: readonly string[] = [
  'CREATE TABLE twin_a (id INT PRIMARY KEY, b INT)',
  'CREATE TABLE twin_b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES twin_a (id) ON UPDATE CASCADE)',
  'ALTER TABLE twin_a ADD FOREIGN KEY (b) REFERENCES twin_b (id) ON DELETE CASCADE',
  'SET foreign_key_checks = 0',
  'INSERT INTO twin_a VALUES (1, 2), (2, 1), (3, NULL)',
  'INSERT INTO twin_b VALUES (1, 1), (2, 3)',
  'SET foreign_key_checks = 1',
  'CREATE SEQUENCE seq START WITH 5',
  'CREATE VIEW good AS SELECT id FROM parents',
  'CREATE TABLE soon_gone (id INT)',
  'CREATE VIEW bad AS SELECT id FROM soon_gone',
  'DROP TABLE soon_gone',
  'CREATE PROCEDURE p() SELECT 1',
  'CREATE TRIGGER changes_v BEFORE INSERT ON checked FOR EACH ROW SET NEW.v = 500',
]
