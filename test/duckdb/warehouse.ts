import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quote, testPair } from '@dbsync/testkit'
import { DuckDBInstance } from '@duckdb/node-api'
import { dbsync, type Outcome, type RunningProgram, said, startDbsync } from '../dbsync.ts'

/** Three databases of one shape, a folder whose params.json brings them into one DuckDB file, and the plugin. */
export interface Warehouse extends AsyncDisposable {
  readonly directory: string
  readonly path: string
  readonly tenants: readonly [string, string, string]
  /** Statements at the source. */
  at(tenant: string, ...statements: readonly string[]): Promise<void>
  dbsync(...args: readonly string[]): Promise<Outcome>
  start(...args: readonly string[]): RunningProgram
  /** `dbsync run`; by table what was inserted, updated and deleted. Throws unless it exits 0. */
  sync(...args: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Asks DuckDB itself. Nobody else may have the file open. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>
  /** The rows of a tenant's tables, by table, at the source and in the file: queries of their own, which share nothing with dbsync. */
  source(tenant: string): Promise<Rows>
  copy(tenant: string): Promise<Rows>
}

export type Rows = Readonly<Record<string, readonly string[]>>

type Shape = { readonly definition: string; readonly mysql: readonly string[]; readonly duckdb: readonly string[] }

const TABLES: Readonly<Record<string, Shape>> = {
  orders: {
    definition: `id BIGINT UNSIGNED PRIMARY KEY, tenant_id INT, amount DECIMAL(30,8), note VARCHAR(50) CHARACTER SET latin1, born DATE, flag BIT(1), raw VARBINARY(20),
      at DATETIME(6), updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)`,
    mysql: [
      'id',
      'tenant_id',
      'amount',
      'note',
      'born',
      'flag + 0',
      'HEX(raw)',
      "DATE_FORMAT(at, '%Y-%m-%d %H:%i:%s.%f')",
      "DATE_FORMAT(updated_at, '%Y-%m-%d %H:%i:%s.%f')",
    ],
    duckdb: [
      'id',
      'src_tenant_id',
      'amount',
      'note',
      'born',
      'flag::INT',
      'hex(raw)',
      `strftime("at", '%Y-%m-%d %H:%M:%S.%f')`,
      "strftime(timezone('UTC', updated_at), '%Y-%m-%d %H:%M:%S.%f')",
    ],
  },
  items: {
    definition: 'a VARCHAR(20), b INT, t TIME(3), price DOUBLE, PRIMARY KEY (a, b)',
    mysql: ['a', 'b', 't', 'price'],
    duckdb: ['a', 'b', 't', 'CASE WHEN price = floor(price) THEN price::BIGINT::VARCHAR ELSE price::VARCHAR END'],
  },
  log: { definition: 'what VARCHAR(10), n INT', mysql: ['what', 'n'], duckdb: ['what', 'n'] },
}

export const TABLE_NAMES = Object.keys(TABLES)

const PLUGIN = join(import.meta.dirname, '..', '..', 'packages', 'plugin-duckdb-target')

/** Asks DuckDB itself. Nobody else may have the file open. */
export async function queryFile(path: string, sql: string): Promise<readonly (readonly unknown[])[]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** With `link: false` the plugin is not there. */
export async function warehouse({ rows = 50, link = true } = {}): Promise<Warehouse> {
  await using made = new AsyncDisposableStack()
  const pair = made.use(await testPair())
  const { source, database } = pair
  const tenants = [database, `${database}_b`, `${database}_it's`] as const
  async function at(tenant: string, ...statements: readonly string[]): Promise<void> {
    const session = await source.connect({ database: tenant })
    await session.query("SET time_zone = '+00:00'")
    for (const sql of statements) await session.query(sql)
    await session.end()
  }
  for (const tenant of tenants) {
    if (tenant !== database) {
      await source.query(`CREATE DATABASE ${quote(tenant)}`)
      made.defer(async () => void (await source.query(`DROP DATABASE ${quote(tenant)}`)))
    }
    await at(
      tenant,
      ...Object.entries(TABLES).map(([name, { definition }]) => `CREATE TABLE ${name} (${definition})`),
      `INSERT INTO orders (id, tenant_id, amount, note, born, flag, raw, at, updated_at) SELECT seq, seq MOD 7, seq / 8, CONCAT('café ', seq), '2024-02-29', seq MOD 2, UNHEX(MD5(seq)),
        '2026-01-01 00:00:00.000001', NOW(6) - INTERVAL 1 DAY FROM seq_1_to_${rows}`,
      'INSERT INTO orders (id) VALUES (18446744073709551615)',
      `INSERT INTO items SELECT CONCAT('it''s ', seq), seq MOD 5, '-12:34:56.789', seq / 4 FROM seq_1_to_${rows}`,
      `INSERT INTO log SELECT CONCAT('l', seq MOD 3), seq MOD 4 FROM seq_1_to_${rows}`,
      'INSERT INTO log VALUES (NULL, NULL), (NULL, NULL)',
    )
  }
  const directory = await mkdtemp(join(tmpdir(), 'dbsync-duckdb-run-'))
  made.defer(() => rm(directory, { recursive: true, force: true }))
  const { host, port, user, password } = source
  const targets = { local: { type: 'duckdb', path: 'copies/warehouse.duckdb' } }
  await writeFile(join(directory, 'params.json'), JSON.stringify({ db_host: host, db_port: port, db_user: user, db_pass: password, db_list: tenants, targets }))
  await writeFile(join(directory, 'sync-config.json'), '{}')
  if (link) {
    const linked = await dbsync(['plugins', 'link', '--no-install', PLUGIN], { cwd: directory })
    if (linked.code !== 0) throw new Error(said(linked))
  }
  const path = join(directory, 'copies', 'warehouse.duckdb')

  const query = (sql: string) => queryFile(path, sql)
  const kept = made.move()
  return {
    directory,
    path,
    tenants,
    at,
    query,
    dbsync: (...args) => dbsync(args, { cwd: directory }),
    start: (...args) => startDbsync(args, { cwd: directory }),
    async sync(...args) {
      const outcome = await dbsync(['run', '--json', ...args], { cwd: directory })
      if (outcome.code !== 0) throw new Error(said(outcome))
      const { report } = outcome.json as { readonly report: { readonly tables: readonly Reported[] } }
      return new Map(report.tables.map(({ id, inserted, updated, deleted }) => [id.replace('local/', ''), `${inserted},${updated},${deleted}`]))
    },
    async source(tenant) {
      const session = await source.connect({ database: tenant })
      await session.query("SET time_zone = '+00:00'")
      const found: Record<string, readonly string[]> = {}
      for (const [name, { mysql }] of Object.entries(TABLES)) {
        const [lines] = await session.query({ sql: `SELECT ${mysql.map((cell) => `CAST(${cell} AS CHAR)`).join(', ')} FROM ${name}`, rowsAsArray: true })
        found[name] = sorted(lines as readonly unknown[])
      }
      await session.end()
      return found
    },
    async copy(tenant) {
      const found: Record<string, readonly string[]> = {}
      for (const [name, { duckdb }] of Object.entries(TABLES)) {
        const cells = duckdb.map((cell) => `CAST(${cell} AS VARCHAR)`).join(', ')
        found[name] = sorted(await query(`SELECT ${cells} FROM ${name} WHERE tenant_id = '${tenant.replaceAll("'", "''")}'`))
      }
      return found
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

type Reported = { readonly id: string; readonly inserted: number; readonly updated: number; readonly deleted: number }

const sorted = (rows: readonly unknown[]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort()
