import { lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'

// What the programs inherit: everything that they do not forbid themselves is allowed.
let usual: number
beforeEach(() => {
  usual = process.umask(0)
})
afterEach(() => void process.umask(usual))

async function filled(config: object = {}): Promise<Project> {
  const work = await project({ backups: true, config: { schedules: { daily: {} }, ...config } })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)')
  await work.at.query('INSERT INTO t VALUES (1, 1)')
  return work
}

test('what is written is for its owner only, whatever the umask', async () => {
  await using work = await filled()
  const before = new Set(await entries(work))
  await work.sync('--report', 'page.html')
  await work.write('sync-config.json', { backup_settings: { mode: 'journal' } })
  await work.at.query('INSERT INTO t VALUES (2, 2)')
  await work.sync()
  for (const args of [
    ['backup', 'check', 'latest'],
    ['state', 'export', 'state.json'],
  ]) {
    const outcome = await work.dbsync(...args)
    expect(outcome.code, said(outcome)).toBe(0)
  }
  await work.write('sync-config.json', { schedules: { daily: {} } })
  const job = await work.dbsync('schedule', 'run', 'daily')
  expect(job.code, said(job)).toBe(0)

  const made = (await entries(work)).filter((path) => !before.has(path))
  for (const part of ['page.html', 'state.json', 'sync_status', 'logs/incremental-sync.log', 'logs/db-backup.log', '.sql', 'journal'])
    expect(made, part).toContainEqual(expect.stringContaining(part))
  const modes = await Promise.all(made.map(async (path) => `${path} ${((await lstat(join(work.directory, path))).mode & 0o777).toString(8)}`))
  expect(modes.filter((line) => !/ [67]00$/.test(line))).toEqual([])
})

test('a link where something is to be written never leads out of the project', async () => {
  await using work = await filled()
  await work.sync()
  const elsewhere = join(work.directory, 'elsewhere')
  await mkdir(elsewhere)
  const sentinel = join(elsewhere, 'sentinel')
  await writeFile(sentinel, 'as it was\n')
  /** Puts a link in the place of `path`, which is kept. */
  const linked = async (path: string, to: string) => {
    const place = join(work.directory, path)
    await rename(place, `${place}.kept`).catch(() => {})
    await symlink(to, place)
    return async () => {
      await rm(place)
      await rename(`${place}.kept`, place).catch(() => {})
    }
  }
  const untouched = async (place: string) => {
    expect(await readFile(sentinel, 'utf8'), place).toBe('as it was\n')
    expect(await readdir(elsewhere), place).toEqual(['sentinel'])
  }

  const state = `sync_status/${(await readdir(join(work.directory, 'sync_status'))).find((name) => name.endsWith('.json'))}`
  const refusals = [
    { path: state, to: sentinel, args: ['run'], says: 'STATE_SYMLINK', exit: 2 },
    { path: 'sync_status', to: elsewhere, args: ['run'], says: 'STATE_SYMLINK', exit: 2 },
    { path: 'backups/database', to: elsewhere, args: ['run', '--full'], says: 'symbolic link', exit: 1 },
    { path: 'out.json', to: sentinel, args: ['state', 'export', 'out.json'], says: 'is no export', exit: 2 },
  ]
  for (const { path, to, args, says, exit } of refusals) {
    const back = await linked(path, to)
    const outcome = await work.dbsync(...args)
    expect.soft(outcome, said(outcome)).toMatchObject({ code: exit })
    expect.soft(outcome.stdout + outcome.stderr, path).toContain(says)
    await untouched(path)
    await back()
  }

  // A report takes the link's place; a log does without, and says so.
  await linked('page.html', sentinel)
  const logBack = await linked('logs/incremental-sync.log', sentinel)
  const outcome = await work.dbsync('run', '--full', '--report', 'page.html')
  expect(outcome.code, said(outcome)).toBe(0)
  expect(outcome.stdout + outcome.stderr).toContain('incremental-sync.log is a symbolic link')
  expect((await lstat(join(work.directory, 'page.html'))).isFile()).toBe(true)
  await untouched('page.html')
  await logBack()
})

const entries = async (work: Project): Promise<readonly string[]> =>
  (await readdir(work.directory, { recursive: true })).filter((path) => !path.startsWith('.home'))
