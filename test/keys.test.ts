import { quote } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { project, tableIn } from './project.ts'

test('a table without a key keeps its duplicates, loses exactly those that went, and is left alone when nothing changed', async () => {
  await using work = await project()
  await work.at.query('CREATE TABLE t (a INT, b VARCHAR(10), f FLOAT)')
  await work.at.query("INSERT INTO t SELECT seq % 7, IF(seq % 3 = 0, NULL, 'x'), 0.1 FROM seq_1_to_300")
  await work.sync()
  await work.same()
  await work.at.query('DELETE FROM t WHERE a = 1 LIMIT 3')
  await work.at.query("INSERT INTO t VALUES (2, 'x', 0.1), (2, 'x', 0.1), (99, NULL, NULL)")
  await work.at.query("UPDATE t SET b = 'y' WHERE a = 5 LIMIT 2")
  await work.sync()
  await work.same()
  expect(tableIn(await work.sync(), 't')).toMatchObject({ outcome: 'unchanged', inserted: 0, deleted: 0 })
})

test('values of a second unique key that change places', async () => {
  await using work = await project()
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, u VARCHAR(10) NOT NULL UNIQUE, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
  await work.at.query("INSERT INTO t (id, u) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')")
  await work.sync()
  await work.at.query("UPDATE t SET u = 'tmp' WHERE id = 1")
  await work.at.query("UPDATE t SET u = 'a' WHERE id = 2")
  await work.at.query("UPDATE t SET u = 'b' WHERE id = 1")
  // The value of a row that goes is taken by a new one.
  await work.at.query('DELETE FROM t WHERE id = 3')
  await work.at.query("INSERT INTO t (id, u) VALUES (5, 'c')")
  // Round in a ring.
  await work.sync()
  await work.same()
  await work.at.query('UPDATE t SET id = id + 100, u = CONCAT(u, u)')
  await work.sync()
  await work.same()
})

test('composite keys of every kind', async () => {
  await using work = await project({ config: { sync_settings: { allow: ['deletes'] } } })
  await work.at.query('CREATE TABLE c (a VARCHAR(20) COLLATE utf8mb4_bin, b DATETIME(6), c DECIMAL(10, 3), v INT, PRIMARY KEY (a, b, c))')
  await work.at.query('CREATE TABLE bin (id BINARY(16), n BIGINT UNSIGNED, v TEXT, PRIMARY KEY (n, id))')
  await work.at.query("CREATE TABLE en (e ENUM('b', 'a', ''), y YEAR, v INT, PRIMARY KEY (y, e))")
  await work.at.query("INSERT INTO c SELECT ELT(1 + seq % 5, 'a', 'A', 'ä', '', 'z '), '2024-01-01' + INTERVAL seq MINUTE, seq / 8, seq FROM seq_1_to_500")
  await work.at.query('INSERT INTO bin SELECT UNHEX(MD5(seq)), 18446744073709551615 - seq, seq FROM seq_1_to_500')
  await work.at.query('INSERT INTO en SELECT 1 + seq % 3, 2000 + seq DIV 3, seq FROM seq_1_to_90')
  await work.sync()
  await work.same()
  await work.at.query("UPDATE c SET v = 0 WHERE a IN ('A', '')")
  await work.at.query("DELETE FROM c WHERE a = 'z ' LIMIT 10")
  await work.at.query('UPDATE bin SET v = NULL ORDER BY n DESC LIMIT 7')
  await work.at.query('DELETE FROM bin ORDER BY n LIMIT 7')
  await work.at.query("UPDATE en SET v = -v WHERE e = ''")
  await work.at.query("DELETE FROM en WHERE e = 'a' AND y > 2010")
  await work.sync()
  await work.same()
})

/** Spaces at the end are the only thing that MariaDB itself forbids. */
const HOSTILE = [
  'a`b',
  "a'b",
  'a"b',
  'a b',
  'a.b',
  'a/../b',
  '%s',
  '_%',
  'ünïcödé',
  'select',
  'a\\b',
  'a\nb',
  '__proto__',
  'constructor',
  '{database}',
  '$1',
  '-- x',
  'x'.repeat(64),
]

test('names of tables and columns that need quoting', async () => {
  await using work = await project()
  for (const name of HOSTILE) {
    await work.at.query(`CREATE TABLE ${quote(name)} (${quote(name)} INT PRIMARY KEY, ${quote(`${name.slice(0, 60)}v`)} VARCHAR(20))`)
    await work.at.query(`INSERT INTO ${quote(name)} SELECT seq, seq FROM seq_1_to_20`)
  }
  const report = await work.sync()
  expect(report.tables).toHaveLength(HOSTILE.length)
  await work.same()
  for (const name of HOSTILE) {
    await work.at.query(`DELETE FROM ${quote(name)} WHERE ${quote(name)} = 3`)
    await work.at.query(`UPDATE ${quote(name)} SET ${quote(`${name.slice(0, 60)}v`)} = 'changed' WHERE ${quote(name)} = 4`)
  }
  await work.sync()
  await work.same()
  expect((await work.sync()).totals).toMatchObject({ inserted: 0, updated: 0, deleted: 0 })
})

test.each(['`', "'", ' x', '/../x', 'ü', '%', '\\', '\nx', '*', '[a]'])('a database whose name holds %j', async (suffix) => {
  await using work = await project({ suffix })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY)')
  await work.at.query('INSERT INTO t VALUES (1), (2)')
  await work.sync()
  await work.at.query('DELETE FROM t WHERE id = 1')
  await work.sync()
  await work.same()
})
