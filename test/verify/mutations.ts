import { quote, type ServerClient } from '@dbsync/testkit'
import type { Connection, RowDataPacket } from 'mysql2/promise'

/** One of everything that a comparison may overlook. */
export const TABLES = [
  `CREATE TABLE keyed (
    id BIGINT PRIMARY KEY, n INT NULL, big BIGINT UNSIGNED NOT NULL, s VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
    a VARCHAR(20) NOT NULL, z VARCHAR(20) NOT NULL, p VARCHAR(20) NULL, q VARCHAR(20) NULL, l VARCHAR(40) CHARACTER SET latin1 NOT NULL, c CHAR(10) NOT NULL,
    t TEXT NULL, b VARBINARY(40) NOT NULL, bl BLOB NULL, f FLOAT NOT NULL, d DOUBLE NOT NULL, m DECIMAL(30,10) NOT NULL, dt DATETIME(6) NOT NULL,
    ts TIMESTAMP(6) NOT NULL DEFAULT '2020-01-01 00:00:00', da DATE NULL, ti TIME(6) NOT NULL, bits BIT(64) NOT NULL, flag BIT(1) NOT NULL, j JSON NOT NULL, g POINT NOT NULL,
    e ENUM('x','X y','') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, st SET('r','w','e') NOT NULL
  ) ENGINE=InnoDB CHARSET=utf8mb4`,
  'CREATE TABLE keyless (a INT NULL, s VARCHAR(40) NULL) ENGINE=InnoDB CHARSET=utf8mb4',
] as const

/** The same rows wherever this runs: half of what may be NULL is. */
export const FILL = (rows: number): readonly string[] => [
  `INSERT INTO keyed SELECT seq, IF(seq % 2, seq, NULL), 18446744073709551615 - seq, IF(seq % 3 = 0, NULL, IF(seq % 3 = 1, '', CONCAT('Caf', CHAR(195, 169 USING utf8mb4), seq))),
    CONCAT('a,', seq), CONCAT(',', seq), IF(seq % 2, 'same', NULL), IF(seq % 2, NULL, 'same'), CONCAT('l', CHAR(233 USING latin1), seq), CONCAT('c', seq % 1000),
    IF(seq % 5 = 0, NULL, REPEAT(CONCAT('text ', seq, ' '), seq % 40)), UNHEX(SHA1(seq)), IF(seq % 4 = 0, NULL, UNHEX(SHA2(seq, 512))), seq / 7, seq / 11, seq / 3,
    '2024-01-01' + INTERVAL seq SECOND + INTERVAL seq MICROSECOND, '2021-05-05 01:02:03.000004' + INTERVAL seq MINUTE, IF(seq % 2, NULL, '2024-03-10' + INTERVAL seq % 900 DAY),
    SEC_TO_TIME(seq % 80000 + 0.000001), seq * 7919, b'1', CONCAT('{"k": ', seq, ', "v": 1.10, "n": null}'), POINT(seq, seq / 3), IF(seq % 2, 'x', 'X y'), IF(seq % 2, 'r,w', 'e')
    FROM seq_1_to_${rows}`,
  `INSERT INTO keyless SELECT IF(seq % 10 = 0, NULL, seq % 500), IF(seq % 7 = 0, NULL, CONCAT('row ', seq % 500)) FROM seq_1_to_${Math.ceil(rows / 10)}`,
]

export type Random = (below: number) => number

export function random(seed: number): Random {
  let state = (seed % 2_147_483_646) + 1
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

/** What was done to the copy, and what a verification has to say of it. */
export type Mutation = {
  readonly name: string
  readonly table: 'keyed' | 'keyless'
  readonly kind: 'missing' | 'extra' | 'changed'
  /** The column that differs. */
  readonly column?: string
  /** Rows with this property alone. */
  readonly where?: string
  /** SQL, with `?` for the id; of a table without a key it takes none. */
  readonly sql: (row: RowDataPacket, pick: Random) => string
}

const set = (name: string, column: string, value: (row: RowDataPacket, pick: Random) => string, where?: string): Mutation => ({
  name,
  table: 'keyed',
  kind: 'changed',
  column,
  sql: (row, pick) => `UPDATE keyed SET ${column} = ${value(row, pick)}, ts = ts WHERE id = ?`,
  ...(where === undefined ? {} : { where }),
})

const flipped = (bytes: Buffer, pick: Random): string => {
  const copy = Buffer.from(bytes)
  const at = pick(copy.length * 8)
  copy[at >> 3] = (copy[at >> 3] as number) ^ (1 << (at & 7))
  return `X'${copy.toString('hex')}'`
}

const nextDouble = (value: number): number => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  view.setBigInt64(0, view.getBigInt64(0) + 1n)
  return view.getFloat64(0)
}

const nextFloat = (value: number): number => {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  view.setInt32(0, view.getInt32(0) + 1)
  return view.getFloat32(0)
}

export const MUTATIONS: readonly Mutation[] = [
  set('one bit of a VARBINARY', 'b', (row, pick) => flipped(row.b as Buffer, pick)),
  set('one bit of a BLOB', 'bl', (row, pick) => flipped(row.bl as Buffer, pick), 'bl IS NOT NULL'),
  set('one more zero byte', 'b', () => "CONCAT(b, X'00')"),
  set('a trailing space', 's', () => "CONCAT(s, ' ')", 's IS NOT NULL'),
  set('upper case', 's', () => 'UPPER(s)', "s LIKE 'Caf%'"),
  set('an accent', 's', () => "REPLACE(s, 'é', 'e')", "s LIKE 'Caf%'"),
  set('NULL to an empty text', 's', () => "''", 's IS NULL'),
  set('an empty text to NULL', 's', () => 'NULL', "s = ''"),
  set("the text 'NULL'", 's', () => "'NULL'", 's IS NULL'),
  set('NULL to 0', 'n', () => '0', 'n IS NULL'),
  set('a number', 'n', () => 'n + 1', 'n IS NOT NULL'),
  set('the last digit of a BIGINT UNSIGNED', 'big', () => 'big - 1'),
  set('a line end in a TEXT', 't', () => "CONCAT(t, '\\n')", 't IS NOT NULL'),
  set('a character of latin1', 'l', () => "CONCAT('l', CHAR(232 USING latin1), SUBSTR(l, 3))"),
  set('a CHAR', 'c', () => "CONCAT('C', SUBSTR(c, 2))"),
  set('the last digit of a FLOAT', 'f', (row) => String(nextFloat(Math.fround(row.f as number)))),
  set('the last digit of a DOUBLE', 'd', (row) => `${nextDouble(row.d as number)}e0`),
  set('the last digit of a DECIMAL', 'm', () => 'm + 0.0000000001'),
  set('a microsecond of a DATETIME', 'dt', () => 'dt + INTERVAL 1 MICROSECOND'),
  { ...set('a microsecond of a TIMESTAMP', 'ts', () => ''), sql: () => 'UPDATE keyed SET ts = ts + INTERVAL 1 MICROSECOND WHERE id = ?' },
  set('a microsecond of a TIME', 'ti', () => 'ADDTIME(ti, 0.000001)'),
  set('a zero date for NULL', 'da', () => "'0000-00-00'", 'da IS NULL'),
  set('a month that is zero', 'da', () => "'2024-00-10'", 'da IS NOT NULL'),
  set('one bit of a BIT(64)', 'bits', (_, pick) => `bits ^ (1 << ${pick(64)})`),
  set('a BIT(1)', 'flag', () => "b'0'"),
  set('a space in JSON', 'j', () => "REPLACE(j, ': ', ':')"),
  set('the order of keys in JSON', 'j', () => `CONCAT('{"v": 1.10, "k": ', id, ', "n": null}')`),
  set('a number in JSON', 'j', () => "REPLACE(j, '1.10', '1.1')"),
  set('a SRID', 'g', () => 'ST_GeomFromText(ST_AsText(g), 4326)'),
  set('an ENUM', 'e', () => "IF(e = 'x', 'X y', 'x')"),
  set('an ENUM that became the empty member', 'e', () => "''"),
  set('a SET', 'st', () => "IF(st = 'e', 'r,e', 'r')"),
  {
    ...set('a text that moved over the border of two columns', 'a', () => ''),
    sql: () => 'UPDATE keyed SET a = LEFT(a, 1), z = CONCAT(SUBSTR(a, 2), z), ts = ts WHERE id = ?',
  },
  {
    ...set('NULL that moved to another column', 'p', () => ''),
    sql: () => "UPDATE keyed SET p = IF(p IS NULL, 'same', NULL), q = IF(q IS NULL, 'same', NULL), ts = ts WHERE id = ?",
  },
  { name: 'a lost row', table: 'keyed', kind: 'missing', sql: () => 'DELETE FROM keyed WHERE id = ?' },
  {
    name: 'a row too many',
    table: 'keyed',
    kind: 'extra',
    sql: () => 'INSERT INTO keyed SELECT -id, n, big, s, a, z, p, q, l, c, t, b, bl, f, d, m, dt, ts, da, ti, bits, flag, j, g, e, st FROM keyed WHERE id = ?',
  },
  { name: 'a lost duplicate', table: 'keyless', kind: 'missing', sql: () => "DELETE FROM keyless WHERE a = 3 AND s = 'row 3' LIMIT 1" },
  { name: 'two lost duplicates', table: 'keyless', kind: 'missing', sql: () => "DELETE FROM keyless WHERE a = 4 AND s = 'row 4' LIMIT 2" },
  { name: 'a duplicate too many', table: 'keyless', kind: 'extra', sql: () => "INSERT INTO keyless VALUES (NULL, 'row 10')" },
  { name: 'two equal rows too many', table: 'keyless', kind: 'extra', sql: () => "INSERT INTO keyless VALUES (1, ''), (1, '')" },
]

/** The copy, which is changed and put right again from a pristine one beside it. */
export interface Copy {
  mutate(mutation: Mutation, pick: Random): Promise<{ readonly id: string | undefined }>
  restore(mutation: Mutation, id: string | undefined): Promise<void>
}

export async function makeCopy(target: ServerClient, connection: Connection, database: string, rows: number): Promise<Copy> {
  const pristine = `${quote(`${database}_pristine`)}`
  await connection.query("SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'")
  await target.query(`CREATE DATABASE ${pristine}`)
  for (const table of ['keyed', 'keyless']) await connection.query(`CREATE TABLE ${pristine}.${table} AS SELECT * FROM ${table}`)
  await connection.query(`ALTER TABLE ${pristine}.keyed ADD PRIMARY KEY (id)`)
  return {
    async mutate({ table, where = 'TRUE', sql, kind }, pick) {
      if (table === 'keyless') {
        await connection.query(sql({} as RowDataPacket, pick))
        return { id: undefined }
      }
      const from = 1 + pick(rows)
      const [found] = await connection.query<RowDataPacket[]>(
        `(SELECT * FROM keyed WHERE id >= ${from} AND ${where} LIMIT 1) UNION ALL (SELECT * FROM keyed WHERE ${where} LIMIT 1)`,
      )
      const [row] = found
      if (row === undefined) throw new Error(`no row where ${where}`)
      const [result] = await connection.query(sql(row, pick), [row.id])
      if ((result as { affectedRows: number }).affectedRows !== 1) throw new Error(`nothing was changed in row ${row.id}`)
      return { id: kind === 'extra' ? `-${row.id}` : String(row.id) }
    },
    async restore({ table }, id) {
      if (table === 'keyless') {
        await connection.query('DELETE FROM keyless')
        await connection.query(`INSERT INTO keyless SELECT * FROM ${pristine}.keyless`)
        return
      }
      await connection.query('DELETE FROM keyed WHERE id = ?', [id])
      await connection.query(`INSERT INTO keyed SELECT * FROM ${pristine}.keyed WHERE id = ?`, [id])
    },
  }
}
