import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseDigest, quote } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Project, project } from './project.ts'

type Manifest = {
  readonly run: string | null
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly absent?: true }[]
  readonly state: unknown
}

/** The points that are listed, the newest first: starting the program for every look would take most of the time. */
async function points(work: Project): Promise<readonly { readonly name: string; readonly manifest: Manifest }[]> {
  const folder = join(work.directory, 'backups/database')
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.sql.gz')).sort()
  const manifest = async (name: string) => JSON.parse(await readFile(join(folder, name.replace('.sql.gz', '.json')), 'utf8')) as Manifest
  return await Promise.all(names.reverse().map(async (name) => ({ name, manifest: await manifest(name) })))
}

async function shop(options: Parameters<typeof project>[0] = {}): Promise<Project> {
  const work = await project({ backups: true, ...options })
  await work.at.query('CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(20))')
  await work.at.query("INSERT INTO customers VALUES (1, 'one'), (2, 'two')")
  await work.at.query('CREATE TABLE `__proto__` (id INT PRIMARY KEY)')
  // Scratch databases are made where a point is proved, and where tables go back to it.
  for (const scratch of ['check', 'restore']) {
    await work.target.server.query(`GRANT ALL ON \`\\_dbsync\\_${scratch}\\_%\`.* TO ${work.targetUser}@'%'`)
  }
  return work
}

test('a run keeps what it is about to change, a quiet one keeps nothing, and the commands know of it', async () => {
  await using work = await shop({ suffix: '`;-- x' })
  const dry = await work.dbsync('run', '--dry-run')
  expect(dry.stdout).toContain('a backup point of 2 tables of copy in ')
  expect(await points(work)).toEqual([])

  await work.sync()
  const [first, ...none] = await points(work)
  expect(none).toEqual([])
  expect(first?.manifest.tables).toMatchObject([
    { name: '__proto__', absent: true },
    { name: 'customers', absent: true },
  ])

  const quiet = await work.sync()
  expect(quiet).toMatchObject({ backups: [] })
  expect(await points(work)).toHaveLength(1)

  const before = await databaseDigest(work.target)
  await work.at.query("UPDATE customers SET name = 'TWO' WHERE id = 2")
  await work.at.query("INSERT INTO customers VALUES (3, 'three')")
  const run = await work.dbsync('run')
  expect(run.code, said(run)).toBe(0)
  await work.same()
  const [second] = await points(work)
  const { name = '', manifest } = second ?? {}
  expect(run.stdout).toContain(name)
  expect(JSON.parse(await work.read('sync/sync-state.json'))).toMatchObject({ backup_point: name })
  expect(manifest?.tables.find((table) => table.name === 'customers')?.rows).toBe(2)
  expect(manifest?.state).toMatchObject({ tables: { [work.database]: { customers: { sync_status: 'SUCCESS' } } } })
  expect((await stat(join(work.directory, 'backups/database', name))).mode & 0o777).toBe(0o600)

  const checked = await work.dbsync('backup', 'check', '--restore', '--json')
  expect(checked.code, said(checked)).toBe(0)
  expect(checked.json).toMatchObject({ points: [{ check: { verdict: 'proved' } }, { check: { verdict: 'proved' } }] })
  // What the point holds is the target as it was before the run.
  const { database, server } = work.target
  await server.query(`DROP DATABASE ${quote(database)}`)
  await server.query(`CREATE DATABASE ${quote(database)}`)
  const back = await work.dbsync('rollback', name, '--yes')
  expect(back.code, said(back)).toBe(0)
  expect(await databaseDigest(work.target)).toBe(before)

  const listed = await work.dbsync('backup', 'list')
  expect(listed.stdout).toContain(name)

  await writeFile(join(work.directory, 'backups/database', name), 'nothing')
  const damaged = await work.dbsync('backup', 'check', name)
  expect(damaged.code, said(damaged)).toBe(1)
  expect(damaged.stdout).toContain('damaged')
}, 180_000)

test('a run whose backup point cannot be made writes nothing', async () => {
  await using work = await shop()
  await work.sync('--no-backup')
  await writeFile(join(work.directory, 'backups'), 'a file where the folder should be')
  await work.at.query('DELETE FROM customers WHERE id = 1')
  await work.at.query('ALTER TABLE customers ADD COLUMN more INT')
  const before = await databaseDigest(work.target)
  const outcome = await work.dbsync('run')
  expect(outcome.code, said(outcome)).toBe(1)
  expect(outcome.stderr).toMatch(/backup point.*backups/s)
  expect(await databaseDigest(work.target)).toBe(before)
  expect((await work.dbsync('status')).stdout).toContain('FAILED')
  await rm(join(work.directory, 'backups'))
  await work.sync()
  await work.same()
})

test('a killed backup is no point, and the next one tidies up after it', async () => {
  await using work = await shop()
  await work.at.query('CREATE TABLE big (id INT PRIMARY KEY, t TEXT)')
  await work.at.query('INSERT INTO big SELECT seq, REPEAT(MD5(seq), 60) FROM seq_1_to_40000')
  await work.sync('--no-backup')
  const folder = join(work.directory, 'backups/database')
  const filesIn = async () => await readdir(folder).catch(() => [])
  const running = work.start('backup', 'create')
  for (let at = 0; at < 1000 && !(await filesIn()).some((file) => file.endsWith('.tmp')); at++) await sleep(10)
  running.process.kill('SIGKILL')
  expect((await running.ended).code).toBe('SIGKILL')
  expect((await filesIn()).filter((file) => file.endsWith('.tmp'))).toHaveLength(1)
  expect((await work.dbsync('backup', 'list')).stdout).toContain('no backup points')

  const again = await work.dbsync('backup', 'create', '--table', 'cust*')
  expect(again.code, said(again)).toBe(0)
  const files = await filesIn()
  expect(files).toHaveLength(2)
  const [json = ''] = files.filter((file) => file.endsWith('.json'))
  expect(JSON.parse(await readFile(join(folder, json), 'utf8'))).toMatchObject({ run: null, tables: [{ name: 'customers', rows: 2 }] })
})

test('points that the settings do not keep go after a run, and by hand', async () => {
  const config = { backup_settings: { keep_last: 1, keep_daily: 0, keep_weekly: 0 } }
  await using work = await shop({ config })
  for (let id = 10; id < 12; id++) {
    await work.at.query(`INSERT INTO customers VALUES (${id}, 'x')`)
    await work.sync()
  }
  expect(await points(work)).toHaveLength(1)
  expect((await work.dbsync('backup', 'create')).code).toBe(0)
  const dry = await work.dbsync('backup', 'prune', '--dry-run')
  expect(dry.stdout).toContain('Would be removed')
  expect(await points(work)).toHaveLength(2)
  expect((await work.dbsync('backup', 'prune')).code).toBe(0)
  expect(await points(work)).toHaveLength(1)
})
