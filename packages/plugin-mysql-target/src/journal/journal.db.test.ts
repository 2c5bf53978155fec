import { setTimeout as sleep } from 'node:timers/promises'
import { type BackupPoint, FINGERPRINT_COLUMNS, type Journal, packRows, type RestoreTable } from '@dbsync/core/plugin'
import { rowHash } from '@dbsync/mysql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type JournalRig, journalRig } from './journal-rig.ts'

let j: JournalRig
const never = new AbortController().signal
beforeAll(async () => {
  j = await journalRig("odd `'x")
})
afterAll(() => j[Symbol.asyncDispose]())

/** Both ends get the table; the source changes; a journalled merge; back. */
type Case = {
  readonly table: string
  readonly create: string
  readonly rows: string
  readonly changes: readonly string[]
  readonly upserts?: string
  readonly deletes?: string
  /** At the target alone, before the run. */
  readonly own?: readonly string[]
}

const CASES: readonly Case[] = [
  {
    table: 'plain',
    create: 'CREATE TABLE plain (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(9), u INT AS (LENGTH(v) + 1) STORED)',
    rows: "INSERT INTO plain (id, v) SELECT seq, IF(seq % 3, 'x', NULL) FROM seq_1_to_2000",
    changes: ["UPDATE plain SET v = 'X' WHERE id < 50", 'DELETE FROM plain WHERE id > 1950', "INSERT INTO plain (id, v) VALUES (9001, 'n'), (9002, NULL)"],
    upserts: 'id < 60 OR id > 9000',
    deletes: 'id > 1950',
  },
  {
    table: 'deletes alone',
    create: 'CREATE TABLE `deletes alone` (id INT PRIMARY KEY, u INT UNIQUE)',
    rows: 'INSERT INTO `deletes alone` SELECT seq, seq FROM seq_1_to_100',
    changes: ['DELETE FROM `deletes alone` WHERE id > 50'],
    deletes: 'id > 50',
  },
  {
    table: 'swap',
    create: 'CREATE TABLE swap (id INT PRIMARY KEY, a VARCHAR(9) UNIQUE, b INT UNIQUE)',
    rows: "INSERT INTO swap VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, 'd', 4), (5, 'e', 5)",
    changes: [
      'DELETE FROM swap WHERE id = 5',
      'UPDATE swap SET a = NULL, b = NULL',
      "UPDATE swap SET a = 'b', b = 2 WHERE id = 1",
      "UPDATE swap SET a = 'a', b = 3 WHERE id = 2",
      "UPDATE swap SET a = 'e', b = 1 WHERE id = 3",
      "UPDATE swap SET a = 'd', b = 4 WHERE id = 4",
      "INSERT INTO swap VALUES (6, 'c', 5)",
    ],
    upserts: 'TRUE',
    deletes: 'id = 5',
  },
  {
    table: 'letters',
    create: 'CREATE TABLE letters (k VARCHAR(9) COLLATE utf8mb4_general_ci, k2 INT, v INT, PRIMARY KEY (k2, k))',
    rows: "INSERT INTO letters VALUES ('abc', 1, 1), ('Def', 1, 2), ('ghi', 2, 3)",
    changes: [
      "UPDATE letters SET k = 'ABC' WHERE k = 'abc'",
      "UPDATE letters SET k = 'dEF', v = 9 WHERE k = 'def'",
      "DELETE FROM letters WHERE k = 'ghi'",
      "INSERT INTO letters VALUES ('GHI', 2, 3)",
    ],
    upserts: 'TRUE',
    deletes: "k IN ('abc', 'ghi')",
  },
  {
    table: 'kept',
    create: 'CREATE TABLE kept (id INT PRIMARY KEY, v INT, touched TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)',
    rows: "INSERT INTO kept SELECT seq, seq, '2020-01-01' FROM seq_1_to_20",
    own: [
      'ALTER TABLE kept ADD COLUMN note VARCHAR(20) FIRST, ADD COLUMN seen TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP',
      "UPDATE kept SET note = CONCAT('mine ', id), touched = touched, seen = '2021-01-01' WHERE id < 9",
    ],
    changes: ['UPDATE kept SET v = v + 100 WHERE id % 2', 'DELETE FROM kept WHERE id = 4', "INSERT INTO kept VALUES (30, 1, '2022-01-01')"],
    upserts: 'id % 2 OR id = 30',
    deletes: 'id = 4',
  },
  {
    table: 'kept and unique',
    create: 'CREATE TABLE `kept and unique` (id INT PRIMARY KEY, v INT UNIQUE)',
    rows: 'INSERT INTO `kept and unique` SELECT seq, seq FROM seq_1_to_20',
    own: ["ALTER TABLE `kept and unique` ADD COLUMN k0 VARCHAR(20) DEFAULT 'mine' FIRST"],
    changes: ['UPDATE `kept and unique` SET v = v + 1 ORDER BY v DESC', 'DELETE FROM `kept and unique` WHERE id = 4'],
    upserts: 'TRUE',
    deletes: 'id = 4',
  },
  {
    table: 'values',
    create: `CREATE TABLE \`values\` (k VARBINARY(9) PRIMARY KEY, f FLOAT, d DOUBLE, n DECIMAL(30,10), t TEXT, u VARCHAR(40), l VARCHAR(40) CHARACTER SET latin1, g VARCHAR(20) CHARACTER SET gbk, b LONGBLOB,
      bits BIT(9), e ENUM('a','','c,d'), s SET('x','y'), j JSON, y YEAR, da DATE, ti TIME(6), dt DATETIME(6), ts TIMESTAMP(6) NULL, p POINT, z INT(9) UNSIGNED ZEROFILL, ip INET6, id UUID, c CHAR(9) CHARACTER SET utf16)`,
    rows: `INSERT INTO \`values\` VALUES
      (X'00FF5C0A', 16777217, 0.1, 12345678901234567890.0123456789, 'tab\\t\\\\N\\n\\0', '😀 é ', X'E9FF', '汉', X'00095C0A1A27', b'101010101', 'c,d', 'x,y', '{"a": [1 ]}', 2000, '0000-00-00', '-838:59:59.999999', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01.000001', POINT(1, 2), 7, '::1', '123e4567-e89b-12d3-a456-426655440000', '😀'),
      (X'01', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
      (X'02', 1e-38, 1.7976931348623157e308, -1, '', '', '', '', '', b'0', 'a', '', '[]', 1901, '2020-02-30', '0', '2020-00-00', NULL, NULL, 0, '::', NULL, '')`,
    changes: [
      "UPDATE `values` SET f = 1, d = 2, n = 3, t = 'x', u = 'x', l = 'x', g = 'x', b = 'x', bits = b'1', e = 'a', s = 'x', j = '1', y = 1999, da = '2020-01-01', ti = '1', dt = '2020-01-01', ts = '2020-01-01', p = POINT(0, 0), z = 1, ip = '::2', c = 'x'",
      "DELETE FROM `values` WHERE k = X'01'",
      "INSERT INTO `values` (k) VALUES (X'0A'), (''), ('\\\\')",
    ],
    upserts: 'TRUE',
    deletes: "k = X'01'",
  },
  {
    table: '../`__proto__`\n"',
    create: 'CREATE TABLE `../``__proto__``\n"` (`__proto__` INT, `a``b` VARCHAR(9), `k0` INT, `_dbsync_k` INT UNIQUE, PRIMARY KEY (`__proto__`, `a``b`))',
    rows: "INSERT INTO `../``__proto__``\n\"` SELECT seq, CONCAT('é', seq), seq, seq FROM seq_1_to_9",
    changes: ['UPDATE `../``__proto__``\n"` SET `k0` = 0', 'DELETE FROM `../``__proto__``\n"` WHERE `k0` = 0 AND `_dbsync_k` > 7'],
    upserts: 'TRUE',
    deletes: '`_dbsync_k` > 7',
  },
  {
    table: 'untransacted',
    create: 'CREATE TABLE untransacted (id INT PRIMARY KEY, v INT) ENGINE=MyISAM',
    rows: 'INSERT INTO untransacted SELECT seq, seq FROM seq_1_to_50',
    changes: ['UPDATE untransacted SET v = -v WHERE id < 20', 'DELETE FROM untransacted WHERE id > 40'],
    upserts: 'id < 20',
    deletes: 'id > 40',
  },
]

test.each(CASES)('$table: what a run changed is put back byte for byte', async ({ table, create, rows, changes, upserts, deletes, own = [] }) => {
  const { rig: r } = j
  await r.at('source', create, rows)
  await r.replace(table)
  if (own.length > 0) await r.at('target', ...own)
  await j.remember('before', [table])
  await r.at('source', ...changes)
  await using journal = await j.journal()
  await r.merge(table, { ...(upserts === undefined ? {} : { upserts }), ...(deletes === undefined ? {} : { deletes }) }, journal)
  const point = await journal.finish()
  expect(point).toMatchObject({ kind: 'journal', manifest: { tables: [{ name: table }] } })
  await j.expectBack(journal.name, 'before')
  expect(await j.backups.check(found(point), { restore: false, signal: never })).toMatchObject({ verdict: 'intact', findings: [] })
})

const found = (point: BackupPoint | undefined): BackupPoint => {
  if (point === undefined) throw new Error('no point')
  return point
}

/** Makes a keyless table at the target equal to the source's, as a comparison by hash would. */
async function mergeByHash(table: string, journal: Journal): Promise<void> {
  const { rig: r } = j
  const work = await r.work(table, 'merge')
  const hash = rowHash(work.schema)
  const counts = async (end: 'source' | 'server') => {
    const rows = await r[end].query(`SELECT ${hash} AS h, COUNT(*) AS n FROM \`${r.database.replaceAll('`', '``')}\`.\`${table}\` GROUP BY 1`)
    return new Map(rows.map(({ h, n }) => [String(h), Number(n)]))
  }
  const [theirs, ours] = [await counts('source'), await counts('server')]
  const ref = work.schema.table
  await using writer = await r.target.open(work, never, journal)
  const gone = [...ours].filter(([h, n]) => n > (theirs.get(h) ?? 0)).map(([h]) => h)
  if (gone.length > 0)
    await writer.write({
      table: ref,
      deletes: packRows(
        FINGERPRINT_COLUMNS.slice(0, 1),
        gone.map((h) => [h]),
      ),
    })
  for (const [h, n] of theirs) {
    const copies = gone.includes(h) ? n : n - (ours.get(h) ?? 0)
    for (let copy = 0; copy < copies; copy++) for await (const upserts of r.rows(table, `${hash} = ${h} LIMIT 1`)) await writer.write({ table: ref, upserts })
  }
  await writer.commit()
}

test('a table without a key gets its duplicates back', async () => {
  const { rig: r } = j
  await r.at(
    'source',
    'CREATE TABLE bare (a INT, b VARCHAR(9) COLLATE utf8mb4_general_ci, c FLOAT)',
    "INSERT INTO bare VALUES (1, 'x', 0.1), (1, 'x', 0.1), (1, 'x', 0.1), (1, 'X', 0.1), (2, NULL, NULL), (3, 'y', 1), (3, 'y', 1)",
  )
  await r.replace('bare')
  await j.remember('before')
  await r.at(
    'source',
    "DELETE FROM bare WHERE b = 'x' COLLATE utf8mb4_bin LIMIT 2",
    'DELETE FROM bare WHERE a = 2',
    "INSERT INTO bare VALUES (3, 'y', 1), (4, 'new', 2), (4, 'new', 2)",
  )
  await using journal = await j.journal()
  await mergeByHash('bare', journal)
  expect(await r.cells('target', 'bare')).toEqual(await r.cells('source', 'bare'))
  await j.expectBack(journal.name, 'before')
  await r.at('target', 'ALTER TABLE bare ADD COLUMN mine INT DEFAULT 5')
  await j.remember('altered', ['bare'])
  await r.at('source', 'DELETE FROM bare WHERE a = 4')
  await journal.finish()
  await using later = await j.journal()
  await mergeByHash('bare', later)
  await j.expectBack(later.name, 'altered')
})

test('several runs are undone one after the other, and a table that was altered or copied in full between them too', async () => {
  const { rig: r } = j
  await r.at(
    'source',
    'CREATE TABLE steps (id INT PRIMARY KEY, v INT UNIQUE)',
    'INSERT INTO steps SELECT seq, seq FROM seq_1_to_100',
    'CREATE TABLE late (id INT PRIMARY KEY)',
    'INSERT INTO late VALUES (1)',
  )
  await r.replace('steps')
  const names: string[] = []
  const step = async (work: (journal: Journal) => Promise<unknown>) => {
    await j.remember(`s${names.length}`, ['steps', 'late'])
    await using journal = await j.journal()
    await work(journal)
    names.push(journal.name)
    // A run that was killed does not finish its journal.
    if (names.length !== 2) await journal.finish()
  }
  await step(async (journal) => {
    await r.at('source', 'UPDATE steps SET v = v + 1 WHERE id > 50 ORDER BY id DESC')
    await r.merge('steps', { upserts: 'TRUE' }, journal)
    await r.replace('late', journal)
  })
  await step(async (journal) => {
    await r.at('source', 'DELETE FROM steps WHERE id < 10', 'INSERT INTO late VALUES (2)')
    await r.merge('steps', { deletes: 'id < 10' }, journal)
    await r.at('source', 'INSERT INTO steps VALUES (200, 200)')
    await r.merge('steps', { upserts: 'id = 200' }, journal)
    await r.merge('late', { upserts: 'id = 2' }, journal)
  })
  await step(async (journal) => {
    const table = { database: r.database, name: 'steps' }
    await r.at('source', 'ALTER TABLE steps ADD COLUMN w INT DEFAULT 7')
    await journal.keep(table, never)
    await r.at('target', 'ALTER TABLE steps ADD COLUMN w INT DEFAULT 7')
    await r.merge('steps', { upserts: 'id < 40' }, journal)
  })
  await step(async (journal) => {
    await r.at('source', 'UPDATE steps SET w = id')
    await r.merge('steps', { upserts: 'id > 30' }, journal)
    await r.replace('steps', journal)
  })
  for (const [i, name] of names.entries()) await j.expectBack(name, `s${i}`)
  const points = await j.points()
  expect(points.find(({ name }) => name === names[1])).toMatchObject({ unfinished: true, path: expect.stringContaining('.unfinished') })
  expect(points.find(({ name }) => name === names[0])?.manifest?.tables.map(({ name, absent }) => [name, absent])).toEqual([
    ['steps', undefined],
    ['late', true],
  ])
})

test('a transaction that is tried again is undone once', async () => {
  const { rig: r } = j
  await r.at('source', 'CREATE TABLE busy (id INT PRIMARY KEY, v INT)', 'INSERT INTO busy SELECT seq, 0 FROM seq_1_to_50')
  await r.replace('busy')
  await r.at('source', 'UPDATE busy SET v = 1')
  const other = await r.server.connect({ database: r.database })
  await other.query('START TRANSACTION')
  await other.query('INSERT INTO busy SELECT seq, 0 FROM seq_1000_to_1200')
  await other.query('UPDATE busy SET v = 5 WHERE id = 40')
  await using journal = await j.journal()
  const merging = r.merge('busy', { upserts: 'TRUE' }, journal)
  await sleep(300)
  // Waits for the merge, which waits for us: a deadlock, and ours is the larger transaction.
  await other.query('UPDATE busy SET v = 5 WHERE id = 1')
  await other.query('COMMIT')
  await other.end()
  await merging
  expect((await r.cells('target', 'busy')).filter((row) => row.endsWith('|31'))).toHaveLength(50)
  await r.at(
    'target',
    'CREATE TABLE wanted LIKE busy',
    'INSERT INTO wanted SELECT id, IF(id IN (1, 40), 5, 0) FROM busy',
    'DROP TABLE busy',
    'RENAME TABLE wanted TO busy',
  )
  await j.remember('before', ['busy'])
  await r.at('target', 'UPDATE busy SET v = 1 WHERE id <= 50')
  await j.expectBack(journal.name, 'before')
})

test('a transaction that was rolled back is not undone', async () => {
  const { rig: r } = j
  await r.at('source', 'CREATE TABLE clash (id INT PRIMARY KEY, a VARCHAR(9) UNIQUE)', "INSERT INTO clash VALUES (1, 'a'), (2, 'b'), (3, 'c')")
  await r.replace('clash')
  await r.at('source', "UPDATE clash SET a = 'z' WHERE id = 1", "UPDATE clash SET a = 'a' WHERE id = 3")
  await using journal = await j.journal()
  await expect(r.merge('clash', { upserts: 'id = 3' }, journal)).rejects.toMatchObject({ code: 'MYSQL_UNIQUE_CLASH' })
  await r.at('target', "UPDATE clash SET a = 'mine' WHERE id = 3")
  await j.remember('before', ['clash'])
  await r.merge('clash', { upserts: 'TRUE' }, journal)
  await j.expectBack(journal.name, 'before')
})

test('rows that somebody else has changed since are not overwritten, and others stay', async () => {
  const { rig: r } = j
  await r.at('source', 'CREATE TABLE shared (id INT PRIMARY KEY, v INT)', 'INSERT INTO shared SELECT seq, 0 FROM seq_1_to_50')
  await r.replace('shared')
  await r.at('source', 'UPDATE shared SET v = 1 WHERE id < 10', 'INSERT INTO shared VALUES (100, 1)')
  await using journal = await j.journal()
  await r.merge('shared', { upserts: 'v = 1' }, journal)
  await journal.finish()
  await r.at('target', 'UPDATE shared SET v = 0 WHERE id < 10', 'DELETE FROM shared WHERE id = 100', 'UPDATE shared SET v = 9 WHERE id = 20')
  await j.remember('before', ['shared'])
  await j.expectBack(journal.name, 'before')
  await r.at('target', 'INSERT INTO shared VALUES (100, 2)')
  await expect(j.expectBack(journal.name, 'before')).rejects.toMatchObject({ code: 'JOURNAL_ROWS_CHANGED', kind: 'refused' })
  await j.expectBack(journal.name, 'before', { overwrite: true })
  await r.at('target', 'ALTER TABLE shared MODIFY v BIGINT')
  await expect(j.expectBack(journal.name, 'before', { overwrite: true })).rejects.toMatchObject({
    code: 'JOURNAL_ROWS_CHANGED',
    message: expect.stringContaining('altered'),
  })
})

test('a value that could not be put back as it is stops the run', async () => {
  const { rig: r } = j
  await r.at('source', "CREATE TABLE unclear (id INT PRIMARY KEY, e ENUM('a', '') NOT NULL)", "INSERT INTO unclear VALUES (1, 'a'), (2, 'a')")
  await r.replace('unclear')
  await r.at('target', "SET sql_mode = ''", "UPDATE unclear SET e = 'neither' WHERE id = 2")
  await using journal = await j.journal()
  await expect(r.merge('unclear', { upserts: 'TRUE' }, journal)).rejects.toMatchObject({ code: 'MYSQL_AMBIGUOUS' })
  expect((await r.cells('target', 'unclear')).at(-1)).toBe('32|0:')
  await r.merge('unclear', { upserts: 'id = 1' }, journal)
})

test('a run that changes nothing leaves no journal', async () => {
  const before = await j.points()
  await using journal = await j.journal()
  expect(await journal.finish()).toBeUndefined()
  expect(await j.points()).toEqual(before)
})

test('a rollback swaps the tables in, and the journals that it undid are gone', async () => {
  const { rig: r } = j
  await r.at(
    'source',
    'CREATE TABLE rolled (id INT PRIMARY KEY, v INT)',
    'INSERT INTO rolled SELECT seq, 0 FROM seq_1_to_50',
    'CREATE TABLE fresh (id INT PRIMARY KEY)',
  )
  await r.replace('rolled')
  for (const point of await j.points()) await j.backups.drop(point)
  const journals: Journal[] = []
  for (const round of [1, 2]) {
    await r.at('source', `UPDATE rolled SET v = ${round} WHERE id < ${round * 10}`)
    await using journal = await j.journal()
    await r.merge('rolled', { upserts: 'v > 0' }, journal)
    if (round === 2) await r.replace('fresh', journal)
    await journal.finish()
    journals.push(journal)
  }
  const point = found((await j.points()).find(({ name }) => name === journals[0]?.name))
  const tables: readonly RestoreTable[] = point.manifest?.tables ?? []
  expect(tables.map(({ name, absent }) => [name, absent])).toEqual([
    ['rolled', undefined],
    ['fresh', true],
  ])
  const options = { databases: [r.database], tables, loseHistory: false, note: null, signal: never, swapping: async () => {}, swapped: async () => {} }
  const receipt = await j.backups.restore(point, options)
  expect(Object.fromEntries(receipt.tables.map(({ name, outcome }) => [name, outcome]))).toEqual({ fresh: 'removed', rolled: 'restored' })
  expect(await r.cells('target', 'rolled')).toEqual((await r.cells('source', 'rolled')).map((row) => row.replace(/\|3\d$/, '|30')))
  expect(await r.describe('target', 'fresh')).toBeUndefined()
  expect(await j.points()).toEqual([])
})
