import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BigQueryFaultProxy,
  type BigQueryRest,
  bigQueryRest,
  quote,
  type ServerClient,
  startBigQuery,
  startBigQueryFaultProxy,
  testPair,
} from '@dbsync/testkit'
import { dbsync, keepSecret, type Outcome } from './dbsync.ts'

type Settings = Readonly<Record<string, unknown>>

/** Many small databases of one shape at one source, and a dataset for all of them. */
export interface Fleet extends AsyncDisposable {
  readonly directory: string
  readonly tenants: readonly string[]
  readonly proxy: BigQueryFaultProxy
  /** Past the proxy. */
  readonly rest: BigQueryRest
  /** As root. */
  readonly source: ServerClient
  /** The name of a table in BigQuery's SQL. */
  at(table: string): string
  /** The target's settings in params.json from now on, with more of them. */
  target(more: Settings): Promise<void>
  dbsync(...args: readonly string[]): Promise<Outcome>
  /** Jobs and other requests since this was asked last. */
  asked(): { readonly jobs: number; readonly requests: number }
}

const ORDERS = `CREATE TABLE orders (id INT PRIMARY KEY, owner VARCHAR(64) NOT NULL, amount INT, note VARCHAR(40),
  updated_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))`
const USERS = 'CREATE TABLE users (id BIGINT PRIMARY KEY, owner VARCHAR(64) NOT NULL, name VARCHAR(40))'

/** Every row says whose it is, and each tenant has another number of them. */
export const ordersOf = (tenant: number): number => 3 + (tenant % 7)
/** Every fifth has this table too. */
export const usersOf = (tenant: number): number => (tenant % 5 === 4 ? 1 + (tenant % 3) : 0)

export async function fleet(count: number, config: Settings = {}): Promise<Fleet> {
  await using opened = new AsyncDisposableStack()
  const bigquery = opened.use(await startBigQuery())
  const proxy = opened.use(await startBigQueryFaultProxy(bigquery))
  const { source, ...pair } = opened.use(await testPair())
  const prefix = `${pair.database}_`
  const tenants = Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`)
  const session = await source.connect({})
  opened.defer(async () => {
    for (const tenant of tenants) await session.query(`DROP DATABASE IF EXISTS ${quote(tenant)}`)
    await session.query(`DROP USER IF EXISTS ${user}@'%'`)
    session.destroy()
  })
  const [user, password] = [`r_${randomBytes(5).toString('hex')}`, randomBytes(8).toString('hex')]
  keepSecret(password)
  await session.query(`CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`)
  for (const [i, tenant] of tenants.entries()) {
    await session.query(`CREATE DATABASE ${quote(tenant)}`)
    await session.query(`GRANT SELECT ON ${quote(tenant.replaceAll('_', '\\_'))}.* TO ${user}@'%'`)
    await session.query(`USE ${quote(tenant)}`)
    await session.query(ORDERS)
    await session.query(
      `INSERT INTO orders (id, owner, amount, note) SELECT seq, '${tenant}', seq * ${i + 1}, CONCAT('note ', seq) FROM seq_1_to_${ordersOf(i)}`,
    )
    if (usersOf(i) === 0) continue
    await session.query(USERS)
    await session.query(`INSERT INTO users SELECT seq, '${tenant}', CONCAT('ü ', seq) FROM seq_1_to_${usersOf(i)}`)
  }
  const directory = await mkdtemp(join(tmpdir(), 'dbsync-fleet-'))
  opened.defer(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'sync-config.json'), JSON.stringify(config))
  const target = async (more: Settings) => {
    const bq = { type: 'bigquery', project: bigquery.project, dataset: 'fleet', auth: 'none', api_endpoint: proxy.endpoint, ...more }
    const connection = { db_host: source.host, db_port: source.port, db_user: user, db_pass: password }
    await writeFile(join(directory, 'params.json'), JSON.stringify({ ...connection, db_list: tenants, retry_delay: 0, targets: { bq } }))
  }
  await target({})
  const kept = opened.move()
  let told = 0
  return {
    directory,
    tenants,
    proxy,
    rest: bigQueryRest(bigquery),
    source,
    at: (table) => `\`${bigquery.project}\`.fleet.${table}`,
    target,
    dbsync: (...args) => dbsync(args, { cwd: directory }),
    asked() {
      const since = proxy.requests.slice(told)
      told = proxy.requests.length
      const jobs = since.filter(({ method, path }) => method === 'POST' && /\/jobs(\?|$)/.test(path)).length
      return { jobs, requests: since.length - jobs }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
