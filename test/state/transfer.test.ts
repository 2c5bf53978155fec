import { spawnSync } from 'node:child_process'
import { chmod, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Folder, filesBelow, folder, type StateFile } from './folder.ts'

/** Two databases that the state knows. */
async function known(): Promise<Folder> {
  const here = await folder(['shop', 'Büro *'])
  await here.legacy('shop', 'orders')
  await here.legacy('shop', 'users', { sync_status: 'FAILED', last_sync_time: '2026-05-02 00:00:00', sync_mode: 'FULL' })
  await here.legacy('shop', 'a', { last_sync_time: '2026-04-01 00:00:00' })
  await here.legacy('shop', 'b', { last_sync_time: '2026-03-01 00:00:00' })
  await here.legacy('Büro *', '__proto__')
  const { code, stderr } = await here.dbsync('state', 'migrate', '--timezone', 'UTC')
  if (code !== 0) throw new Error(stderr)
  return here
}

test('show: an overview by database, and the tables', async () => {
  await using here = await known()
  const json = await here.dbsync('state', 'show', '--overview', '--database', 'shop', '--json')
  expect(json.json, said(json)).toEqual({
    databases: [
      {
        ...{ name: 'shop', tables: 4, lastSync: '2026-05-02T00:00:00.000Z', mode: 'MIXED', rows: 28, successes: 3, failures: 1, unfinished: 0 },
        newest: [
          { table: 'users', lastSync: '2026-05-02T00:00:00.000Z' },
          { table: 'orders', lastSync: '2026-05-01T12:00:00.000Z' },
          { table: 'a', lastSync: '2026-04-01T00:00:00.000Z' },
        ],
      },
    ],
    warnings: [],
  })
  const text = await here.dbsync('state', 'show')
  expect(text.stdout).toMatch(/^Database +Tables +Last sync +Mode +Rows moved +Successes +Failures +Newest\n/)
  for (const part of ['Büro *', '__proto__', 'FAILED', 'users (']) expect(text.stdout).toContain(part)
  expect(await here.dbsync('state', 'show', '--database', 'nope', '--json')).toMatchObject({ code: 2, json: { error: { code: 'STATE_NOTHING' } } })
})

test('export and import bring the same state back, byte for byte, and say what they change', async () => {
  await using here = await known()
  const before = await filesBelow(here.status)
  expect(await here.dbsync('state', 'export', 'state.json', '--json')).toMatchObject({ code: 0, json: { databases: 2, tables: 5 } })
  expect(await here.dbsync('state', 'import', 'state.json', '--json')).toMatchObject({ code: 0, json: { changed: false } })
  const reset = await here.dbsync('state', 'reset', '--table', 'orders', '--yes', '--json')
  expect(reset.json, said(reset)).toMatchObject({ status: 'reset', tables: [{ database: 'shop', table: 'orders', target: 'copy', next: 'unknown' }] })
  expect((await here.state('shop')).tables['orders']).toMatchObject({
    last_sync_time: null,
    targets: { copy: { position: null, target_database: 'shop_copy' } },
  })

  expect(await here.dbsync('state', 'import', 'state.json', '--json')).toMatchObject({ code: 2, json: { error: { code: 'CONFIRMATION' } } })
  const preview = await here.dbsync('state', 'import', 'state.json', '--preview', '--json')
  expect(preview.json, said(preview)).toMatchObject({
    status: 'preview',
    databases: expect.arrayContaining([{ name: 'shop', added: [], changed: ['orders'], removed: [], same: 3 }]),
  })
  const imported = await here.dbsync('state', 'import', 'state.json', '--yes')
  expect(imported.code, said(imported)).toBe(0)
  expect(await filesBelow(here.status)).toEqual(before)
})

test('import takes no file that is damaged or something else, and export replaces no such file', async () => {
  await using here = await known()
  await here.dbsync('state', 'export', 'state.json')
  const whole = await readFile(join(here.directory, 'state.json'), 'utf8')
  const before = await filesBelow(here.status)
  await writeFile(join(here.directory, 'cut.json'), whole.slice(0, -9))
  expect(await here.dbsync('state', 'import', 'cut.json', '--yes', '--json')).toMatchObject({ code: 2, json: { error: { code: 'STATE_FILE' } } })
  expect(await filesBelow(here.status)).toEqual(before)
  for (const file of ['params.json', 'sync_status/x.json']) {
    expect(await here.dbsync('state', 'export', file, '--json'), file).toMatchObject({ code: 2, json: { error: { code: 'STATE_FILE' } } })
  }
  expect(await here.dbsync('state', 'export', 'no/such/folder.json', '--json')).toMatchObject({ code: 2, json: { error: { code: 'STATE_EXPORT' } } })
  if (process.getuid?.() === 0) return
  await chmod(here.directory, 0o500)
  const refused = await here.dbsync('state', 'export', 'state.json', '--json')
  await chmod(here.directory, 0o700)
  expect(refused, said(refused)).toMatchObject({ code: 2, json: { error: { code: 'STATE_EXPORT' } } })
  expect(await readFile(join(here.directory, 'state.json'), 'utf8')).toBe(whole)
  expect((await readdir(here.directory)).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('an export removes what killed ones of the same name have left, and nothing else', async () => {
  await using here = await known()
  const { pid: gone } = spawnSync(process.execPath, ['--version'])
  const [letters, hour] = ['0123456789ab', new Date(Date.now() - 3_700_000)]
  const left = [`.state.json.${gone}-${letters}.tmp`, `.state.json.${process.pid}-${letters}.tmp`]
  const stays = [`.state.json.${process.pid}-${letters.replace('0', 'f')}.tmp`, `.other.json.${gone}-${letters}.tmp`, `.state.json.${gone}.tmp`]
  for (const name of [...left, ...stays]) await writeFile(join(here.directory, name), '{')
  for (const name of [left[1], stays[2]]) await utimes(join(here.directory, name as string), hour, hour)
  expect((await here.dbsync('state', 'export', 'state.json')).code).toBe(0)
  expect((await readdir(here.directory)).filter((name) => name.endsWith('.tmp')).sort()).toEqual(stays.sort())
})

test('what an older tool has left is named wherever somebody looks, until it is taken over', async () => {
  await using here = await folder(['shop'])
  await here.legacy('shop', 'orders')
  const waits = expect.stringMatching(/^not shown: 1 state file of an older tool\. `dbsync state migrate`/) as string
  expect(await here.dbsync('status', '--json')).toMatchObject({ code: 0, json: { warnings: [waits] } })
  expect(await here.dbsync('state', 'show', '--json')).toMatchObject({ code: 0, json: { warnings: [waits] } })
  expect((await here.dbsync('doctor')).stdout).toContain('1 file is of an older tool')
  await here.dbsync('state', 'migrate', '--timezone', 'UTC')
  expect(await here.dbsync('status', '--json')).toMatchObject({ json: { warnings: [] } })
})

const MANY = Array.from({ length: 120 }, (_, index) => `t${index}`)

/** Many databases, each with two tables, and an export of them. */
async function many(): Promise<Folder & { readonly whole: ReadonlyMap<string, string> }> {
  const here = await folder(MANY)
  await Promise.all(MANY.flatMap((name) => ['a', 'b'].map((table) => here.legacy(name, table))))
  for (const command of [
    ['migrate', '--timezone', 'UTC'],
    ['export', 'state.json'],
  ]) {
    const outcome = await here.dbsync('state', ...command)
    if (outcome.code !== 0) throw new Error(said(outcome))
  }
  await rm(join(here.status, 'backup_single_table_files'), { recursive: true })
  return { ...here, whole: await filesBelow(here.status) }
}

/** Kills the command as soon as `seen` says so; whether that came before its end. */
async function killed(here: Folder, command: readonly string[], seen: () => Promise<boolean>): Promise<boolean> {
  const program = here.start('state', ...command)
  const ended = program.ended.then(() => true)
  while (!(await seen())) if (await Promise.race([ended, sleep(1, false)])) return false
  program.process.kill('SIGKILL')
  await ended
  return program.process.signalCode === 'SIGKILL'
}

test('a killed import has brought databases whole or not at all, and the same command finishes it', async () => {
  await using here = await many()
  const command = ['import', 'state.json', '--yes']
  let kills = 0
  for (const seen of [1, 30, 100]) {
    await rm(here.status, { recursive: true })
    if (await killed(here, command, async () => (await filesBelow(here.status).catch(() => new Map())).size >= seen)) kills++
    for (const [path, text] of await filesBelow(here.status)) expect(text, path).toBe(here.whole.get(path))
    const finished = await here.dbsync('state', ...command)
    expect(finished.code, said(finished)).toBe(0)
    expect(await filesBelow(here.status)).toEqual(here.whole)
  }
  expect(kills).toBeGreaterThan(0)
})

test('a killed reset has forgotten databases whole or not at all, and the same command finishes it', async () => {
  await using here = await many()
  const changed = async () => [...(await filesBelow(here.status))].filter(([path, text]) => here.whole.get(path) !== text)
  const command = ['reset', '--yes']
  let kills = 0
  for (const seen of [1, 60]) {
    if (await killed(here, command, async () => (await changed()).length >= seen)) kills++
    for (const [path, text] of await changed()) {
      const { tables } = JSON.parse(text) as StateFile
      expect(Object.values(tables), path).toMatchObject([{ last_sync_time: null }, { last_sync_time: null }])
    }
    const finished = await here.dbsync('state', ...command)
    expect(finished.code, said(finished)).toBe(0)
    expect(await changed()).toHaveLength(MANY.length)
    expect((await here.dbsync('state', 'import', 'state.json', '--yes')).code).toBe(0)
    expect(await filesBelow(here.status)).toEqual(here.whole)
  }
  expect(kills).toBeGreaterThan(0)
})

test('a killed export leaves the one before, or the new one, whole', async () => {
  await using here = await many()
  const file = join(here.directory, 'state.json')
  const databases = async () => (JSON.parse(await readFile(file, 'utf8')) as { readonly databases: object }).databases
  const [before, there] = [await databases(), new Set(await readdir(here.directory))]
  await killed(here, ['export', 'state.json'], async () => (await readdir(here.directory)).some((name) => !there.has(name)))
  expect(await databases()).toEqual(before)
  const again = await here.dbsync('state', 'export', 'state.json')
  expect(again.code, said(again)).toBe(0)
  expect(await databases()).toEqual(before)
})
