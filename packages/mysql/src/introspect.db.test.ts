import { setTimeout as sleep } from 'node:timers/promises'
import type { TableSchema } from '@dbsync/core/plugin'
import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, type MysqlConnection } from './connection.ts'
import { parseCreateTable, renderCreateTable } from './create-table.ts'
import { quoteId, quoteTable } from './identifiers.ts'
import { describeTables, mysqlNative } from './introspect.ts'

let server: TestServer
let connection: MysqlConnection
const { signal } = new AbortController()

beforeAll(async () => {
  server = await startServer()
  await server.query("CREATE USER reader@'%' IDENTIFIED BY 'x'")
  await server.query("GRANT SELECT ON *.* TO reader@'%'")
  connection = await connect({ host: server.host, port: server.port, user: 'reader', password: 'x' }, 'source', signal)
})
afterAll(async () => {
  await connection[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

async function described(...statements: string[]) {
  await server.query('CREATE OR REPLACE DATABASE i')
  for (const statement of statements) await server.query(statement)
  return new Map((await describeTables(connection, 'i')).map((schema) => [schema.table.name, schema]))
}

test('the key: the primary key in its own order, else a unique key that identifies a row', async () => {
  const tables = await described(
    'CREATE TABLE i.pk (a INT, b INT, c INT NOT NULL UNIQUE, PRIMARY KEY (b, a))',
    'CREATE TABLE i.uk (a INT NOT NULL, b INT NOT NULL, c INT NOT NULL, d INT, UNIQUE z (a, b), UNIQUE y (c), UNIQUE x (d))',
    'CREATE TABLE i.nullable (a INT, UNIQUE (a))',
    'CREATE TABLE i.prefix (a VARCHAR(20) NOT NULL, UNIQUE p (a(3)))',
    'CREATE TABLE i.floats (f FLOAT PRIMARY KEY, b INT NOT NULL, UNIQUE u (b))',
    'CREATE TABLE i.doubles (d DOUBLE PRIMARY KEY)',
    'CREATE TABLE i.computed (a INT, g INT AS (a + 1) STORED, UNIQUE (g))',
    'CREATE TABLE i.none (a INT)',
  )
  const keys = [...tables.values()].map(({ table, key, uniqueKeys }) => [table.name, key, uniqueKeys.map(({ name }) => name)])
  expect(keys).toEqual([
    ['computed', [], ['g']],
    ['doubles', [], ['PRIMARY']],
    ['floats', ['b'], ['PRIMARY']],
    ['none', [], []],
    ['nullable', [], ['a']],
    ['pk', ['b', 'a'], ['c']],
    ['prefix', [], ['p']],
    ['uk', ['c'], ['x', 'z']],
  ])
})

test('foreign keys with their actions, which information_schema hides from SELECT', async () => {
  const tables = await described(
    'CREATE TABLE i.p (id INT PRIMARY KEY, x INT UNIQUE)',
    'CREATE TABLE i.c (id INT PRIMARY KEY, a INT, b INT, CONSTRAINT plain FOREIGN KEY (a) REFERENCES i.p (id) ON DELETE CASCADE, CONSTRAINT moves FOREIGN KEY (b) REFERENCES i.p (x) ON UPDATE CASCADE)',
    'CREATE TABLE i.s (id INT PRIMARY KEY, up INT, CONSTRAINT self FOREIGN KEY (up) REFERENCES i.s (id) ON DELETE SET NULL)',
  )
  const p = { database: 'i', name: 'p' }
  expect(tables.get('c')?.foreignKeys).toEqual([
    { name: 'moves', columns: ['b'], references: p, referencedColumns: ['x'], rewritesRows: true },
    { name: 'plain', columns: ['a'], references: p, referencedColumns: ['id'], rewritesRows: false },
  ])
  expect(tables.get('s')?.foreignKeys[0]?.rewritesRows).toBe(true)
  expect(tables.get('p')?.referencedBy).toEqual([{ database: 'i', name: 'c' }])
  expect(tables.get('s')?.referencedBy).toEqual([{ database: 'i', name: 's' }])
})

test('columns: types, charsets, computed, stamped, invisible; views and sequences are no tables', async () => {
  const tables = await described(
    `CREATE TABLE i.t (id BIGINT(20) UNSIGNED PRIMARY KEY, z INT(5) ZEROFILL, l VARCHAR(3) CHARACTER SET latin1, v INT AS (z) VIRTUAL, s INT AS (z) STORED, h INT INVISIBLE,
      u TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), n DATETIME DEFAULT CURRENT_TIMESTAMP, j JSON, b BIT(9), d DECIMAL(40,3), y YEAR, c3 CHAR(1) CHARACTER SET utf8mb3, uu UUID) ENGINE=InnoDB`,
    'CREATE TABLE i.m (id INT) ENGINE=MyISAM',
    'CREATE TABLE i.a (id INT) ENGINE=Aria TRANSACTIONAL=1',
    'CREATE TABLE i.versioned (id INT PRIMARY KEY) WITH SYSTEM VERSIONING',
    'CREATE VIEW i.v AS SELECT 1',
    'CREATE SEQUENCE i.q',
  )
  expect([...tables.keys()]).toEqual(['a', 'm', 't', 'versioned'])
  expect([...tables.values()].map(({ transactional }) => transactional)).toEqual([false, false, true, true])
  const columns = tables.get('t')?.columns ?? []
  const facts = columns.map((column) => [column.name, column.native, column.type.kind, column.generated ?? column.stamped ?? column.collation])
  expect(facts).toEqual([
    ['id', 'bigint unsigned', 'int', undefined],
    ['z', 'int(5) unsigned zerofill', 'int', undefined],
    ['l', 'varchar(3)', 'text', 'latin1_swedish_ci'],
    ['v', 'int', 'int', 'virtual'],
    ['s', 'int', 'int', 'stored'],
    ['h', 'int', 'int', undefined],
    ['u', 'timestamp(3)', 'timestamp', 'on-update'],
    ['n', 'datetime', 'datetime', 'on-insert'],
    ['j', 'longtext', 'json', 'utf8mb4_bin'],
    ['b', 'bit(9)', 'bits', undefined],
    ['d', 'decimal(40,3)', 'decimal', undefined],
    ['y', 'year', 'int', undefined],
    ['c3', 'char(1)', 'text', 'utf8mb3_general_ci'],
    ['uu', 'uuid', 'text', undefined],
  ])
  expect(columns[4 + 6]?.type).toEqual({ kind: 'decimal', precision: 40, scale: 3 })
})

test('hostile names, and names that differ in case only', async () => {
  const names = ['a`b', "q'uote", 'semi;drop table x', 'new\nline', '../../pwn', '__proto__', 'constructor', '/*!50000 x */', 'T', 't', 'ü', 'Ü', '%', '_']
  const statements = names.map((name) => `CREATE TABLE i.${quoteId(name)} (${quoteId(name)} INT PRIMARY KEY, ${quoteId(`${name} 2`)} INT COMMENT 'a, b) ''')`)
  const tables = await described(...statements)
  expect([...tables.keys()].sort()).toEqual([...names].sort())
  for (const name of names) {
    const [one, ...more] = await describeTables(connection, 'i', [name])
    expect(more).toEqual([])
    expect(one).toEqual(tables.get(name))
    expect(one?.key).toEqual([name])
    const parts = parseCreateTable(mysqlNative(one as NonNullable<typeof one>)?.create ?? '')
    await server.query(`DROP TABLE ${quoteTable({ database: 'i', name })}`)
    await server.query(renderCreateTable({ database: 'i', name }, parts))
    const [again] = await describeTables(connection, 'i', [name])
    expect(withoutTime(again)).toEqual(withoutTime(one))
  }
  await server.query('CREATE DATABASE `I`')
  await server.query('CREATE TABLE `I`.other (id INT)')
  expect((await describeTables(connection, 'I')).map(({ table }) => table)).toEqual([{ database: 'I', name: 'other' }])
  expect(await describeTables(connection, 'i', [])).toEqual([])
  expect(await describeTables(connection, 'nowhere')).toEqual([])
})

test('a table that is altered again and again keeps neither itself nor others from being described', async () => {
  await described('CREATE TABLE i.busy (a INT)', 'CREATE TABLE i.quiet (a INT)')
  let done = false
  const altering = (async () => {
    for (let round = 0; !done; round++) {
      await server.query(`ALTER TABLE i.busy ${round % 2 === 0 ? 'ADD COLUMN b INT' : 'DROP COLUMN b'}`)
      await sleep(25)
    }
  })()
  try {
    for (let round = 0; round < 60; round++) {
      const tables = await describeTables(connection, 'i')
      expect(tables.map(({ table }) => table.name)).toEqual(['busy', 'quiet'])
    }
  } finally {
    done = true
    await altering
  }
})

const withoutTime = (schema: TableSchema | undefined) => schema && { ...schema, native: { ...mysqlNative(schema), altered: undefined } }
