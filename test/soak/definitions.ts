import { quote } from '@dbsync/testkit'
import type { Connection } from 'mysql2/promise'
import type { Chance } from '../corpus/random.ts'

const TYPES = [
  ...['INT', 'BIGINT', 'TINYINT', 'VARCHAR(30)', 'VARCHAR(3)', 'CHAR(5)', 'TEXT', 'DECIMAL(10,3)', 'DECIMAL(4,1)', 'DOUBLE', 'FLOAT', "ENUM('1','2','3')"],
  ...["ENUM('3','1','2','4')", "SET('1','2')", 'VARCHAR(20) CHARACTER SET latin1', 'VARBINARY(9)', 'BLOB'],
]

/** Tables that come and go with definitions; what the writers know stays, but for columns that are added to it. */
const MORE = ['more_1', 'more_2', 'more_3']
const GROWING = ['stamped', 'keyed', 'heap', 'parent', 'child', 'remark', 'swapping', 'swapping_at', 'wide', 'traced', 'lettered', ...MORE]

/** One change of a definition at the source, with the rows that go with it. Columns and keys that come and go begin with `x_`. */
export async function definitionChange(at: Connection, database: string, chance: Chance): Promise<readonly string[]> {
  const table = chance.pick(GROWING)
  const columns = await namesOf(at, 'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = ? AND table_name = ?', database, table)
  if (columns.length === 0) return createMore(chance.pick(MORE), chance)
  const own = columns.filter((name) => name.startsWith('x_'))
  const keys = await namesOf(
    at,
    "SELECT DISTINCT index_name AS name FROM information_schema.statistics WHERE table_schema = ? AND table_name = ? AND index_name LIKE 'x\\_%'",
    database,
    table,
  )
  const fresh = `x_${1 + chance.below(6)}`
  const fill = (column: string) => `UPDATE ${table} SET ${column} = ${1 + chance.below(3)} ORDER BY RAND(${chance.below(1e9)}) LIMIT ${chance.below(60)}`
  const place = () => chance.pick(['', ' FIRST', ` AFTER ${quote(chance.pick(columns))}`])
  const type = () => `${chance.pick(TYPES)}${chance.pick(['', '', ' NOT NULL', ' DEFAULT 1', " COMMENT 'it''s'"])}`
  const alter = (what: string) => `ALTER TABLE ${table} ${what}`

  const kind = chance.below(own.length === 0 ? 4 : 12)
  if (kind <= 2) return own.length > 4 ? [alter(`DROP COLUMN ${own[0]}`)] : [alter(`ADD COLUMN ${fresh} ${type()}${place()}`), fill(fresh)]
  if (kind === 3) return otherChange(table, chance)
  const column = chance.pick(own)
  if (kind <= 5) return [alter(`DROP COLUMN ${column}`)]
  if (kind <= 7) return [alter(`MODIFY COLUMN ${column} ${type()}${place()}`), fill(column)]
  if (kind === 8) return [alter(`RENAME COLUMN ${column} TO ${fresh}`)]
  if (kind === 9 && keys.length > 0) return [alter(`DROP KEY ${keys[0]}`)]
  if (kind === 10) return [alter(`ADD UNIQUE KEY x_u${chance.below(9)} (${column})`)]
  return [alter(`ADD KEY x_k${chance.below(9)} (${column})`)]
}

function createMore(name: string, chance: Chance): readonly string[] {
  const foreign = chance.below(3) === 0 ? `, CONSTRAINT ${name}_parent FOREIGN KEY (p) REFERENCES parent (id) ON DELETE SET NULL` : ''
  const id = chance.pick(['id INT PRIMARY KEY', 'id INT AUTO_INCREMENT PRIMARY KEY', 'id INT', 'id VARCHAR(20) PRIMARY KEY'])
  const at = chance.pick(['', ', updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6)'])
  return [
    `CREATE TABLE ${name} (${id}, p INT, t TEXT${at}${foreign})${chance.pick(['', ' DEFAULT CHARSET latin1', " COMMENT 'more'"])}`,
    `INSERT INTO ${name} (id, t) SELECT seq, MD5(seq) FROM seq_1_to_${1 + chance.below(400)}`,
  ]
}

function otherChange(table: string, chance: Chance): readonly string[] {
  const more = chance.pick(MORE)
  const [one, other] = [chance.pick(MORE), chance.pick(MORE)]
  return chance.pick([
    [`ALTER TABLE ${table} COMMENT 'c${chance.below(100)}'`],
    [`ALTER TABLE ${table} ROW_FORMAT=${chance.pick(['COMPACT', 'DYNAMIC', 'DEFAULT'])}`],
    [`DROP TABLE ${more}`],
    [`DROP TABLE ${more}`, ...createMore(more, chance)],
    [`TRUNCATE ${more}`],
    [`RENAME TABLE ${one} TO ${other}`],
    [`ALTER TABLE ${more} CONVERT TO CHARACTER SET utf8mb4`],
    [`ALTER TABLE ${more} DROP PRIMARY KEY`],
    [`ALTER TABLE ${more} ADD PRIMARY KEY (id)`],
    ['CREATE OR REPLACE VIEW tracing AS SELECT id, v FROM traced'],
    ['CREATE OR REPLACE VIEW tracing AS SELECT id, v + 1 AS v FROM traced'],
    ['DROP TRIGGER IF EXISTS traced_gone', "CREATE TRIGGER traced_gone AFTER DELETE ON traced FOR EACH ROW INSERT INTO trace VALUES (NOW(6), 'away', OLD.id)"],
  ])
}

async function namesOf(at: Connection, sql: string, ...values: readonly string[]): Promise<readonly string[]> {
  const [rows] = await at.query(sql, [...values])
  return (rows as { readonly name: string }[]).map(({ name }) => name)
}
