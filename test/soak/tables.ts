import type { Chance } from '../corpus/random.ts'

/** A table at work: how it is made, and one transaction of what goes on in it. */
export type BusyTable = {
  readonly name: string
  readonly create: readonly string[]
  change(chance: Chance): readonly string[]
}

/** Ids are taken from here, so that rows come, go and come back. */
const IDS = 600

const id = (chance: Chance) => 1 + chance.below(IDS)
const word = (chance: Chance) => `'${chance.pick(['a', 'B', 'é', '😀', "it''s", '', ' ', 'NULL', '\\\\'])}${chance.below(1000)}'`
const orNull = (chance: Chance, value: string) => (chance.below(4) === 0 ? 'NULL' : value)
const oneOf = (chance: Chance, ...ways: readonly (() => readonly string[])[]): readonly string[] => chance.pick(ways)()

export const TABLES: readonly BusyTable[] = [
  {
    name: 'stamped',
    create: [
      'CREATE TABLE stamped (id INT AUTO_INCREMENT PRIMARY KEY, v INT, t VARCHAR(60), updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))',
      'INSERT INTO stamped (id, v, t) SELECT seq, seq, MD5(seq) FROM seq_1_to_4000',
    ],
    change: (chance) =>
      oneOf(
        chance,
        () => [`INSERT INTO stamped (v, t) VALUES (${chance.below(99)}, ${word(chance)}), (${chance.below(99)}, ${orNull(chance, word(chance))})`],
        () => [`UPDATE stamped SET v = v + 1 WHERE id % 97 = ${chance.below(97)}`],
        () => [`UPDATE stamped SET t = ${word(chance)} ORDER BY RAND(${chance.below(1e9)}) LIMIT 3`],
        () => [`DELETE FROM stamped ORDER BY RAND(${chance.below(1e9)}) LIMIT 2`],
        () => [`DELETE FROM stamped WHERE id = ${id(chance)}`, `INSERT IGNORE INTO stamped (id, v, t) VALUES (${id(chance)}, 0, 'back')`],
      ),
  },
  {
    name: 'keyed',
    create: [
      'CREATE TABLE keyed (id INT PRIMARY KEY, n INT, label VARCHAR(40), KEY (n))',
      'INSERT INTO keyed SELECT seq, seq % 50, MD5(seq) FROM seq_1_to_4000',
    ],
    change: (chance) =>
      oneOf(
        chance,
        () => [`INSERT INTO keyed (id, n, label) VALUES (${id(chance)}, 1, ${word(chance)}) ON DUPLICATE KEY UPDATE n = n + 1`],
        () => [`UPDATE keyed SET label = ${orNull(chance, word(chance))} WHERE id BETWEEN ${id(chance)} AND ${id(chance)} LIMIT 5`],
        () => [`UPDATE IGNORE keyed SET id = ${id(chance) + IDS} WHERE id = ${id(chance)}`],
        () => [`DELETE FROM keyed WHERE id IN (${id(chance)}, ${id(chance)})`],
      ),
  },
  {
    name: 'heap',
    create: ['CREATE TABLE heap (a INT, b VARCHAR(20), c DECIMAL(8,2))', "INSERT INTO heap SELECT seq % 40, IF(seq % 3, 'x', NULL), seq % 7 FROM seq_1_to_800"],
    change: (chance) =>
      oneOf(
        chance,
        () => [`INSERT INTO heap (a, b, c) VALUES (1, 'x', 1), (1, 'x', 1), (${chance.below(40)}, ${orNull(chance, word(chance))}, NULL)`],
        () => [`DELETE FROM heap WHERE a = ${chance.below(40)} LIMIT ${1 + chance.below(3)}`],
        () => [`UPDATE heap SET c = c + 1 WHERE a = ${chance.below(40)} LIMIT 2`],
        () => [`INSERT INTO heap (a, b, c) SELECT a, b, c FROM heap WHERE a = ${chance.below(40)} LIMIT 2`],
      ),
  },
  {
    name: 'parent',
    create: [
      'CREATE TABLE parent (id INT PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE, updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))',
      `CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent INT NOT NULL, text VARCHAR(80),
        CONSTRAINT child_parent FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE)`,
      `CREATE TABLE remark (id INT AUTO_INCREMENT PRIMARY KEY, child INT, code VARCHAR(20), updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6),
        CONSTRAINT remark_child FOREIGN KEY (child) REFERENCES child (id) ON DELETE SET NULL)`,
      'INSERT INTO parent (id, code) SELECT seq, CONCAT("c", seq) FROM seq_1_to_300',
      "INSERT INTO child (parent, text) SELECT 1 + seq % 300, REPEAT('x', seq % 80) FROM seq_1_to_900",
      'INSERT INTO remark (child, code) SELECT 1 + seq % 900, seq FROM seq_1_to_400',
    ],
    change: (chance) =>
      oneOf(
        chance,
        () => [
          `INSERT INTO parent (id, code) VALUES (${id(chance)}, UUID_SHORT()) ON DUPLICATE KEY UPDATE code = VALUES(code)`,
          `INSERT IGNORE INTO child (parent, text) VALUES (${id(chance)}, ${word(chance)})`,
          'INSERT INTO remark (child, code) VALUES (LAST_INSERT_ID(), 1)',
        ],
        () => [`INSERT INTO child (parent, text) SELECT id, ${orNull(chance, word(chance))} FROM parent ORDER BY RAND(${chance.below(1e9)}) LIMIT 5`],
        () => [`INSERT INTO remark (child, code) SELECT id, ${word(chance)} FROM child ORDER BY RAND(${chance.below(1e9)}) LIMIT 3`],
        () => [`DELETE FROM parent WHERE id = ${id(chance)}`],
        () => [`DELETE FROM child ORDER BY RAND(${chance.below(1e9)}) LIMIT 2`],
        () => [`UPDATE IGNORE parent SET id = ${IDS + id(chance)} WHERE id = ${id(chance)}`],
        () => [`UPDATE remark SET code = ${word(chance)} ORDER BY RAND(${chance.below(1e9)}) LIMIT 4`],
      ),
  },
  ...['swapping', 'swapping_at'].map((name) => swapping(name, name === 'swapping' ? '' : ', updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6)')),
  {
    name: 'wide',
    create: [
      `CREATE TABLE wide (id INT PRIMARY KEY, t MEDIUMTEXT, b LONGBLOB, j JSON, d DECIMAL(20,6), f FLOAT, g DOUBLE, bits BIT(9), e ENUM('x','y',''), s SET('p','q'),
        dt DATETIME(6), day DATE, ti TIME(3), l VARCHAR(50) CHARACTER SET latin1, vb VARBINARY(30), u BIGINT UNSIGNED, gen INT AS (id + 1) STORED)`,
      'INSERT INTO wide (id, t, u) SELECT seq, MD5(seq), 18446744073709551615 - seq FROM seq_1_to_300',
    ],
    change: (chance) => {
      const values = () =>
        [
          orNull(chance, `REPEAT(${word(chance)}, ${chance.below(50)})`),
          orNull(chance, chance.below(12) === 0 ? `REPEAT(UNHEX('00FF0A5C27'), ${chance.below(30_000)})` : `UNHEX(MD5(${chance.below(1e6)}))`),
          orNull(chance, `'{"k": ${chance.below(100)}, "t": "\\\\u00e9"}'`),
          orNull(chance, `${chance.below(1e9)}.${chance.below(1e6)}`),
          orNull(chance, `${chance.below(1e9)} / 7e3`),
          orNull(chance, `-${chance.below(1e9)} / 3e-9`),
          orNull(chance, `${chance.below(512)}`),
          orNull(chance, chance.pick(["'x'", "'y'", "''"])),
          orNull(chance, chance.pick(["'p'", "'q,p'", "''"])),
          orNull(chance, `'2024-02-29 23:59:59.9' + INTERVAL ${chance.below(1e8)} SECOND`),
          orNull(chance, `'1970-01-01' + INTERVAL ${chance.below(40_000)} DAY`),
          orNull(chance, `SEC_TO_TIME(${chance.below(2e6)} - 1e6)`),
          orNull(chance, "'Café'"),
          orNull(chance, `UNHEX('${chance.below(256).toString(16).padStart(2, '0')}00')`),
          orNull(chance, `18446744073709551615 - ${chance.below(1000)}`),
        ].join(', ')
      return oneOf(
        chance,
        () => [`REPLACE INTO wide (id, t, b, j, d, f, g, bits, e, s, dt, day, ti, l, vb, u) VALUES (${id(chance)}, ${values()})`],
        () => [`UPDATE wide SET b = ${orNull(chance, `REPEAT('z', ${chance.below(5000)})`)}, f = f + 0.1 ORDER BY RAND(${chance.below(1e9)}) LIMIT 2`],
        () => [`DELETE FROM wide WHERE id = ${id(chance)}`],
      )
    },
  },
  {
    name: 'traced',
    create: [
      'CREATE TABLE traced (id INT AUTO_INCREMENT PRIMARY KEY, v INT, updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))',
      'CREATE TABLE trace (at DATETIME(6) NOT NULL, what VARCHAR(10), id INT)',
      'INSERT INTO traced (v) SELECT seq FROM seq_1_to_200',
      "CREATE TRIGGER traced_new AFTER INSERT ON traced FOR EACH ROW INSERT INTO trace VALUES (NOW(6), 'new', NEW.id)",
      "CREATE TRIGGER traced_gone AFTER DELETE ON traced FOR EACH ROW INSERT INTO trace VALUES (NOW(6), 'gone', OLD.id)",
      'CREATE VIEW tracing AS SELECT t.id, t.v, x.what FROM traced t JOIN trace x ON x.id = t.id',
    ],
    change: (chance) =>
      oneOf(
        chance,
        () => [`INSERT INTO traced (v) VALUES (${chance.below(9)}), (NULL)`],
        () => [`DELETE FROM traced ORDER BY RAND(${chance.below(1e9)}) LIMIT 1`],
        () => [`UPDATE traced SET v = v + 1 WHERE id % 31 = ${chance.below(31)}`],
        () => [`DELETE FROM trace ORDER BY at LIMIT 1`],
      ),
  },
  {
    name: 'lettered',
    create: [
      'CREATE TABLE lettered (k VARCHAR(20) COLLATE utf8mb4_general_ci, n INT, v VARCHAR(20), PRIMARY KEY (k, n))',
      "INSERT INTO lettered SELECT CONCAT('key ', seq), seq % 3, seq FROM seq_1_to_400",
    ],
    change: (chance) =>
      oneOf(
        chance,
        () => [`UPDATE IGNORE lettered SET k = ${chance.pick(['UPPER', 'LOWER'])}(k) WHERE n = ${chance.below(3)} ORDER BY RAND(${chance.below(1e9)}) LIMIT 4`],
        () => [`INSERT IGNORE INTO lettered (k, n, v) VALUES (${word(chance)}, ${chance.below(3)}, ${word(chance)})`],
        () => [`DELETE FROM lettered ORDER BY RAND(${chance.below(1e9)}) LIMIT 2`],
        () => [`UPDATE lettered SET v = ${orNull(chance, word(chance))} ORDER BY RAND(${chance.below(1e9)}) LIMIT 3`],
      ),
  },
]

/** Unique values that change places between rows, and go from a row that is deleted to one that is new. */
function swapping(name: string, more: string): BusyTable {
  return {
    name,
    create: [
      `CREATE TABLE ${name} (id INT AUTO_INCREMENT PRIMARY KEY, u INT NOT NULL UNIQUE, v INT${more})`,
      `INSERT INTO ${name} (id, u, v) SELECT seq, seq, 0 FROM seq_1_to_400`,
    ],
    change: (chance) => {
      const [one, other] = [chance.below(400), chance.below(400)]
      return oneOf(
        chance,
        () => [
          `UPDATE ${name} SET u = -1 WHERE u = ${one}`,
          `UPDATE ${name} SET u = ${one} WHERE u = ${other}`,
          `UPDATE ${name} SET u = ${other} WHERE u = -1`,
        ],
        () => [`UPDATE ${name} SET u = u + 1 WHERE u BETWEEN ${one} AND ${one + 30} AND u < 30000 ORDER BY u DESC`],
        () => [`DELETE FROM ${name} WHERE u = ${one}`, `INSERT IGNORE INTO ${name} (u, v) VALUES (${one}, 1)`],
        () => [`INSERT IGNORE INTO ${name} (u, v) VALUES (${chance.below(900)}, 2), (${chance.below(900)}, 3)`],
        () => [`DELETE FROM ${name} ORDER BY RAND(${chance.below(1e9)}) LIMIT 2`],
        () => [`UPDATE ${name} SET v = v + 1 WHERE id % 41 = ${chance.below(41)}`],
      )
    },
  }
}
