import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { appendFile, chmod, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, gzipSync } from 'node:zlib'
import type { BackupPoint, BackupRequest, Backups, TableRef } from '@dbsync/core/plugin'
import { quoteId, quoteTable } from '@dbsync/mysql'
import { assertSameDatabases, findProgram } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Rig, rig } from '../test-rig.ts'

const never = new AbortController().signal
/** Everything that a name can try on a comment, a client, a path or an object. */
const HOSTILE = [
  'a`b',
  "it's",
  'two\nlines',
  '../../x',
  '*/ DROP TABLE sentinel; /*',
  'é表',
  '__proto__',
  '-- x',
  'a\\',
  '; DROP TABLE `sentinel`',
  '\\! touch pwned',
]

let r: Rig
let folder: string
let backups: Backups
const copies: string[] = []

beforeAll(async () => {
  r = await rig(" `x'\n*/y")
  folder = join(await mkdtemp(join(tmpdir(), 'dbsync-points-')), 'backups', 'database')
  if (r.target.backups === undefined) throw new Error('no backups')
  backups = r.target.backups(folder)
  await r.at('target', 'CREATE TABLE sentinel (id INT PRIMARY KEY)', 'INSERT INTO sentinel VALUES (1)')
})
afterAll(async () => {
  for (const database of copies) await r.server.query(`DROP DATABASE IF EXISTS ${quoteId(database)}`)
  await r[Symbol.asyncDispose]()
  await rm(join(folder, '..', '..'), { recursive: true, force: true })
})

let second = 0
const request = (tables: readonly TableRef[]): BackupRequest => ({
  at: new Date(Date.UTC(2026, 10, 21, 2, 0, second++)),
  run: 'r1',
  target: 'copy',
  tables,
  state: { tables: { ['__proto__']: 1 } },
})
const inDatabase = (...names: readonly string[]): readonly TableRef[] => names.map((name) => ({ database: r.database, name }))

async function emptyCopy(): Promise<string> {
  const database = `${r.database.slice(0, 20)}_copy${copies.length}`
  await r.server.query(`CREATE DATABASE ${quoteId(database)} CHARACTER SET latin1`)
  copies.push(database)
  return database
}

/** What a user without dbsync does: `zcat FILE | mariadb DATABASE`. */
async function loadWithClient(point: BackupPoint, ...database: readonly string[]): Promise<void> {
  const client = spawn(
    await findProgram('mariadb', 'mysql'),
    ['--no-defaults', '-h', r.server.host, '-P', String(r.server.port), '-u', r.server.user, `-p${r.server.password}`, ...database],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  )
  let complaints = ''
  client.stderr.on('data', (piece) => {
    complaints += piece
  })
  const ended = new Promise<number | null>((resolve) => client.once('close', resolve))
  // A client that gives up closes its input.
  await pipeline(createReadStream(point.path), createGunzip(), client.stdin).catch(() => {})
  expect(await ended, complaints).toBe(0)
}

const TYPES = `CREATE TABLE types (
  id INT NOT NULL AUTO_INCREMENT, u BIGINT UNSIGNED, z INT(6) ZEROFILL, d DECIMAL(65,30), f FLOAT, g DOUBLE, y YEAR, bo BOOL,
  v VARCHAR(300) CHARACTER SET utf8mb4, l VARCHAR(300) CHARACTER SET latin1, k VARCHAR(50) CHARACTER SET gbk, s TEXT CHARACTER SET sjis, u2 VARCHAR(20) CHARACTER SET ucs2,
  b VARBINARY(600), lb LONGBLOB, bi BIT(9), b64 BIT(64), e ENUM('','a','it''s') CHARACTER SET latin1, e2 ENUM('x','y'), se SET('','p','q'),
  j JSON, da DATE, ti TIME(6), dt DATETIME(6), ts TIMESTAMP(6) NULL, po POINT, uu UUID, i6 INET6,
  hidden INT INVISIBLE DEFAULT 3, twice BIGINT AS (hidden * 2) VIRTUAL, thrice BIGINT AS (hidden * 3) STORED,
  PRIMARY KEY (id), UNIQUE KEY u (u), KEY v (v(10)), CHECK (d < 5)
) ENGINE=InnoDB AUTO_INCREMENT=100 DEFAULT CHARSET=utf8mb4 COMMENT='it''s */ a; -- comment'`

async function fillTypes(): Promise<void> {
  const bytes = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0')).join('')
  await r.at(
    'target',
    TYPES,
    `INSERT INTO types (id,u,z,d,f,g,y,bo,v,l,k,s,u2,b,lb,bi,b64,e,e2,se,j,da,ti,dt,ts,po,uu,i6,hidden) VALUES
     (0,18446744073709551615,7,'-12345678901234567890123456789012345.123456789012345678901234567890',16777217,1e308,2155,1,'😀 a\\tb\\nc\\\\d''e"f\\0g\\Z%_\\r\\n',X'${bytes}',X'b0a1',X'835c5c',X'0041d83d',X'${bytes}',REPEAT(X'${bytes}',2000),b'101010101',X'ffffffffffffffff','','x','','{"a": "it''s \\\\" é"}','0000-00-00','-838:59:59.000001','2026-02-31 00:00:00.000001','2026-10-25 01:30:00.5',ST_GeomFromText('POINT(1 2)', 4326),'123e4567-e89b-12d3-a456-426614174000','::1',9)`,
    "INSERT INTO types (id, e, f, g, y) VALUES (5, 'a', 0.1, 5e-324, '0000'), (6, 'it''s', -0e0, -0e0, 1901), (7, NULL, 3.40282347e38, 0.1, NULL)",
    "INSERT INTO types (id, v, l, b) VALUES (-2, '', '', ''), (8, 'NULL', '\\\\N', ' ')",
    // The invalid value that a server without strict mode stores.
    "SET SESSION sql_mode = ''",
    "INSERT INTO types (id, e, e2) VALUES (9, 'no member', 'no member')",
  )
}

describe('a point', () => {
  test('holds every value, and loads with the plain client and with ours', async () => {
    await fillTypes()
    await r.at(
      'target',
      'CREATE TABLE keyless (a INT, b TEXT)',
      "INSERT INTO keyless SELECT seq % 7, REPEAT('x', 300) FROM seq_1_to_9000",
      'CREATE TABLE myisam (a INT) ENGINE=MyISAM',
      'INSERT INTO myisam VALUES (1)',
      'CREATE TABLE log (n INT, t TEXT)',
      `CREATE TRIGGER ${quoteTable({ database: r.database, name: 'tr ;; `x' })} BEFORE INSERT ON keyless FOR EACH ROW BEGIN /* kept; */ INSERT INTO log VALUES (NEW.a, 'a;b;;'); SET NEW.b = 'é'; END`,
    )
    const written = new Map<string, number>()
    const progress = ({ table, rows }: { table: TableRef; rows: number }) => void written.set(table.name, rows)
    const point = await backups.create({ ...request(inDatabase('types', 'keyless', 'log', 'sentinel', 'gone')), progress }, never)
    expect(point.name).toMatch(/^backup_point_20261121_0200\d\d\.sql\.gz$/)
    expect(point.manifest?.consistency.scope).toBe('all')
    expect(point.manifest?.tables.map(({ name, rows, absent }) => [name, rows, absent])).toEqual([
      ['types', 7, undefined],
      ['keyless', 9000, undefined],
      ['log', 0, undefined],
      ['sentinel', 1, undefined],
      ['gone', 0, true],
    ])
    expect(written.get('keyless')).toBe(9000)
    expect((await stat(point.path)).mode & 0o777).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await readdir(folder)).length).toBe(2)

    const copy = await emptyCopy()
    await loadWithClient(point, copy)
    const source = { server: r.server, database: r.database }
    await assertSameDatabases(source, { server: r.server, database: copy }, { tables: ['types', 'keyless', 'log', 'sentinel'] })
    const triggers = await r.server.query('SELECT ACTION_STATEMENT AS body, TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?', [
      copy,
    ])
    expect(triggers.map(({ name }) => name)).toEqual(['tr ;; `x'])
    expect(String(triggers[0]?.['body'])).toContain("'a;b;;'")

    expect(await backups.check(point, { restore: false, signal: never })).toMatchObject({ verdict: 'intact', findings: [] })
    const proved = await backups.check(point, { restore: true, signal: never })
    expect(proved, proved.findings.join()).toMatchObject({ verdict: 'proved', findings: [] })
    expect((await backups.list())[0]?.manifest?.restoredAt).not.toBeNull()
    expect(await r.server.query("SHOW DATABASES LIKE '\\_dbsync\\_check%'")).toEqual([])

    const apart = await backups.create(request(inDatabase('myisam')), never)
    expect(apart.manifest?.consistency).toMatchObject({ scope: 'table', detail: expect.stringContaining('myisam') })
  })

  test('holds triggers of other SQL modes, whatever a backslash means there', async () => {
    await r.at(
      'target',
      'CREATE TABLE modes (a INT, b TEXT)',
      "SET sql_mode = 'ANSI_QUOTES'",
      'CREATE TRIGGER "m1" BEFORE INSERT ON "modes" FOR EACH ROW SET NEW."b" = \'one;\'',
      "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
      "CREATE TRIGGER m2 BEFORE UPDATE ON modes FOR EACH ROW SET NEW.b = 'two\\'",
      "CREATE TRIGGER m3 BEFORE DELETE ON modes FOR EACH ROW SET @x = 'three'",
      'INSERT INTO modes (a) VALUES (1)',
    )
    const point = await backups.create(request(inDatabase('modes')), never)
    expect(point.manifest?.consistency.scope).toBe('all')
    expect(await backups.check(point, { restore: true, signal: never })).toMatchObject({ verdict: 'proved' })
    const copy = await emptyCopy()
    await loadWithClient(point, copy)
    const triggers = await r.server.query(
      'SELECT TRIGGER_NAME AS name, SQL_MODE AS mode FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ? ORDER BY 1',
      [copy],
    )
    expect(triggers).toEqual([
      { name: 'm1', mode: 'ANSI_QUOTES' },
      { name: 'm2', mode: 'NO_BACKSLASH_ESCAPES' },
      { name: 'm3', mode: 'NO_BACKSLASH_ESCAPES' },
    ])
  })

  test('is one moment: what is committed while it is written is not in it', async () => {
    await r.at('target', 'CREATE TABLE ca (a INT PRIMARY KEY)', 'CREATE TABLE cb (a INT PRIMARY KEY)', 'INSERT INTO ca SELECT seq FROM seq_1_to_20000')
    let between: Promise<unknown> | undefined
    const progress = ({ table }: { table: TableRef }) => {
      if (table.name === 'ca') between ??= r.server.query(`INSERT INTO ${quoteTable({ database: r.database, name: 'cb' })} VALUES (1)`)
    }
    const point = await backups.create({ ...request(inDatabase('ca', 'cb')), progress }, never)
    await between
    expect(between).toBeDefined()
    expect(point.manifest?.tables.map(({ rows }) => rows)).toEqual([20000, 0])
  })

  test('of hostile names runs nothing that they say, over the client and over ours', async () => {
    for (const [i, name] of HOSTILE.entries()) {
      const table = quoteTable({ database: r.database, name })
      await r.at(
        'target',
        `CREATE TABLE ${table} (${quoteId(name)} INT PRIMARY KEY COMMENT 'x*/;\\'--', \`n\` TEXT)`,
        `INSERT INTO ${table} VALUES (${i}, '; DROP TABLE sentinel; --')`,
      )
    }
    const point = await backups.create(request(inDatabase(...HOSTILE, 'sentinel')), never)
    const copy = await emptyCopy()
    await loadWithClient(point, copy)
    const same = { tables: [...HOSTILE, 'sentinel'] }
    await assertSameDatabases({ server: r.server, database: r.database }, { server: r.server, database: copy }, same)
    expect(await backups.check(point, { restore: true, signal: never })).toMatchObject({ verdict: 'proved' })
    expect(await r.server.query(`SELECT * FROM ${quoteTable({ database: r.database, name: 'sentinel' })}`)).toEqual([{ id: 1 }])
  })

  test('of two databases creates and uses them by name', async () => {
    const other = await emptyCopy()
    await r.server.query(`CREATE TABLE ${quoteTable({ database: other, name: 'o' })} (a INT PRIMARY KEY)`)
    await r.server.query(`INSERT INTO ${quoteTable({ database: other, name: 'o' })} VALUES (1), (2)`)
    const point = await backups.create(request([...inDatabase('sentinel'), { database: other, name: 'o' }]), never)
    expect(await backups.check(point, { restore: true, signal: never })).toMatchObject({ verdict: 'proved' })
    await r.server.query(`DROP DATABASE ${quoteId(other)}`)
    await r.at('target', 'DELETE FROM sentinel')
    await loadWithClient(point)
    expect(await r.server.query(`SELECT COUNT(*) AS n FROM ${quoteTable({ database: other, name: 'o' })}`)).toEqual([{ n: '2' }])
    expect(await r.server.query(`SELECT * FROM ${quoteTable({ database: r.database, name: 'sentinel' })}`)).toEqual([{ id: 1 }])
  })
})

describe('a check', () => {
  test('that restores finds a point whose rows are not those of its manifest, although its checksum fits', async () => {
    const point = await backups.create(request(inDatabase('sentinel')), never)
    const { manifest } = point
    if (manifest === undefined) throw new Error('no manifest')
    const lying = { ...manifest, tables: manifest.tables.map((table) => ({ ...table, digest: '12345' })) }
    await writeFile(point.path.replace('.sql.gz', '.json'), JSON.stringify(lying))
    expect(await backups.check(point, { restore: false, signal: never })).toMatchObject({ verdict: 'intact' })
    expect(await backups.check(point, { restore: true, signal: never })).toMatchObject({
      verdict: 'damaged',
      findings: [expect.stringContaining('other rows')],
    })
    await backups.drop(point)
    expect((await readdir(folder)).filter((name) => name.startsWith(point.name.slice(0, 28)))).toEqual([])
  })

  test('reads a dump of mariadb-dump, loads it, and calls it unproved', async () => {
    const dump = await dumpWithTool(r.database)
    const place = join(folder, 'by-hand.sql.gz')
    await writeFile(place, gzipSync(dump))
    const point = (await backups.list()).find(({ name }) => name === 'by-hand.sql.gz')
    if (point === undefined) throw new Error('not listed')
    expect(point.manifest).toBeUndefined()
    const checked = await backups.check(point, { restore: true, signal: never })
    expect(checked, checked.findings.join('\n')).toMatchObject({ verdict: 'unproved', findings: expect.arrayContaining(['it can be restored']) })
    expect(checked.tables.find(({ name }) => name === 'keyless')).toEqual({ database: r.database.split('\n')[0], name: 'keyless', rows: 9000 })

    await writeFile(place, gzipSync(dump.subarray(0, dump.lastIndexOf('UNLOCK TABLES;') + 15)))
    expect(await backups.check(point, { restore: false, signal: never })).toMatchObject({ verdict: 'damaged' })
    await writeFile(place, gzipSync(Buffer.concat([dump, Buffer.from('\nDROP DATABASE mysql;\n-- Dump completed\n')])))
    const refused = await backups.check(point, { restore: true, signal: never })
    expect(refused).toMatchObject({ verdict: 'unproved' })
    await writeFile(place, gzipSync(Buffer.concat([dump, Buffer.from('\nGRANT ALL ON *.* TO x;\n-- Dump completed\n')])))
    expect(await backups.check(point, { restore: true, signal: never })).toMatchObject({ verdict: 'damaged', findings: [expect.stringContaining('GRANT')] })
    await rm(place)
  })

  test('does not call a point damaged because the server takes no statement of that size', async () => {
    await r.at('target', 'CREATE TABLE large (id INT PRIMARY KEY, b LONGBLOB)', "INSERT INTO large VALUES (1, REPEAT(X'ff', 9 << 20))")
    const point = await backups.create(request(inDatabase('large')), never)
    await expect(backups.check(point, { restore: true, signal: never })).rejects.toMatchObject({ code: 'MYSQL_PACKET' })
    expect(await r.server.query("SHOW DATABASES LIKE '\\_dbsync\\_check%'")).toEqual([])
  })

  test('says which right is missing, and removes what a killed check left', async () => {
    const user = `c_${Date.now()}`
    await r.server.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'pw'`)
    await r.server.query(`GRANT SELECT, TRIGGER ON ${quoteId(r.database.replaceAll('_', '\\_'))}.* TO ${user}@'%'`)
    const target = await r.open({ user, password: 'pw' })
    try {
      const limited = target.backups?.(folder)
      const point = await limited?.create(request(inDatabase('sentinel')), never)
      if (point === undefined) throw new Error('no point')
      await expect(limited?.check(point, { restore: true, signal: never })).rejects.toMatchObject({
        kind: 'privilege',
        hint: expect.stringContaining('GRANT ALL ON `\\_dbsync\\_check\\_%`.*'),
      })
    } finally {
      await target[Symbol.asyncDispose]()
      await r.server.query(`DROP USER ${user}@'%'`)
    }
    await r.server.query('CREATE DATABASE _dbsync_check_0123456789ab_0')
    const point = await backups.create(request(inDatabase('sentinel')), never)
    await backups.check(point, { restore: true, signal: never })
    expect(await r.server.query("SHOW DATABASES LIKE '\\_dbsync\\_check%'")).toEqual([])
  })
})

describe('the folder', () => {
  test('takes a second point of the same second under another name, newest first', async () => {
    const same = request(inDatabase('sentinel'))
    const points = await Promise.all([1, 2, 3].map(() => backups.create(same, never)))
    const names = points.map(({ name }) => name).sort()
    const stem = names[0]?.slice(0, 28)
    expect(names).toEqual([`${stem}.sql.gz`, `${stem}_2.sql.gz`, `${stem}_3.sql.gz`])
    expect((await backups.list()).map(({ name }) => name).filter((name) => names.includes(name))).toEqual(names.toReversed())
    for (const point of points) expect(await backups.check(point, { restore: false, signal: never })).toMatchObject({ verdict: 'intact' })
  })

  test('that cannot be written is named, and a link is not followed', async () => {
    const closed = join(folder, '..', 'closed')
    await symlink(folder, closed)
    await expect(r.target.backups?.(closed).create(request(inDatabase('sentinel')), never)).rejects.toMatchObject({ code: 'BACKUP_UNWRITABLE' })
    await rm(closed)
    await writeFile(closed, '')
    await expect(r.target.backups?.(join(closed, 'x')).create(request(inDatabase('sentinel')), never)).rejects.toMatchObject({ code: 'BACKUP_UNWRITABLE' })
    await chmod(closed, 0o600)
  })

  test('keeps no file of a point that failed, and loses those that a killed process left', async () => {
    const before = await readdir(folder)
    const stop = new AbortController()
    const progress = () => stop.abort()
    await expect(backups.create({ ...request(inDatabase('keyless')), progress }, stop.signal)).rejects.toMatchObject({ kind: 'cancelled' })
    expect(await readdir(folder)).toEqual(before)

    const gone = `.backup_point_20200101_000000.${(await import('node:os')).hostname().replaceAll(/[^\w-]/g, '_')}.999999999.0123456789ab.tmp`
    await writeFile(join(folder, gone), 'half')
    await writeFile(join(folder, 'backup_point_20200101_000000.json'), '{}')
    await appendFile(join(folder, 'mine.txt'), 'not yours')
    expect((await backups.list()).map(({ name }) => name)).not.toContain('backup_point_20200101_000000.sql.gz')
    await backups.create(request(inDatabase('sentinel')), never)
    const after = await readdir(folder)
    expect(after).not.toContain(gone)
    expect(after).not.toContain('backup_point_20200101_000000.json')
    expect(after).toContain('mine.txt')
  })
})

async function dumpWithTool(database: string): Promise<Buffer> {
  const args = [
    '--no-defaults',
    '-h',
    r.server.host,
    '-P',
    String(r.server.port),
    '-u',
    r.server.user,
    `-p${r.server.password}`,
    '--single-transaction',
    '--triggers',
  ]
  const tool = spawn(await findProgram('mariadb-dump', 'mysqldump'), [...args, database], { stdio: ['ignore', 'pipe', 'pipe'] })
  const pieces: Buffer[] = []
  for await (const piece of tool.stdout) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
