import { describe, expect, test } from 'vitest'
import { DumpReader } from './dump-statement.ts'
import { copyRows, countRows } from './insert-rows.ts'
import { NotUnderstood, tokens, withoutComments } from './scanner.ts'
import { StatementSplitter } from './splitter.ts'

const MARIADB = { flavour: 'mariadb', versionNumber: 101119 } as const
const MYSQL = { flavour: 'mysql', versionNumber: 80036 } as const

function split(text: string | Buffer, pieces: (length: number) => number = (length) => length): { statements: string[]; open: boolean } {
  const bytes = Buffer.from(text)
  const splitter = new StatementSplitter()
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = Math.max(1, pieces(bytes.length - at))
    found.push(...splitter.push(bytes.subarray(at, at + size)))
    at += size
  }
  const { statements, open } = splitter.end()
  return { statements: [...found, ...statements].map((statement) => statement.toString('latin1').trim()), open }
}

const PIECES = [
  'SELECT 1',
  "INSERT INTO t VALUES ('a;b','it''s','\\'','\\\\',\"x;\")",
  'CREATE TABLE `a``;b` (c int)',
  '-- a comment; with a delimiter\nSELECT 2',
  "# it's; not the end\nSELECT 3",
  "/* it's; not `the end */ SELECT 4",
  "/*!40101 SET x = ';' */",
  '/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`b`*/ /*!50003 TRIGGER x */',
  '`new\nline\\`',
  'SELECT 5--6',
  'd',
]

describe('splitting', () => {
  test.each(PIECES)('%j is one statement', (piece) => {
    expect(split(`${piece};${piece};`)).toEqual({ statements: [piece, piece], open: false })
  })

  test('follows DELIMITER lines', () => {
    const text = "DELIMITER ;;\nCREATE TRIGGER a BEGIN x; y; END;;\ndelimiter ;\nSELECT 'DELIMITER //';\n  DELIMITER $$\nSELECT 1$$"
    expect(split(text).statements).toEqual(['CREATE TRIGGER a BEGIN x; y; END', "SELECT 'DELIMITER //'", 'SELECT 1'])
  })

  test('a backslash means what the SQL mode says', () => {
    const text = "SET sql_mode = 'NO_BACKSLASH_ESCAPES';SELECT 'a\\';/*!50003 SET sql_mode = @saved_sql_mode */;SELECT 'b\\';c'"
    expect(split(text).statements.slice(1)).toEqual(["SELECT 'a\\'", '/*!50003 SET sql_mode = @saved_sql_mode */'])
  })

  test.each(["SELECT 'a", 'SELECT `a', 'SELECT 1', 'SELECT 1; /* x', "SELECT '\\", 'DELIMITER ;;\nSELECT 1;'])('%j is not at its end', (text) => {
    expect(split(text).open).toBe(true)
  })

  test.each(['', '\n', 'SELECT 1;', 'SELECT 1;\n-- the end', 'SELECT 1;\n-- the end\n', '/*M!999999\\- enable the sandbox mode */ \n'])(
    '%j is at its end',
    (text) => {
      expect(split(text).open).toBe(false)
    },
  )

  test('finds the same statements however the bytes arrive', () => {
    const seed = Date.now() % 1_000_000
    let state = seed
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((state / 2_147_483_648) * below)
    }
    const alphabet = ["'", '"', '`', '\\', ';', '\n', '-', '-- ', '#', '/*', '*/', '/*!', 'a', ' ', 'DELIMITER ;;\n', 'DELIMITER ;\n', ';;', 'é', '(', "''"]
    for (let round = 0; round < 400; round++) {
      const text = Array.from({ length: random(60) }, () => alphabet[random(alphabet.length)]).join('')
      const whole = split(text)
      expect(
        split(text, () => 1),
        `seed ${seed}: ${JSON.stringify(text)}`,
      ).toEqual(whole)
      expect(
        split(text, () => 1 + random(9)),
        `seed ${seed}: ${JSON.stringify(text)}`,
      ).toEqual(whole)
    }
  })
})

describe('comments', () => {
  const collapsed = (sql: string) => sql.replaceAll(/ +/g, ' ')

  test.each([
    ['/* x */ SELECT 1 -- y', 'SELECT 1'],
    ['/*!40101 SET NAMES utf8 */', 'SET NAMES utf8'],
    ['SELECT /*!80000 mysql8, */ 1', 'SELECT 1'],
    ['SELECT /*M!100201 mariadb, */ 1', 'SELECT mariadb, 1'],
    ['SELECT /*!999999 never, */ 1', 'SELECT 1'],
    ["SELECT '/* text */', `-- name`", "SELECT '/* text */', `-- name`"],
    ["/*!50003 SELECT '*/' */", "SELECT '*/'"],
    ['/*!50003 BEGIN /* inner; */ END */', 'BEGIN END'],
  ])('%j is read by MariaDB as %j', (sql, read) => {
    expect(collapsed(withoutComments(sql, MARIADB))).toBe(read)
  })

  test('MySQL reads what is for its version', () => {
    expect(collapsed(withoutComments('SELECT /*!80000 mysql8, */ /*M!100201 mariadb, */ 1', MYSQL))).toBe('SELECT mysql8, 1')
  })

  test.each(['SELECT \\! x', "SELECT 'a", '\\. /etc/passwd'])('%j is not understood', (sql) => {
    expect(() => [...tokens(sql)]).toThrow(NotUnderstood)
  })
})

describe('rows', () => {
  test.each([
    ["(1,'a'),(-2,NULL)", 2],
    ["(X'00ff', b'01', 0x1F, _utf8mb4'x', _binary 'y', _utf8mb4 X'41')", 1],
    ['(1.5, -.5, 1e10, 1E-7, TRUE, default)', 1],
    ["('),(', \"),(\", '\\'),(')", 1],
    ['()', 1],
    [' ( 1 ) \n, (2)', 2],
  ])('%j: %i', (text, rows) => expect(countRows(Buffer.from(text), 0)).toBe(rows))

  test.each([
    '',
    '(1',
    '(1)(2)',
    '(1),',
    '(,1)',
    '(1,)',
    '(SLEEP(5))',
    '(@@version)',
    '(a)',
    '(`a`)',
    '(1) ON DUPLICATE KEY UPDATE a=1',
    '(1); DROP TABLE x',
    '((SELECT 1))',
    "('a)",
    '(1 /* x */)',
    '(1--1)',
    "(LOAD_FILE('/etc/passwd'))",
    '(1+1)',
    '(1) 2',
    '(1 2)',
    "(1) 'x'",
    '(_utf8mb4)',
    '(1 # x\n)',
  ])('%j is refused', (text) => expect(() => countRows(Buffer.from(text), 0)).toThrow(NotUnderstood))

  test('bytes that are no UTF-8 become a literal of the same bytes', () => {
    const text = Buffer.concat([
      Buffer.from("('é',_binary '"),
      Buffer.from([0xff, 0x5c, 0x30, 0x27, 0x27, 0x5c, 0x6e]),
      Buffer.from("',_latin1'"),
      Buffer.from([0xe9]),
      Buffer.from("')"),
    ])
    expect(countRows(text, 0)).toBe(1)
    expect(copyRows(text, 0)).toBe("('é',_binary  X'ff00270a',_latin1 X'e9')")
  })
})

describe('statements', () => {
  const read = (sql: string, reader = new DumpReader('d', MARIADB)) => reader.read(Buffer.from(sql))

  test('are read under the database in use', () => {
    const reader = new DumpReader('d', MARIADB)
    expect(read('DROP TABLE IF EXISTS `a``b`, c', reader)).toEqual({
      kind: 'drop',
      tables: [
        { database: 'd', name: 'a`b' },
        { database: 'd', name: 'c' },
      ],
    })
    read('/*!40000 USE `é``x` */', reader)
    const insert = read("-- x\nINSERT INTO `é`.`t` (`a`,`é`) VALUES ('é')".replace('`é`.', '`é``x`.'), reader)
    if (insert.kind !== 'insert') throw new Error('no insert')
    expect(insert.table).toEqual({ database: 'é`x', name: 't' })
    expect(insert.into({ database: 's', name: 'é' })).toBe("INSERT INTO `s`.`é` (`a`,`é`) VALUES  ('é')")
  })

  test('a trigger keeps its comments and its mode', () => {
    const reader = new DumpReader('d', MARIADB)
    read("SET sql_mode = 'STRICT_ALL_TABLES', collation_connection = X''", reader)
    const trigger = read('CREATE DEFINER=`r`@`%` TRIGGER `x` BEFORE INSERT ON `t` FOR EACH ROW BEGIN /* why; */ SET @a = 1; END', reader)
    if (trigger.kind !== 'trigger') throw new Error('no trigger')
    expect(trigger).toMatchObject({ table: { database: 'd', name: 't' }, name: 'x', sqlMode: 'STRICT_ALL_TABLES' })
    expect(trigger.into('s')).toBe('CREATE DEFINER=`r`@`%` TRIGGER `s`.`x` BEFORE INSERT ON `s`.`t` FOR EACH ROW BEGIN /* why; */ SET @a = 1; END')
  })

  test.each([
    'SELECT 1',
    'DELETE FROM t',
    'UPDATE t SET a = 1',
    'GRANT ALL ON *.* TO x',
    'CALL p()',
    'DROP TABLE other.t',
    'DROP USER x',
    'CREATE USER x',
    'CREATE TABLE other.t (a int)',
    'CREATE TABLE `t` (`a` int) SELECT * FROM mysql.user',
    "CREATE TABLE `t` (\n  `a` int\n) ENGINE=FEDERATED CONNECTION='mysql://x'",
    "CREATE TABLE `t` (\n  `a` int\n) DATA DIRECTORY='/tmp'",
    'CREATE TABLE t LIKE mysql.user',
    'INSERT INTO mysql.user VALUES (1)',
    'INSERT INTO t SELECT 1',
    'INSERT INTO t SET a = 1',
    'INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2',
    'INSERT /*! INTO mysql.user */ VALUES (1)',
    '/*!40000 DELETE FROM t */',
    'ALTER TABLE t DROP COLUMN a',
    'SET NAMES gbk',
    'LOAD DATA INFILE "x" INTO TABLE t',
    'SOURCE x',
    'USE a b',
    'PREPARE s FROM "x"',
  ])('%j is refused', (sql) => expect(() => read(sql)).toThrow(Error))

  test('in a mode in which strings read otherwise are refused, but for a trigger', () => {
    const reader = new DumpReader('d', MARIADB)
    read("SET sql_mode = 'ANSI_QUOTES'", reader)
    expect(() => read('INSERT INTO t VALUES (1)', reader)).toThrow(/ANSI_QUOTES/)
    expect(read('CREATE TRIGGER "a""b" BEFORE INSERT ON "d"."t" FOR EACH ROW SET @a = 1', reader)).toMatchObject({ name: 'a"b', table: { name: 't' } })
  })

  test.each([
    'SET NAMES utf8mb4',
    "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */",
    'LOCK TABLES `t` WRITE',
    '/*!40000 ALTER TABLE `t` DISABLE KEYS */',
    'UNLOCK TABLES',
    'CREATE DATABASE /*!32312 IF NOT EXISTS*/ `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 */',
    '/*!50001 CREATE VIEW `v` AS SELECT 1 */',
    'CREATE DEFINER=`a`@`b` PROCEDURE `p`() BEGIN SELECT 1; END',
    '/*M!999999\\- enable the sandbox mode */',
    'COMMIT',
  ])('%j is nothing about tables', (sql) => expect(read(sql).kind).toBe('other'))
})
