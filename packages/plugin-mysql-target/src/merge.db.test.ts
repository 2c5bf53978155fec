import { FINGERPRINT_COLUMNS, packRows, SyncError } from '@dbsync/core/plugin'
import { rowHash } from '@dbsync/mysql'
import { startServer } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTarget } from './target.ts'
import { type Rig, rig } from './test-rig.ts'

let r: Rig
const never = new AbortController().signal
const context = { directory: '/', signal: never, limits: { connections: 2, batchRows: 1000, compress: false }, warn: () => {} }
beforeAll(async () => {
  r = await rig()
})
afterAll(() => r[Symbol.asyncDispose]())

async function expectEqual(table: string): Promise<void> {
  expect(await r.cells('target', table)).toEqual(await r.cells('source', table))
  expect(await r.staging()).toEqual([])
}

test('counts what was inserted, updated, deleted and there already', async () => {
  await r.at('source', 'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9), u INT AS (id + 1))', "INSERT INTO t (id, v) SELECT seq, 'x' FROM seq_1_to_5000")
  await r.replace('t')
  await r.at('source', "UPDATE t SET v = 'X' WHERE id <= 10", 'DELETE FROM t WHERE id > 4990', "INSERT INTO t (id, v) VALUES (9001, 'n'), (9002, NULL)")
  expect(await r.merge('t', { upserts: 'id <= 100 OR id > 9000', deletes: 'id > 4990' })).toEqual({ inserted: 2, updated: 10, deleted: 10, unchanged: 90 })
  await expectEqual('t')
})

test('changes the case of a key', async () => {
  await r.at('source', 'CREATE TABLE ci (k VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT)', "INSERT INTO ci VALUES ('abc', 1), ('def', 2)")
  await r.replace('ci')
  await r.at('source', "UPDATE ci SET k = 'ABC' WHERE k = 'abc'")
  expect(await r.merge('ci', { upserts: 'TRUE' })).toEqual({ inserted: 0, updated: 1, deleted: 0, unchanged: 1 })
  await expectEqual('ci')
})

describe('a table with further unique keys', () => {
  test('takes values that moved from row to row', async () => {
    await r.at(
      'source',
      'CREATE TABLE swap (id INT PRIMARY KEY, a VARCHAR(9) UNIQUE, b INT UNIQUE)',
      "INSERT INTO swap VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3), (4, 'd', 4)",
    )
    await r.replace('swap')
    await r.at(
      'source',
      'UPDATE swap SET a = NULL, b = NULL',
      "UPDATE swap SET a = 'b', b = 2 WHERE id = 1",
      "UPDATE swap SET a = 'a', b = 3 WHERE id = 2",
      "UPDATE swap SET a = 'c', b = 1 WHERE id = 3",
      "UPDATE swap SET a = 'd', b = 4 WHERE id = 4",
    )
    expect(await r.merge('swap', { upserts: 'TRUE' })).toEqual({ inserted: 0, updated: 3, deleted: 0, unchanged: 1 })
    await expectEqual('swap')
  })

  test('takes values that differ in bytes and not in their collation', async () => {
    const types = "t VARCHAR(9) COLLATE utf8mb4_general_ci, e ENUM('a','b'), g POINT, j JSON, b VARBINARY(9), d DATETIME(6)"
    await r.at(
      'source',
      `CREATE TABLE bytewise (id INT PRIMARY KEY, u INT UNIQUE, ${types})`,
      "INSERT INTO bytewise SELECT seq, seq, 'x', 'a', POINT(1, 2), '[1]', 'x', IF(seq = 10, NULL, '2020-01-01') FROM seq_1_to_11",
    )
    await r.replace('bytewise')
    const changes = [
      "t = 'X'",
      "t = 'x '",
      "e = 'b'",
      'g = POINT(2, 1)',
      "j = '[1 ]'",
      "b = 'x '",
      "d = '2020-01-01 00:00:00.000001'",
      't = NULL',
      'b = NULL',
      "d = '2020-01-01'",
    ]
    await r.at('source', ...changes.map((change, i) => `UPDATE bytewise SET ${change} WHERE id = ${i + 1}`))
    expect(await r.merge('bytewise', { upserts: 'TRUE' })).toEqual({ inserted: 0, updated: 10, deleted: 0, unchanged: 1 })
    await expectEqual('bytewise')
  })

  test('never has another row overwritten', async () => {
    await r.at('source', 'CREATE TABLE clash (id INT PRIMARY KEY, a VARCHAR(9) UNIQUE)', "INSERT INTO clash VALUES (1, 'a'), (2, 'b')")
    await r.replace('clash')
    await r.at('source', "UPDATE clash SET a = 'z' WHERE id = 1", "INSERT INTO clash VALUES (3, 'a')")
    const before = await r.cells('target', 'clash')
    await expect(r.merge('clash', { upserts: 'id = 3' })).rejects.toMatchObject({
      code: 'MYSQL_UNIQUE_CLASH',
      kind: 'data',
      hint: expect.stringContaining('--full'),
    })
    expect(await r.cells('target', 'clash')).toEqual(before)
    expect(await r.staging()).toEqual([])
    await r.merge('clash', { upserts: 'TRUE' })
    await expectEqual('clash')
  })
})

test('fires no cascade, whether a parent changes or goes', async () => {
  const child = (name: string, action: string) =>
    `CREATE TABLE ${name} (id INT PRIMARY KEY, p VARCHAR(9) COLLATE utf8mb4_general_ci, FOREIGN KEY (p) REFERENCES casc (k) ${action})`
  const tables = [
    'CREATE TABLE casc (k VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, u INT UNIQUE)',
    child('c_cascade', 'ON DELETE CASCADE ON UPDATE CASCADE'),
    child('c_null', 'ON DELETE SET NULL ON UPDATE SET NULL'),
    child('c_restrict', ''),
  ]
  const rows = [
    "INSERT INTO casc VALUES ('a', 1), ('b', 2), ('c', 3)",
    ...['c_cascade', 'c_null', 'c_restrict'].map((name) => `INSERT INTO ${name} VALUES (1, 'a'), (2, 'b')`),
  ]
  await r.at('source', ...tables, ...rows)
  await r.at('target', ...tables, ...rows)
  await r.at('source', 'SET foreign_key_checks = 0', "UPDATE casc SET k = 'A', u = 7 WHERE k = 'a'", "DELETE FROM casc WHERE k = 'b'")
  expect(await r.merge('casc', { upserts: 'TRUE', deletes: "k = 'b'" })).toEqual({ inserted: 0, updated: 1, deleted: 1, unchanged: 1 })
  await expectEqual('casc')
  for (const name of ['c_cascade', 'c_null', 'c_restrict']) {
    const found = await r.server.query(`SELECT id, p FROM \`${r.database}\`.${name} ORDER BY id`)
    expect(found.map(({ p }) => p)).toEqual(['a', 'b'])
  }
})

test('makes a table without a key equal by row hashes', async () => {
  await r.at('source', 'CREATE TABLE bare (a INT, b VARCHAR(9))', "INSERT INTO bare VALUES (1, 'x'), (1, 'x'), (2, NULL), (3, 'y')")
  await r.replace('bare')
  await r.at('target', "INSERT INTO bare VALUES (1, 'x'), (9, 'z')")
  const work = await r.work('bare', 'merge')
  const hashOf = rowHash(work.schema)
  const range = { by: 'hash', from: '0', to: '18446744073709551616' } as const
  await using writer = await r.target.open(work, never)
  const table = work.schema.table
  for await (const batch of r.target.fingerprints?.(work.schema, [range], never) ?? []) {
    // Both rows that are too many: (1, x) is there three times, (9, z) once.
    for (let row = 0; row < batch.rowCount; row++) {
      const cells = [...batch.rows()][row]?.map(String) ?? []
      const hash = cells[0] as string
      const [wanted] = await r.source.query(`SELECT COUNT(*) AS n FROM \`${r.database}\`.bare WHERE ${hashOf} = ${hash}`)
      if (Number(wanted?.['n']) === Number(cells[1])) continue
      await writer.write({ table, deletes: packRows(FINGERPRINT_COLUMNS.slice(0, 1), [[hash], [hash]]) })
      for await (const upserts of r.rows('bare', `${hashOf} = ${hash}`)) await writer.write({ table, upserts })
    }
  }
  expect(await writer.commit()).toEqual({ inserted: 2, updated: 0, deleted: 4, unchanged: 0 })
  await expectEqual('bare')
})

test('keeps what only the target knows about a row', async () => {
  await r.at(
    'source',
    'CREATE TABLE noted (id INT PRIMARY KEY, v INT, touched TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)',
    "INSERT INTO noted VALUES (1, 1, '2020-01-01 00:00:00'), (2, 2, '2020-01-01 00:00:00')",
  )
  await r.replace('noted')
  await r.at('target', 'ALTER TABLE noted ADD COLUMN note VARCHAR(20) FIRST', "UPDATE noted SET note = 'mine', touched = touched")
  await r.at('source', "UPDATE noted SET v = 5, touched = '2021-01-01 00:00:00' WHERE id = 1")
  expect(await r.merge('noted', { upserts: 'TRUE' })).toEqual({ inserted: 0, updated: 1, deleted: 0, unchanged: 1 })
  const found = await r.server.query(`SELECT CONCAT_WS('|', note, id, v, touched) AS line FROM \`${r.database}\`.noted ORDER BY id`)
  expect(found.map(({ line }) => String(line).replace(/ .*/, ''))).toEqual(['mine|1|5|2021-01-01', 'mine|2|2|2020-01-01'])
})

test('refuses a table with triggers before anything is written', async () => {
  await r.at('source', 'CREATE TABLE trig (id INT PRIMARY KEY)', 'INSERT INTO trig VALUES (1)')
  await r.replace('trig')
  await r.at('target', 'CREATE TABLE audit (n INT)', 'CREATE TRIGGER `noisy``one` AFTER INSERT ON trig FOR EACH ROW INSERT INTO audit VALUES (1)')
  for (const disposition of ['merge', 'replace'] as const) {
    const work = await r.work('trig', disposition)
    expect(r.target.guard?.(work)).toMatchObject({ code: 'MYSQL_TARGET_TRIGGERS', kind: 'refused', message: expect.stringContaining('noisy`one') })
    await expect(r.target.open(work, never)).rejects.toSatisfy((error) => SyncError.is(error) && (error.hint ?? '').includes('DROP TRIGGER'))
  }
  expect(await r.staging()).toEqual([])
})

test('compares and loads cells that are larger than any packet', async () => {
  await using server = await startServer({ settings: { max_allowed_packet: '1M', innodb_log_file_size: '96M' } })
  await server.query('CREATE DATABASE q')
  await server.query('CREATE TABLE q.t (id INT PRIMARY KEY, u INT UNIQUE, t LONGTEXT, j JSON, b LONGBLOB)')
  await using target = await openTarget({ host: server.host, port: server.port, user: server.user, password: server.password }, context)
  const [schema] = await target.describe('q')
  if (schema === undefined) throw new Error('no table')
  const send = async (...cells: readonly string[]) => {
    await using writer = await target.open({ disposition: 'merge', schema, existing: schema }, never)
    await writer.write({ table: schema.table, upserts: packRows(schema.columns, [['1', '1', ...cells]]) })
    return await writer.commit()
  }
  const large = 'x'.repeat(3 << 20)
  expect(await send(large, `"${large}"`, large)).toMatchObject({ inserted: 1 })
  expect(await send(large, `"${large}"`, large)).toMatchObject({ unchanged: 1 })
  expect(await send(`${large}y`, `"${large}"`, large)).toMatchObject({ updated: 1 })
  expect(await send(`${large}y`, `"${large}y"`, large)).toMatchObject({ updated: 1 })
  expect(await send(`${large}y`, `"${large}y"`, `${large}y`)).toMatchObject({ updated: 1 })
  await using inserting = await openTarget(
    { host: server.host, port: server.port, user: server.user, password: server.password, bulkInsert: false, localInfile: false },
    context,
  )
  await using writer = await inserting.open({ disposition: 'merge', schema, existing: schema }, never)
  const row = packRows(schema.columns, [['2', '2', large, null, null]])
  await expect(writer.write({ table: schema.table, upserts: row })).rejects.toMatchObject({
    code: 'MYSQL_PACKET',
    hint: expect.stringContaining('max_allowed_packet'),
  })
})

test('says which privilege is missing, and leaves nothing behind', async () => {
  await r.at('source', 'CREATE TABLE poor (id INT PRIMARY KEY)', 'INSERT INTO poor VALUES (1)')
  const user = `${r.database}_p`
  await r.server.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'secret'`)
  await r.server.query(`GRANT SELECT, INSERT, CREATE, DROP ON \`${r.database}\`.* TO ${user}@'%'`)
  await using target = await r.open({ user, password: 'secret' })
  {
    await using writer = await target.open(await r.work('poor', 'replace'), never)
    await expect(writer.commit()).rejects.toMatchObject({ kind: 'privilege', hint: expect.stringMatching(/GRANT .*ALTER.* ON `/) })
  }
  expect(await r.staging()).toEqual([])
  await r.server.query(`DROP USER ${user}@'%'`)
})

test('writes nothing at all when there is nothing to write', async () => {
  await using server = await startServer({ binlog: true })
  await server.query('CREATE DATABASE q')
  await server.query('CREATE TABLE q.t (id INT PRIMARY KEY)')
  const position = async () => JSON.stringify(await server.query('SHOW MASTER STATUS'))
  const before = await position()
  await using target = await openTarget({ host: server.host, port: server.port, user: server.user, password: server.password }, context)
  {
    await using lock = await target.lock('q', never)
    expect(lock).toBeDefined()
    const [schema] = await target.describe('q')
    if (schema === undefined) throw new Error('no table')
    await using writer = await target.open({ disposition: 'merge', schema, existing: schema }, never)
    await writer.write({ table: schema.table })
    await writer.write({ table: schema.table, upserts: packRows(schema.columns, []), deletes: packRows(schema.columns, []) })
    expect(await writer.commit()).toEqual({ inserted: 0, updated: 0, deleted: 0, unchanged: 0 })
    expect(await target.leftovers('q')).toEqual([])
  }
  expect(await position()).toBe(before)
})

test('a load that the server takes with a warning fails, and changes nothing', async () => {
  await r.at('source', 'CREATE TABLE narrow (id INT PRIMARY KEY, name VARCHAR(9))', "INSERT INTO narrow VALUES (1, 'a'), (2, 'too long')")
  await r.at('target', 'CREATE TABLE narrow (id INT PRIMARY KEY, name VARCHAR(3))', "INSERT INTO narrow VALUES (5, 'old')")
  for (const options of [{}, { bulkInsert: false }, { bulkInsert: false, localInfile: false }]) {
    await using target = await r.open(options)
    for (const disposition of ['merge', 'replace'] as const) {
      const work = await r.work('narrow', disposition)
      await using writer = await target.open(work, never)
      const sending = async () => {
        for await (const upserts of r.rows('narrow')) await writer.write({ table: work.schema.table, upserts })
        await writer.commit()
      }
      await expect(sending()).rejects.toMatchObject({ kind: 'data', message: expect.stringMatching(/name/) })
      await expect(writer.commit()).rejects.toThrow(/name/)
    }
  }
  expect(await r.cells('target', 'narrow')).toEqual(['35|6F6C64'])
  expect(await r.staging()).toEqual([])
})

test.each([{ bulkInsert: true }, { bulkInsert: false }])(
  'an error in the load reaches the writer while it still sends, and it never hangs: %o',
  async (way) => {
    await r.at('source', 'CREATE OR REPLACE TABLE broken (id INT PRIMARY KEY, v LONGTEXT)')
    const work = await r.work('broken', 'replace')
    await using target = await r.open(way)
    const writer = await target.open(work, never)
    let id = 0
    const upserts = () => packRows(work.schema.columns, [[String(++id), 'x'.repeat(3 << 20)]])
    const sending = (async () => {
      for (;;) await writer.write({ table: work.schema.table, upserts: upserts() })
    })().catch((error: unknown) => error)
    const loads = 'SELECT id FROM information_schema.processlist WHERE info LIKE ? AND id <> CONNECTION_ID()'
    let threads: Awaited<ReturnType<typeof r.server.query>> = []
    while (threads.length === 0) threads = await r.server.query(loads, [`%\`${r.database}\`.\`_dbsync_new_broken%`])
    for (const thread of threads) await r.server.query(`KILL ${String(thread['id'])}`)
    expect(await sending).toMatchObject({ kind: 'transient' })
    await expect(writer.write({ table: work.schema.table, upserts: upserts() })).rejects.toMatchObject({ kind: 'transient' })
    await writer[Symbol.asyncDispose]()
    expect(await r.staging()).toEqual([])
  },
)

test('a run that is stopped in the middle of a load leaves nothing behind', async () => {
  await r.at('source', 'CREATE TABLE stopped (id INT PRIMARY KEY)', 'INSERT INTO stopped SELECT seq FROM seq_1_to_5000')
  await r.replace('stopped')
  const before = await r.cells('target', 'stopped')
  for (const disposition of ['merge', 'replace'] as const) {
    const work = await r.work('stopped', disposition)
    const stop = new AbortController()
    const writer = await r.target.open(work, stop.signal)
    for await (const upserts of r.rows('stopped', 'id < 3000')) await writer.write({ table: work.schema.table, upserts })
    stop.abort()
    await expect(writer.commit()).rejects.toMatchObject({ kind: 'cancelled' })
    await writer[Symbol.asyncDispose]()
    expect(await r.staging()).toEqual([])
  }
  // Without a commit, and without an error.
  const work = await r.work('stopped', 'replace')
  {
    await using writer = await r.target.open(work, never)
    for await (const upserts of r.rows('stopped')) await writer.write({ table: work.schema.table, upserts })
  }
  expect(await r.staging()).toEqual([])
  expect(await r.cells('target', 'stopped')).toEqual(before)
})
