import { packRows } from '@dbsync/core/plugin'
import { connect, quoteTable } from '@dbsync/mysql'
import { startServer } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { type Dialect, rowStaging } from './staging.ts'
import { startLoad } from './staging-load.ts'
import { rig } from './test-rig.ts'

const never = new AbortController().signal

test('a load that brings fewer rows than were sent fails, though the server warns of nothing', async () => {
  await using r = await rig()
  await r.at('source', 'CREATE TABLE few (id INT PRIMARY KEY)', 'INSERT INTO few VALUES (1), (2), (3)')
  await r.at('target', 'CREATE TABLE few (id INT PRIMARY KEY)')
  const work = await r.work('few', 'merge')
  const { host, port, user, password } = r.server
  await using connection = await connect({ host, port, user, password }, 'target', never)
  const dialect: Dialect = { flavour: 'mariadb', loadData: true }
  const staging = rowStaging(work, dialect)
  const sent = async (load: string): Promise<number> => {
    const loading = await startLoad(connection, { staging: { ...staging, load }, live: work.schema.table, dialect, signal: never })
    for await (const rows of r.rows('few')) await loading.write(rows)
    return await loading.end()
  }
  expect(await sent(staging.load)).toBe(3)
  await expect(sent(staging.load.replace(' (`id`)', ' IGNORE 1 LINES (`id`)'))).rejects.toMatchObject({
    code: 'MYSQL_LOAD_INEXACT',
    message: expect.stringContaining('3 rows were sent, 2 arrived'),
  })
  await connection.execute(`DROP TABLE \`${staging.table.database}\`.\`${staging.table.name}\``)
})

test('rows that do not fit into a packet go another way, and so do all where no statement can be prepared', async () => {
  await using r = await rig()
  await r.at('source', 'CREATE TABLE large (id INT PRIMARY KEY, v LONGTEXT)')
  await r.at('target', 'CREATE TABLE large (id INT PRIMARY KEY, v LONGTEXT)')
  const work = await r.work('large', 'merge')
  const { host, port, user, password } = r.server
  await using connection = await connect({ host, port, user, password }, 'target', never)
  const dialect: Dialect = { flavour: 'mariadb', bulk: true, loadData: true }
  const staging = rowStaging(work, dialect)
  const sizes = [1, 9 << 20, 2, 3 << 20, 4]
  const sent = async (): Promise<readonly unknown[]> => {
    const loading = await startLoad(connection, { staging, live: work.schema.table, dialect, signal: never })
    for (const [i, size] of sizes.entries()) {
      await loading.write(
        packRows(staging.columns, [
          [String(2 * i), 'x'.repeat(size)],
          [String(2 * i + 1), null],
        ]),
      )
    }
    expect(await loading.end()).toBe(2 * sizes.length)
    return await connection.query(`SELECT LENGTH(v) FROM ${quoteTable(staging.table)} WHERE id % 2 = 0 ORDER BY id`)
  }
  const status = async (name: string) => Number((await connection.query(`SHOW SESSION STATUS LIKE '${name}'`))[0]?.[1])
  expect(await sent()).toEqual(sizes.map((size) => [String(size)]))
  expect([await status('Com_stmt_prepare'), await status('Com_load')]).toEqual([2, 1])
  await r.server.query('SET GLOBAL max_prepared_stmt_count = 0')
  try {
    expect(await sent()).toEqual(sizes.map((size) => [String(size)]))
  } finally {
    await r.server.query('SET GLOBAL max_prepared_stmt_count = DEFAULT')
  }
  expect([await status('Com_stmt_prepare'), await status('Com_load')]).toEqual([2, 2])
})

test('no transaction becomes as large as the table: the binary log of the server has a cache of some size', async () => {
  await using r = await rig()
  const definition = 'CREATE TABLE wide (id INT PRIMARY KEY, v LONGTEXT)'
  await r.at('source', definition)
  await r.at('target', definition)
  const work = await r.work('wide', 'merge')
  const schema = { ...work.schema, estimate: { rows: 100_000, bytes: 50 << 20 } }
  const { database } = schema.table
  await using server = await startServer({ binlog: true })
  await server.query(`CREATE DATABASE ${database}`)
  await server.query(definition.replace('wide', `${database}.wide`))
  await server.query('SET GLOBAL max_binlog_cache_size = 33554432')
  const { host, port, user, password } = server
  await using connection = await connect({ host, port, user, password }, 'target', never)
  const dialect: Dialect = { flavour: 'mariadb', bulk: true, loadData: true }
  const staging = rowStaging({ ...work, schema }, dialect)
  // The larger ones go by LOAD DATA.
  for (const [count, size] of [
    [50, 1 << 20],
    [5, 9 << 20],
  ] as const) {
    const loading = await startLoad(connection, { staging, live: schema.table, dialect, signal: never })
    for (let i = 0; i < count; i++) await loading.write(packRows(staging.columns, [[String(i), 'x'.repeat(size)]]))
    expect(await loading.end()).toBe(count)
    expect(await connection.query(`SELECT COUNT(*), SUM(LENGTH(v)) FROM ${quoteTable(staging.table)}`)).toEqual([[String(count), String(count * size)]])
  }
})
