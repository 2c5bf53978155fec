import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { databaseDigest, pairAddress, quote, type ServerClient, serverClient } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Outcome, said } from './dbsync.ts'
import { type Project, project } from './project.ts'
import { type Gate, openGate } from './rollback/gate.ts'
import { positions } from './rollback/positions.ts'
import { snapshot, triggers } from './rollback/snapshot.ts'

let server: ServerClient
let gate: Gate
beforeAll(async () => {
  server = serverClient((await pairAddress()).target)
  gate = await openGate(server)
})
afterAll(async () => {
  await gate[Symbol.asyncDispose]()
  await server.close()
})

/** A project whose way to the target goes through the gate, with the rights that a rollback needs. */
async function behindGate(suffix = ''): Promise<Project> {
  const { source, target } = await pairAddress()
  const work = await project({ suffix, backups: true, servers: { source: serverClient(source), target: serverClient({ ...target, port: gate.port }) } })
  await server.query(`GRANT ALL ON \`\\_dbsync\\_restore\\_%\`.* TO ${work.targetUser}@'%'`)
  return work
}

const copyOf = (work: Project) => ({ server, database: work.target.database })
const answer = ({ json }: Outcome) => json as { readonly report: Report; readonly error: { readonly code: string; readonly hint: string } }
type Report = { readonly before: string; readonly point: string; readonly outcome: string; readonly positions: string; readonly apart: readonly string[] }

async function done(outcome: Promise<Outcome>): Promise<Report> {
  const ended = await outcome
  expect(ended.code, said(ended)).toBe(0)
  return answer(ended).report
}

const ODD = 'odd `t"\'\n../é'

async function fill({ at }: Project): Promise<void> {
  await at.query('CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) NOT NULL, at TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
  await at.query('CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE)')
  await at.query(
    `CREATE TABLE ${quote(ODD)} (${quote(ODD)} INT PRIMARY KEY, parent INT, CONSTRAINT ${quote('`k')} FOREIGN KEY (parent) REFERENCES parent (id))`,
  )
  await at.query('CREATE TABLE __proto__ (a INT, b TEXT)')
  await at.query('INSERT INTO parent (id, name) SELECT seq, MD5(seq) FROM seq_1_to_100')
  await at.query('INSERT INTO child SELECT seq, 1 + seq % 100 FROM seq_1_to_300')
  await at.query(`INSERT INTO ${quote(ODD)} VALUES (1, 1)`)
  await at.query("INSERT INTO __proto__ VALUES (1, 'a'), (1, 'a'), (2, NULL)")
}

async function change({ at }: Project): Promise<void> {
  await at.query('ALTER TABLE parent ADD COLUMN more INT DEFAULT 5 AFTER id')
  await at.query("UPDATE parent SET name = 'new' WHERE id % 7 = 0")
  await at.query('DELETE FROM parent WHERE id % 9 = 4')
  await at.query("INSERT INTO parent (name) VALUES ('new')")
  await at.query("INSERT INTO __proto__ VALUES (1, 'a')")
  await at.query('CREATE TABLE late (id INT PRIMARY KEY)')
}

test('a rollback takes back what a run did, positions and all, and the next run goes on from there', async () => {
  await using work = await behindGate(' `q"\'é')
  const copy = copyOf(work)
  await fill(work)
  await work.sync()
  const at = await server.connect({ database: copy.database })
  await at.query('CREATE TABLE around (id INT PRIMARY KEY, parent INT, CONSTRAINT o FOREIGN KEY (parent) REFERENCES parent (id))')
  await at.query('CREATE VIEW seen AS SELECT COUNT(*) AS n FROM parent')
  await at.end()
  const then = [await snapshot(copy), await triggers(copy), await positions(work)]
  await change(work)
  await work.sync()
  const changed = await databaseDigest(copy)

  const list = await work.dbsync('rollback', '--list', '--json')
  const points = (list.json as { readonly points: readonly { readonly name: string; readonly manifest: { readonly run: string } }[] }).points
  expect(points.length, said(list)).toBeGreaterThan(0)
  const dry = await work.dbsync('rollback', '--dry-run')
  expect(dry.code, said(dry)).toBe(0)
  expect(dry.stdout).toMatch(/RENAME TABLE .*is removed|is removed.*RENAME TABLE/s)
  const silent = await work.dbsync('rollback')
  expect(silent.code, said(silent)).toBe(2)
  expect(await databaseDigest(copy)).toBe(changed)

  const report = await done(work.dbsync('rollback', points[0]?.manifest.run ?? '', '--yes', '--json'))
  expect([await snapshot(copy), await triggers(copy), await positions(work)]).toEqual(then)
  expect(await server.query(`SELECT * FROM ${quote(copy.database)}.seen`)).toEqual([{ n: '100' }])
  expect(report).toMatchObject({ outcome: 'restored', positions: 'restored', point: points[0]?.name })

  // A rollback can be rolled back; `latest` still means the run's point.
  await done(work.dbsync('rollback', report.before, '--yes', '--json'))
  expect(await databaseDigest(copy)).toBe(changed)
  expect(await done(work.dbsync('rollback', 'latest', '--yes', '--json'))).toMatchObject({ point: points[0]?.name })
  await work.sync()
  await server.query(`DROP TABLE ${quote(copy.database)}.around`)
  await work.same()
})

test('one that is stopped in the exchange keeps others out, is finished by the same command, and a lost connection is no worse', async () => {
  await using work = await behindGate()
  const copy = copyOf(work)
  await fill(work)
  await work.sync()
  const then = await snapshot(copy)
  await change(work)
  await work.sync()
  const now = await snapshot(copy)

  for (const way of ['killed', 'cut'] as const) {
    const closed = gate.closeAt({ when: 'before', at: (sql) => sql.startsWith('RENAME TABLE') && sql.includes('_dbsync_restore_') })
    const first = work.start('rollback', '--yes', '--json')
    await Promise.race([closed, first.ended.then((ended) => expect.unreachable(said(ended)))])
    const second = await work.dbsync('rollback', '--yes', '--json')
    expect(second.code, said(second)).toBe(4)
    if (way === 'killed') first.process.kill('SIGKILL')
    else gate.cut()
    const { code } = await first.ended
    expect(code).toBe(way === 'killed' ? 'SIGKILL' : 3)
    gate.open()
    expect(await snapshot(copy)).toEqual(now)
    for (const command of [['run'], ['backup', 'create']]) {
      const refused = await work.dbsync(...command, '--json')
      expect([refused.code, answer(refused).error], said(refused)).toMatchObject([
        1,
        { code: 'ROLLBACK_UNFINISHED', hint: expect.stringContaining('dbsync rollback backup_point_') },
      ])
    }
    const finished = await done(work.dbsync('rollback', '--yes', '--json'))
    expect(finished.outcome).toBe('finished')
    expect(await snapshot(copy)).toEqual(then)
    if (way === 'cut') break
    await done(work.dbsync('rollback', finished.before, '--yes', '--json'))
    expect(await snapshot(copy)).toEqual(now)
  }
})

test('a damaged point is refused before the first statement, and a file of another tool is taken without proof', async () => {
  await using work = await behindGate()
  const copy = copyOf(work)
  await fill(work)
  await work.sync()
  const then = await snapshot(copy)
  const folder = join(work.directory, 'backups/database')
  await mkdir(folder, { recursive: true })
  const { host, port, user, password } = server
  const { stdout: dump } = await promisify(execFile)('mariadb-dump', ['--no-defaults', '-h', host, `-P${port}`, `-u${user}`, copy.database], {
    env: { ...process.env, MYSQL_PWD: password },
    maxBuffer: 1 << 26,
  })
  await writeFile(join(work.directory, 'foreign.sql.gz'), gzipSync(dump))
  await change(work)
  await work.sync()
  const before = await databaseDigest(copy)

  const point = (await readdir(folder)).find((name) => name.startsWith('backup_point') && name.endsWith('.sql.gz')) ?? ''
  const bytes = await readFile(join(folder, point))
  await writeFile(join(folder, point), bytes.subarray(0, bytes.length - 40))
  gate.passed()
  const refused = await work.dbsync('rollback', point, '--yes', '--json')
  expect([refused.code, answer(refused).error], said(refused)).toMatchObject([1, { code: 'ROLLBACK_POINT_DAMAGED' }])
  expect(gate.passed().filter((sql) => /^(CREATE|DROP|INSERT|RENAME|ALTER|DELETE)/i.test(sql))).toEqual([])
  expect(await databaseDigest(copy)).toBe(before)

  const report = await done(work.dbsync('rollback', './foreign.sql.gz', '--database', copy.database, '--yes', '--json'))
  expect(report).toMatchObject({ point: 'foreign.sql.gz', positions: 'forgotten', proved: false })
  // It says nothing of a table that it does not hold.
  const after = new Map(await snapshot(copy))
  expect(after.delete('late')).toBe(true)
  expect(after).toEqual(then)
  await work.sync()
  await work.same()
})
