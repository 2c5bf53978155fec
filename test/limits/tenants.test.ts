import { assertSameDatabases, quote } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { type Project, project } from '../project.ts'
import { type Measured, measured, say } from './measured.ts'
import { ownServers } from './servers.ts'
import { PATIENCE, sized } from './size.ts'
import { warehouseIn } from './warehouse.ts'

const servers = ownServers({})
const TENANTS = sized(30, 500)
const TABLES = 3

const SHAPES = [
  `CREATE TABLE orders (id INT PRIMARY KEY, amount DECIMAL(12,2), note VARCHAR(40),
    updated_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))`,
  'CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(40))',
  'CREATE TABLE settings (name VARCHAR(20) PRIMARY KEY, value VARCHAR(40))',
]

/** The project's databases: every one has another number of rows. */
async function makeTenants(work: Project): Promise<readonly string[]> {
  const prefix = `${work.database}_tenant_`
  const tenants = Array.from({ length: TENANTS }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`)
  await work.source.server.query(`GRANT SELECT ON ${quote(`${prefix.replaceAll('_', '\\_')}%`)}.* TO ${work.sourceUser}@'%'`)
  for (const [i, tenant] of tenants.entries()) {
    await work.at.query(`CREATE DATABASE ${tenant}`)
    await work.at.query(`USE ${tenant}`)
    for (const shape of SHAPES) await work.at.query(shape)
    await work.at.query(`INSERT INTO orders (id, amount, note) SELECT seq, seq * ${i + 1} / 8, CONCAT('note ', seq) FROM seq_1_to_${3 + (i % 7)}`)
    await work.at.query(`INSERT INTO users SELECT seq, CONCAT('ü ', seq) FROM seq_1_to_${1 + (i % 3)}`)
    await work.at.query(`INSERT INTO settings VALUES ('name', '${tenant}')`)
  }
  Object.assign(work.params, { db_list: [`${prefix}*`] })
  await work.write('params.json', work.params)
  return tenants
}

/** Statements of a run for each database, and for each of its tables. */
const statements = (database: number, table: number) => TENANTS * (database + table * TABLES) + 120

test(`${TENANTS} databases: one by one, and into shared tables`, { timeout: PATIENCE }, async () => {
  await using work = await project({ servers: servers() })
  const tenants = await makeTenants(work)
  const run = async (what: string, ...args: readonly string[]): Promise<Measured> => {
    const found = await measured({ directory: work.directory, servers: servers() }, args)
    say(`${TENANTS} databases of ${TABLES} tables, ${what}`, found, TENANTS * TABLES)
    return found
  }
  const changed = ({ json }: Measured) =>
    (json as { readonly report: { readonly tables: readonly { readonly id: string; readonly outcome: string }[] } }).report.tables
      .filter(({ outcome }) => outcome !== 'unchanged')
      .map(({ id }) => id.replace(/^\w+\//, ''))
  const last = tenants.at(-1) as string

  await run('the first run', 'run', '--json')
  for (const database of tenants) await assertSameDatabases({ ...work.source, database }, { ...work.target, database: `${database}_copy` })
  const quiet = await run('nothing changed', 'run', '--json')
  expect(changed(quiet)).toEqual([])
  expect(quiet.statements.source).toBeLessThanOrEqual(statements(25, 10))
  expect(quiet.statements.target).toBeLessThanOrEqual(statements(25, 4))
  await run('verify', 'verify')
  const status = await run('status', 'status')
  expect(status.stdout).toContain(last)
  await work.at.query(`UPDATE ${last}.users SET name = 'changed' WHERE id = 1`)
  expect(changed(await run('one row changed', 'run', '--json'))).toEqual([`${last}.users`])
  await assertSameDatabases({ ...work.source, database: last }, { ...work.target, database: `${last}_copy` })

  const warehouse = await warehouseIn(work)
  const wanted = async () => {
    const counts = tenants.map(
      (tenant) => `SELECT '${tenant}' AS tenant, (SELECT SUM(amount) FROM ${tenant}.orders) AS amount, (SELECT COUNT(*) FROM ${tenant}.users) AS users`,
    )
    const found: unknown[] = []
    for (let i = 0; i < counts.length; i += 50) found.push(...(await work.source.server.query(counts.slice(i, i + 50).join(' UNION ALL '))))
    return (found as { tenant: string; amount: string; users: string }[]).map(({ tenant, amount, users }) => [tenant, Number(amount), Number(users)])
  }
  const there = async () => {
    const sql = `SELECT tenant_id, sum(amount)::DOUBLE, (SELECT count(*) FROM users u WHERE u.tenant_id = o.tenant_id)::INT FROM orders o GROUP BY 1 ORDER BY 1`
    return (await warehouse.query(sql)).map(([tenant, amount, users]) => [tenant, Number(amount), Number(users)])
  }
  await run('the first run into DuckDB', 'run', '--json')
  expect(await there()).toEqual(await wanted())
  expect(changed(await run('nothing changed, DuckDB', 'run', '--json'))).toEqual([])
  await work.at.query(`UPDATE ${last}.orders SET amount = 77 WHERE id = 1`)
  expect(changed(await run('one row changed, DuckDB', 'run', '--json'))).toEqual([`${last}.orders`])
  expect(await there()).toEqual(await wanted())
})
