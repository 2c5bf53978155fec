import { DuckDBInstance } from '@duckdb/node-api'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Warehouse, warehouse } from './warehouse.ts'

async function expectSame(work: Warehouse, tenants: readonly string[] = work.tenants): Promise<void> {
  for (const tenant of tenants) expect(await work.copy(tenant), tenant).toEqual(await work.source(tenant))
}

test('three databases go into one file, and follow their sources there', { timeout: 120_000 }, async () => {
  await using work = await warehouse()
  const [first, second, third] = work.tenants
  const dry = await work.dbsync('run', '--dry-run')
  expect(dry.code, said(dry)).toBe(0)
  await expect(work.query('SELECT 1')).rejects.toThrow(/does not exist|No such file/i)
  expect([...(await work.sync()).values()].sort()).toEqual(['50,0,0', '50,0,0', '50,0,0', '51,0,0', '51,0,0', '51,0,0', '52,0,0', '52,0,0', '52,0,0'])
  await expectSame(work)

  const stamps = () => work.query('SELECT tenant_id, max(sync_timestamp)::VARCHAR, count(*) FROM orders GROUP BY 1 ORDER BY 1')
  const before = await stamps()
  expect(new Set((await work.sync()).values())).toEqual(new Set(['0,0,0']))
  expect(await stamps()).toEqual(before)

  await work.at(
    first,
    "UPDATE orders SET note = 'ü', amount = -0.00000001 WHERE id <= 3",
    'DELETE FROM items WHERE b = 1',
    "INSERT INTO log VALUES ('l0', 0), ('l0', 0), ('new', 1)",
  )
  // A row that was committed late: it is older than the newest one that the last run saw.
  await work.at(first, "INSERT INTO orders (id, note, updated_at) VALUES (1000, 'late', NOW(6) - INTERVAL 10 SECOND)")
  await work.at(third, 'UPDATE items SET price = price + 1 WHERE b = 2', 'DELETE FROM log WHERE n = 3 LIMIT 5')
  const changed = await work.sync()
  expect(changed.get(`${first}.orders`)).toBe('1,3,0')
  expect(changed.get(`${first}.items`)).toBe('0,0,10')
  expect(changed.get(`${second}.orders`)).toBe('0,0,0')
  await expectSame(work)

  await work.at(second, 'DELETE FROM orders WHERE id BETWEEN 10 AND 15', 'UPDATE log SET n = 9 LIMIT 2')
  const others = await work.query(`SELECT * FROM orders WHERE tenant_id <> '${second}' ORDER BY ALL`)
  await work.sync('--full', '--database', second)
  await expectSame(work)
  expect(await work.query(`SELECT * FROM orders WHERE tenant_id <> '${second}' ORDER BY ALL`)).toEqual(others)
  const verified = await work.dbsync('verify', '--level', 'rows')
  expect(verified.code, said(verified)).toBe(0)
})

test('a row is found by its key where the character set at the source has two codes for one character', { timeout: 120_000 }, async () => {
  await using work = await warehouse()
  const [tenant] = work.tenants
  const words = () => work.query(`SELECT id, v FROM words WHERE tenant_id = '${tenant}' ORDER BY id`)
  await work.at(tenant, 'CREATE TABLE words (id VARCHAR(9) CHARACTER SET cp932 PRIMARY KEY, v INT)', "INSERT INTO words VALUES (_cp932 x'fa40', 1), ('a', 2)")
  await work.sync()
  // Ⅰ is x'fa4a' then, and its text leads to x'8754'.
  await work.at(tenant, 'UPDATE words SET id = UPPER(id)')
  await work.sync('--allow', 'deletes')
  const expected = [
    ['A', '2'],
    ['Ⅰ', '1'],
  ]
  expect(await words()).toEqual(expected)
  for (const spoil of ["UPDATE words SET v = 9 WHERE id = 'Ⅰ'", "DELETE FROM words WHERE id = 'Ⅰ'"]) {
    const file = await DuckDBInstance.create(work.path)
    const session = await file.connect()
    await session.run(spoil)
    session.closeSync()
    file.closeSync()
    const found = await work.dbsync('verify')
    expect(found.code, said(found)).toBe(5)
    const repaired = await work.dbsync('verify', '--repair')
    expect(repaired.code, said(repaired)).toBe(0)
    expect(await words()).toEqual(expected)
  }
})

test('a file that another program has open is named, and nothing happens to it', { timeout: 120_000 }, async () => {
  await using work = await warehouse()
  await work.sync()
  const instance = await DuckDBInstance.create(work.path)
  const connection = await instance.connect()
  try {
    const run = await work.dbsync('run')
    expect(run.code, said(run)).toBe(4)
    expect(run.stderr).toContain('warehouse.duckdb is open in another program')
    expect(run.stderr).toContain(`process ${process.pid}`)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
  await work.sync()
  await expectSame(work)
})

test('tables whose names differ only by case are refused, and what is there stays', { timeout: 120_000 }, async () => {
  await using work = await warehouse()
  const [first] = work.tenants
  await work.sync()
  const before = await work.copy(first)
  await work.at(first, 'CREATE TABLE `Log` (id INT PRIMARY KEY, other VARCHAR(20))', "INSERT INTO `Log` VALUES (1, 'x')", "INSERT INTO log VALUES ('new', 1)")
  for (const args of [[], ['--full'], []]) {
    const run = await work.dbsync('run', ...args, '--json')
    if (run.json === undefined || !('report' in (run.json as object))) throw new Error(said(run))
    expect(run.code, said(run)).toBe(1)
    const { tables } = (run.json as { readonly report: { readonly tables: readonly { readonly id: string; readonly error?: { readonly code: string } }[] } })
      .report
    const refused = tables.filter(({ error }) => error?.code === 'TABLES_COLLIDE').map(({ id }) => id.split('.').at(-1))
    expect(new Set(refused)).toEqual(new Set(['Log', 'log']))
    expect(await work.copy(first)).toEqual(before)
  }
})
