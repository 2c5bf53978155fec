import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project, tableIn } from '../project.ts'

const TABLE = 'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) COLLATE utf8mb4_bin, b INT NOT NULL UNIQUE)'
const ROWS = "INSERT INTO t VALUES (1, 'a', 1), (2, 'A', 2), (3, 'ä', 3), (4, 'a ', 4)"
const CHANGES = [
  'UPDATE t SET b = -1 WHERE id = 1',
  'UPDATE t SET b = 1 WHERE id = 2',
  'UPDATE t SET b = 2 WHERE id = 1',
  'DELETE FROM t WHERE id = 3',
  "INSERT INTO t VALUES (9, 'new', 3)",
]

type Existing = {
  /** The table that is at the target before the first run. */
  readonly there: string
  readonly rows?: string
  /** Where the run refuses: what it says. Else it keeps both in step. */
  readonly refusal?: RegExp
  /** What only the target knows afterwards: a query and its answer. */
  readonly kept?: readonly [sql: string, answer: unknown]
}

const EXISTING: Readonly<Record<string, Existing>> = {
  'other rows': { there: TABLE, rows: "(1, 'x', 2), (7, 'y', 1), (2, 'z', 7)" },
  'columns in another order': { there: 'CREATE TABLE t (b INT NOT NULL UNIQUE, a VARCHAR(20) COLLATE utf8mb4_bin, id INT PRIMARY KEY)', rows: "(2, 'x', 1)" },
  'a column less': { there: 'CREATE TABLE t (id INT PRIMARY KEY, b INT NOT NULL UNIQUE)', rows: '(1, 5), (2, 1)' },
  'a column more': {
    there: "CREATE TABLE t (id INT PRIMARY KEY, note VARCHAR(9) DEFAULT 'none', a VARCHAR(20) COLLATE utf8mb4_bin, b INT NOT NULL UNIQUE)",
    rows: "(1, 'mine', 'x', 2), (8, 'gone', 'x', 8)",
    kept: [
      'SELECT id, note FROM t ORDER BY id',
      [
        ['1', 'mine'],
        ['2', 'none'],
        ['4', 'none'],
        ['9', 'none'],
      ],
    ],
  },
  'an index more': { there: 'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) COLLATE utf8mb4_bin, b INT NOT NULL UNIQUE, KEY mine (a))' },
  'a unique index more, which the rows break': {
    there: 'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) COLLATE utf8mb4_bin, b INT NOT NULL UNIQUE, UNIQUE mine (a(1)))',
  },
  'another collation': { there: 'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) COLLATE utf8mb4_general_ci, b INT NOT NULL UNIQUE)' },
  'another character set': { there: 'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) CHARACTER SET latin1, b INT NOT NULL UNIQUE)' },
  'a narrower column': { there: 'CREATE TABLE t (id SMALLINT PRIMARY KEY, a VARCHAR(19) COLLATE utf8mb4_bin, b INT NOT NULL UNIQUE)' },
  'another key': { there: 'CREATE TABLE t (id INT, a VARCHAR(20) COLLATE utf8mb4_bin, b INT NOT NULL UNIQUE)' },
  'a trigger': { there: `${TABLE}; CREATE TRIGGER fires BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 'bent'`, refusal: /has triggers at the target \(fires\)/ },
}

const cases = Object.entries(EXISTING)

test.each(cases.filter(([, { refusal }]) => refusal !== undefined))('a table that is at the target already, with %s, is refused', async (_, existing) => {
  await using work = await withCopy(existing)
  const rows = async () => await work.target.server.query(`SELECT * FROM ${work.target.database}.t ORDER BY id`)
  const before = await rows()
  for (const args of [[], ['--full']]) {
    const outcome = await work.dbsync('run', ...args)
    expect(outcome.code, said(outcome)).toBe(1)
    expect(outcome.stdout + outcome.stderr).toMatch(existing.refusal as RegExp)
    expect(await rows()).toEqual(before)
  }
})

test.each(cases.filter(([, { refusal }]) => refusal === undefined))('a table that is at the target already, with %s', async (_, existing) => {
  await using work = await withCopy(existing)
  const { source, target } = work
  const rows = async ({ server, database }: typeof source) => await server.query(`SELECT id, HEX(a), b FROM ${database}.t ORDER BY id`)
  await work.sync()
  expect(await rows(target)).toEqual(await rows(source))
  for (const sql of CHANGES) await work.at.query(sql)
  await work.sync()
  expect(await rows(target)).toEqual(await rows(source))
  expect(tableIn(await work.sync(), 't').outcome).toBe('unchanged')
  await work.sync('--full')
  expect(await rows(target)).toEqual(await rows(source))
  const [question, answer] = existing.kept ?? ['SELECT 1', [['1']]]
  const copy = await target.server.connect({ database: target.database, rowsAsArray: true })
  const [kept] = await copy.query(question)
  copy.destroy()
  expect((kept as unknown[][]).map((row) => row.map(String))).toEqual(answer)
})

/** A source with rows, and the table as it is at the target before the first run. */
async function withCopy({ there, rows }: Existing): Promise<Project> {
  const work = await project({ config: { sync_settings: { allow: ['unknown-rows'] } } })
  await work.at.query(TABLE)
  await work.at.query(ROWS)
  await work.target.server.query(`CREATE DATABASE ${work.target.database} CHARACTER SET latin1`)
  const copy = await work.target.server.connect({ database: work.target.database, multipleStatements: true })
  await copy.query(there)
  if (rows !== undefined) await copy.query(`INSERT INTO t VALUES ${rows}`)
  copy.destroy()
  return work
}
