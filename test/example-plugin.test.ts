import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dbsync, said } from './dbsync.ts'
import { type Project, project, tableIn } from './project.ts'

const exec = promisify(execFile)
const NAME = 'dbsync-plugin-sqlite'

let folder = ''
let tarball = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-example-'))
  const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', folder, join(import.meta.dirname, '..', 'docs', 'example-plugin')], {
    cwd: folder,
  })
  const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[]
  tarball = join(folder, packed?.filename ?? '')
})
afterAll(async () => await rm(folder, { recursive: true }))

/** By table: its definition, and its cells as text, by queries that share nothing with dbsync. */
const TABLES = {
  orders: {
    definition: `id BIGINT UNSIGNED PRIMARY KEY, paid BOOLEAN, amount DECIMAL(30,8), note VARCHAR(50) CHARACTER SET latin1, born DATE, flags BIT(9), raw VARBINARY(20),
      price DOUBLE, duration TIME(3), at DATETIME(6), updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)`,
    source: ['id', 'paid', 'amount', 'note', 'born', "LPAD(HEX(flags), 4, '0')", 'HEX(raw)', 'IF(price > 1e20, 1, price * 4)', 'duration', 'at', 'updated_at'],
    copy: [
      'id',
      'paid',
      'amount',
      'note',
      'born',
      'iif(flags IS NULL, NULL, hex(flags))',
      'iif(raw IS NULL, NULL, hex(raw))',
      'iif(price > 1e20, 1, CAST(price * 4 AS INTEGER))',
      'duration',
      '"at"',
      'updated_at',
    ],
  },
  // More rows than are compared at a time.
  numbers: { definition: 'n INT PRIMARY KEY', source: ['n'], copy: ['n'] },
  // The key is text, and nothing tells when a row has changed.
  "it's": { definition: 'a VARCHAR(20), b INT, words TEXT, PRIMARY KEY (a, b)', source: ['a', 'b', 'words'], copy: ['a', 'b', 'words'] },
} as const

async function atSource({ at }: Project, table: keyof typeof TABLES): Promise<readonly string[]> {
  const sql = `SELECT ${TABLES[table].source.map((cell) => `CAST(${cell} AS CHAR)`).join(', ')} FROM \`${table}\``
  const [rows] = await at.query({ sql, rowsAsArray: true })
  return (rows as readonly unknown[]).map((row) => JSON.stringify(row)).sort()
}

const copyOf = ({ directory, database }: Project) => join(directory, 'copies', `${encodeURIComponent(database)}.sqlite`)

function atCopy(work: Project, table: keyof typeof TABLES): readonly string[] {
  using db = new DatabaseSync(copyOf(work), { readOnly: true })
  const query = db.prepare(`SELECT ${TABLES[table].copy.map((cell) => `CAST(${cell} AS TEXT)`).join(', ')} FROM "${table}"`)
  query.setReturnArrays(true)
  return query
    .all()
    .map((row) => JSON.stringify(row))
    .sort()
}

async function expectSame(work: Project): Promise<void> {
  for (const table of ['orders', 'numbers', "it's"] as const) {
    const [theirs, ours] = [await atSource(work, table), atCopy(work, table)]
    const [inSource, inCopy] = [new Set(theirs), new Set(ours)]
    expect({ missing: theirs.filter((row) => !inCopy.has(row)), extra: ours.filter((row) => !inSource.has(row)) }).toEqual({ missing: [], extra: [] })
    expect(ours).toHaveLength(theirs.length)
  }
}

test('the example plugin of the documentation, installed from its tarball without a network, syncs into SQLite files', { timeout: 300_000 }, async () => {
  await using work = await project({ suffix: ' é', params: { targets: { files: { type: 'sqlite', folder: 'copies' } } } })
  await work.at.query("SET time_zone = '+00:00'")
  for (const [name, { definition }] of Object.entries(TABLES)) await work.at.query(`CREATE TABLE \`${name}\` (${definition})`)
  await work.at.query(`INSERT INTO orders (id, paid, amount, note, born, flags, raw, price, duration, at, updated_at)
    SELECT seq, seq MOD 2, seq / 8, CONCAT('café ', seq), '2024-02-29', seq, UNHEX(MD5(seq)), seq / 4, '-12:34:56.789', '2026-01-01 00:00:00.000001', NOW(6) - INTERVAL 1 DAY FROM seq_1_to_300`)
  await work.at.query('INSERT INTO orders (id, note) VALUES (18446744073709551615, NULL)')
  await work.at.query('INSERT INTO numbers SELECT seq FROM seq_1_to_17000')
  await work.at.query(`INSERT INTO \`it's\` SELECT CONCAT('k''', seq), seq MOD 5, CONCAT('表 ', CHAR(0), seq) FROM seq_1_to_300`)

  const missing = await work.dbsync('run')
  expect(missing.code, said(missing)).toBe(2)

  const installed = await dbsync(['plugins', 'install', `file://${tarball}`], { cwd: work.directory, env: { npm_config_offline: 'true' } })
  expect(installed.code, said(installed)).toBe(0)
  expect((await readdir(join(work.directory, '.home', 'data', 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual([NAME])
  const { stdout } = await work.dbsync('targets')
  expect(stdout).toMatch(new RegExp(`^target "sqlite": .*\n +from ${NAME} 1\\.0\\.0\n.*\n +folder +string +yes`, 'm'))

  const first = await work.sync()
  for (const { strategy, inserted } of first.tables) expect([strategy, inserted]).toEqual(['full', expect.any(Number)])
  expect(first.totals.inserted).toBe(17_601)
  await expectSame(work)

  await work.at.query("UPDATE orders SET note = 'changed' WHERE id IN (3, 18446744073709551615)")
  await work.at.query("INSERT INTO orders (id, note, price) VALUES (20000, 'new', 1e21)")
  await work.at.query("UPDATE `it's` SET words = NULL WHERE b = 2")
  await work.at.query("DELETE FROM `it's` WHERE b = 3")
  await work.at.query("ALTER TABLE `it's` ADD COLUMN extra INT NOT NULL DEFAULT 7")
  const second = await work.sync()
  expect(tableIn(second, 'orders')).toMatchObject({ strategy: 'time', inserted: 1, updated: 2, deleted: 0 })
  expect(tableIn(second, "it's")).toMatchObject({ strategy: 'full', inserted: 240 })
  await expectSame(work)

  const equal = await work.dbsync('verify')
  expect(equal.code, said(equal)).toBe(0)
  {
    using db = new DatabaseSync(copyOf(work))
    expect(db.prepare('SELECT sum(extra) AS sum FROM "it\'s"').get()).toEqual({ sum: 7 * 240 })
    db.exec("UPDATE \"it's\" SET words = 'spoiled' WHERE a = 'k''7'; DELETE FROM orders WHERE id = 7")
  }
  const different = await work.dbsync('verify', '--json')
  expect(different.code, said(different)).toBe(5)
  expect(different.json).toMatchObject({ report: { totals: { missing: 1, changed: 1, extra: 0 } } })

  const uninstalled = await work.dbsync('plugins', 'uninstall', NAME)
  expect(uninstalled.code, said(uninstalled)).toBe(0)
  expect((await work.dbsync('targets')).stdout).not.toContain(NAME)
})

test('from a registry, by its name and version', { timeout: 300_000 }, async () => {
  await using registry = await registryOf(tarball)
  await using work = await project({ params: { targets: { files: { type: 'sqlite', folder: 'copies' } } } })
  await work.at.query('CREATE TABLE numbers (n INT PRIMARY KEY)')
  await work.at.query('INSERT INTO numbers SELECT seq FROM seq_1_to_10')
  // npm reads these; its cache must not know the package.
  const env = { npm_config_registry: registry.address, npm_config_cache: join(folder, 'cache'), npm_config_userconfig: join(folder, 'no-npmrc') }
  const installed = await dbsync(['plugins', 'install', `${NAME}@${registry.version}`], { cwd: work.directory, env })
  expect(installed.code, said(installed)).toBe(0)
  expect(registry.asked.some((path) => path.endsWith('.tgz'))).toBe(true)
  const listed = await work.dbsync('plugins')
  expect(listed.stdout).toContain(`${NAME} ${registry.version}`)
  await work.sync()
  expect(atCopy(work, 'numbers')).toHaveLength(10)
  const none = await dbsync(['plugins', 'install', 'dbsync-plugin-that-is-nowhere'], { cwd: work.directory, env })
  expect(none.code, said(none)).not.toBe(0)
  expect(none.stderr).toContain('dbsync-plugin-that-is-nowhere')
})

type Registry = AsyncDisposable & { readonly address: string; readonly version: string; readonly asked: readonly string[] }

/** As much of a registry of npm packages as an install asks for. */
async function registryOf(file: string): Promise<Registry> {
  const bytes = await readFile(file)
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, '..', 'docs', 'example-plugin', 'package.json'), 'utf8')) as { readonly version: string }
  const { version } = manifest
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    if (url.endsWith('.tgz')) return void response.end(bytes)
    if (url !== `/${NAME}`) return void response.writeHead(404).end('{}')
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
    const dist = { tarball: `${address}/${NAME}/-/${NAME}-${version}.tgz`, integrity }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ name: NAME, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, name: NAME, dist } } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    address,
    version,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
