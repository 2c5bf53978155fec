import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { testPair } from './databases.ts'
import { intoDatabase, loadSql } from './load-sql.ts'

const data = fileURLToPath(new URL('../../../test/data/', import.meta.url))

/** Tables, views, triggers and routines: what the files make. */
test.each([
  ['sakila', ['01-sakila-schema.sql', '02-sakila-data.sql'], [16, 7, 6, 6]],
  ['northwind', ['northwind.sql', 'northwind-data.sql'], [20, 0, 0, 0]],
])('%s goes into a database of any name', async (name, files, made) => {
  await using pair = await testPair('`x')
  await loadSql(
    pair.source,
    pair.database,
    files.map((file) => `${data}${name}/${file}`),
  )
  const [counts] = await pair.source.query(
    `SELECT (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE') t,
      (SELECT COUNT(*) FROM information_schema.views WHERE table_schema = ?) v,
      (SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = ?) g,
      (SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = ?) r`,
    Array.from({ length: 4 }, () => pair.database),
  )
  expect(Object.values(counts ?? {}).map(Number)).toEqual(made)
  expect(await pair.source.query('SHOW DATABASES LIKE ?', [name])).toEqual([])
})

test('says which statement failed', async () => {
  await using pair = await testPair()
  await expect(loadSql(pair.source, pair.database, [`${data}northwind/northwind-data.sql`])).rejects.toThrow(/northwind-data.sql: ERROR 1146 .* at line/)
})

test.each([
  [
    'DROP SCHEMA IF EXISTS `a`;\nUSE `a` ;\nCREATE TABLE `a`.`b` (c INT);\nINSERT INTO b VALUES (1); -- USE x;\n',
    '\n\nCREATE TABLE `b` (c INT);\nINSERT INTO b VALUES (1); -- USE x;\n',
  ],
  ["USE a;\nINSERT INTO a.b VALUES ('x@a.b', 'aa.b');", "\nINSERT INTO b VALUES ('x@a.b', 'aa.b');"],
])('leaves out nothing but the database: %j', (sql, expected) => {
  expect(intoDatabase(sql)).toBe(expected)
})
