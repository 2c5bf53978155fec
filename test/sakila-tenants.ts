import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quote, testPair } from '@dbsync/testkit'
import { dbsync, type Outcome } from './dbsync.ts'
import { load, SAKILA } from './samples.ts'

type Settings = Readonly<Record<string, unknown>>

/** A column by the source's own catalogue, with how its values are told as text: `moment` is microseconds since 1970, `bytes` small hex. */
export type SourceColumn = { readonly name: string; readonly kind: 'text' | 'decimal' | 'bytes' | 'moment' }

/** One row as text, by columns. */
export type Cells = readonly (string | null)[]

/** Three shops with the whole of Sakila each, no row of one like any of another, and a folder whose params.json brings them into one warehouse. */
export interface SakilaTenants extends AsyncDisposable {
  readonly directory: string
  readonly tenants: readonly [string, string, string]
  /** Of all tables that are copied, the same for all tenants. */
  readonly tables: ReadonlyMap<string, readonly SourceColumn[]>
  /** How far back a run by time reads again. */
  readonly lookbackMinutes: number
  /** What params.json has as the only target. */
  target(settings: Settings): Promise<void>
  at(tenant: string, ...statements: readonly string[]): Promise<void>
  /** The rows as the source has them, by SQL of the test's own. */
  rows(tenant: string, table: string): Promise<readonly Cells[]>
  dbsync(...args: readonly string[]): Promise<Outcome>
}

/** Told by `updated_at`, which moves by itself and may be set to anything. A TIMESTAMP: no summer time makes its lookback longer. */
const EVENTS = `CREATE TABLE events (id INT PRIMARY KEY, what VARCHAR(40), updated_at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))`

/** Without a key: each row is there up to seven times. */
const VISITS = 'CREATE TABLE visits (page VARCHAR(20), visitor INT, at DATETIME(3))'

const LOOKBACK_MINUTES = 30

/** `only`: tables that dbsync copies; left out, all of them. */
export async function sakilaTenants(only: readonly string[] = []): Promise<SakilaTenants> {
  await using opened = new AsyncDisposableStack()
  const pair = opened.use(await testPair())
  const { source, database } = pair
  const tenants = [`${database}_shop1`, `${database}_shop2`, `${database}_shop3`] as const

  async function asked(tenant: string, statements: readonly string[]): Promise<readonly Cells[]> {
    const session = await source.connect({ database: tenant })
    try {
      await session.query("SET time_zone = '+00:00'")
      let rows: unknown = []
      for (const sql of statements) [rows] = await session.query({ sql, rowsAsArray: true })
      return rows as readonly Cells[]
    } finally {
      await session.end()
    }
  }

  for (const [index, tenant] of tenants.entries()) {
    await source.query(`CREATE DATABASE ${quote(tenant)}`)
    await load({ server: source, database: tenant }, SAKILA)
    await asked(tenant, OWN(index + 1))
  }
  const catalogue = await asked(tenants[0], [
    "SELECT table_name, column_name, data_type FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name, ordinal_position",
  ])
  const tables = new Map<string, SourceColumn[]>()
  const types = new Map<string, string>()
  for (const [table = '', name = '', type = ''] of catalogue as readonly string[][]) {
    if (only.length > 0 && !only.includes(table)) continue
    tables.set(table, [...(tables.get(table) ?? []), { name, kind: KINDS[type] ?? 'text' }])
    types.set(`${table}.${name}`, type)
  }

  const directory = await mkdtemp(join(tmpdir(), 'dbsync-sakila-'))
  opened.defer(() => rm(directory, { recursive: true, force: true }))
  await writeFile(join(directory, 'sync-config.json'), '{}')
  const { host, port, user, password } = source
  const kept = opened.move()
  return {
    directory,
    tenants,
    tables,
    lookbackMinutes: LOOKBACK_MINUTES,
    async target(settings) {
      const access = { db_host: host, db_port: port, db_user: user, db_pass: password }
      const params = { ...access, db_list: tenants, table_list: only, lookback_minutes: LOOKBACK_MINUTES, targets: { copies: settings } }
      await writeFile(join(directory, 'params.json'), JSON.stringify(params))
    },
    at: async (tenant, ...statements) => void (await asked(tenant, statements)),
    rows(tenant, table) {
      const cells = (tables.get(table) ?? []).map(({ name }) => `CAST(${asText(quote(name), types.get(`${table}.${name}`))} AS CHAR)`)
      return asked(tenant, [`SELECT ${cells.join(', ')} FROM ${quote(table)}`])
    },
    dbsync: (...args) => dbsync(args, { cwd: directory }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const KINDS: Readonly<Record<string, SourceColumn['kind']>> = {
  decimal: 'decimal',
  blob: 'bytes',
  geometry: 'bytes',
  datetime: 'moment',
  timestamp: 'moment',
}

function asText(column: string, type: string | undefined): string {
  switch (type) {
    case 'blob':
      return `LOWER(HEX(${column}))`
    // As it is documented: four bytes of the SRID, the lowest first, and well-known binary.
    case 'geometry':
      return `LOWER(CONCAT(HEX(REVERSE(UNHEX(LPAD(HEX(ST_SRID(${column})), 8, '0')))), HEX(ST_AsWKB(${column}))))`
    case 'datetime':
    case 'timestamp':
      return `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${column})`
    default:
      return column
  }
}

const STAMPED = [
  ...['actor', 'address', 'category', 'city', 'country', 'customer', 'film', 'film_actor', 'film_category', 'inventory', 'language', 'payment', 'rental'],
  ...['staff', 'store'],
]

/** MariaDB leaves out Sakila's geometries, which are for MySQL. Every row is made the shop's own; the newest of `events` is of now, so a run's position is. */
const OWN = (shop: number): readonly string[] => [
  'ALTER TABLE address ADD COLUMN location GEOMETRY',
  `UPDATE address SET location = ST_GeomFromText(CONCAT('POINT(', address_id / 4, ' -${shop}.5)'), IF(address_id % 2, 0, 4326)), last_update = last_update WHERE address_id % 10 > 0`,
  ...STAMPED.map((table) => `UPDATE ${table} SET last_update = last_update + INTERVAL ${shop} SECOND`),
  `UPDATE film_text SET title = CONCAT(title, ' ${shop}')`,
  `DELETE FROM payment WHERE payment_id % 200 = ${shop}`,
  EVENTS,
  `INSERT INTO events SELECT seq, 'shop ${shop}', NOW(6) - INTERVAL 2001 - seq SECOND FROM seq_1_to_2000`,
  VISITS,
  `INSERT INTO visits SELECT CONCAT('page ', seq % 50), seq % 300 + ${shop * 1000}, '2026-01-0${shop} 10:00:00.125' FROM seq_1_to_2000`,
  `INSERT INTO visits VALUES (NULL, ${shop}, NULL), (NULL, ${shop}, NULL), ('', NULL, '2026-01-0${shop}')`,
]
