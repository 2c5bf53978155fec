import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bigQueryMissing, bigQueryRest, startBigQuery, testPair } from '@dbsync/testkit'
import { expect, it } from 'vitest'
import { dbsync } from './dbsync.ts'

type Report = {
  readonly report?: {
    readonly tables: readonly {
      readonly id: string
      readonly outcome: string
      readonly inserted: number
      readonly updated: number
      readonly deleted: number
      readonly verified?: { readonly equal: boolean }
    }[]
  }
}

const ORDERS = `orders (id INT PRIMARY KEY, tenant_id INT, amount DECIMAL(10,2), note VARCHAR(50) CHARACTER SET latin1, born DATE,
  updated_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))`

it.skipIf(await bigQueryMissing())('three databases go into one dataset, and follow their sources there', { timeout: 240_000 }, async () => {
  await using bigquery = await startBigQuery()
  await using pair = await testPair()
  const { source, database } = pair
  const tenants = [database, `${database}_b`, `${database}_it's`]
  const at = async (tenant: string, ...statements: readonly string[]) => {
    const session = await source.connect({ database: tenant })
    await session.query("SET sql_mode = ''")
    for (const sql of statements) await session.query(sql)
    await session.end()
  }
  await using made = new AsyncDisposableStack()
  for (const tenant of tenants.slice(1)) {
    await source.query(`CREATE DATABASE \`${tenant}\``)
    made.defer(async () => void (await source.query(`DROP DATABASE \`${tenant}\``)))
  }
  for (const tenant of tenants) {
    await at(
      tenant,
      `CREATE TABLE ${ORDERS}`,
      "INSERT INTO orders (id, tenant_id, amount, note, born) VALUES (1, 7, 1.5, 'café', '2020-02-29'), (2, NULL, -2.25, NULL, '0000-00-00')",
      'CREATE TABLE log (what VARCHAR(10))',
      "INSERT INTO log VALUES ('a'), ('a'), (NULL)",
    )
  }
  const directory = await mkdtemp(join(tmpdir(), 'dbsync-bigquery-run-'))
  made.defer(() => rm(directory, { recursive: true, force: true }))
  const { host, port, user, password } = source
  const target = { type: 'bigquery', project: bigquery.project, dataset: 'copies', auth: 'none', api_endpoint: bigquery.endpoint }
  await writeFile(
    join(directory, 'params.json'),
    JSON.stringify({ db_host: host, db_port: port, db_user: user, db_pass: password, db_list: tenants, targets: { bq: target } }),
  )
  await writeFile(join(directory, 'sync-config.json'), '{}')
  const run = async () => {
    const outcome = await dbsync(['run', '--json'], { cwd: directory })
    expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0)
    const tables = (outcome.json as Report).report?.tables ?? []
    return new Map(tables.map(({ id, inserted, updated, deleted, verified }) => [id, [inserted, updated, deleted, verified?.equal].join()]))
  }
  const rest = bigQueryRest(bigquery)
  const rows = async (sql: string) => await rest.query(sql)

  expect([...(await run()).values()].sort()).toEqual(['2,0,0,true', '2,0,0,true', '2,0,0,true', '3,0,0,true', '3,0,0,true', '3,0,0,true'])
  const [first = '', second = '', third = ''] = tenants
  await at(first, "UPDATE orders SET note = 'ü' WHERE id = 1", 'DELETE FROM orders WHERE id = 2', "INSERT INTO log VALUES ('a')")
  await at(third, 'ALTER TABLE orders ADD COLUMN extra INT', 'UPDATE orders SET extra = 5 WHERE id = 2')
  const again = await run()
  expect(again.get(`bq/${first}.orders`)).toBe('0,1,1,true')
  expect(again.get(`bq/${first}.log`)).toBe('1,0,0,true')
  expect(again.get(`bq/${second}.orders`)).toMatch(/^0,0,0/)
  const found = await rows(
    `SELECT tenant_id, CAST(id AS STRING), CAST(src_tenant_id AS STRING), note, CAST(extra AS STRING) FROM \`${bigquery.project}\`.copies.orders ORDER BY 1, 2`,
  )
  expect(found).toEqual([
    [first, '1', '7', 'ü', null],
    [second, '1', '7', 'café', null],
    [second, '2', null, null, null],
    [third, '1', '7', 'café', null],
    [third, '2', null, null, '5'],
  ])
  expect((await dbsync(['verify', '--json'], { cwd: directory })).code).toBe(0)
})
