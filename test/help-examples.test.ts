import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { startServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Examples, helpExamples } from './examples/examples.ts'
import { privateCrontab } from './schedule/private-crontab.ts'
import { legacyOf } from './state/folder.ts'

const ROOT = join(import.meta.dirname, '..')

/** In an order in which each command finds what the ones before it have made, and the folder in which its examples are run. */
const ORDER: readonly (readonly [command: string, folder: 'project' | 'new' | 'warehouse'])[] = [
  ['targets', 'project'],
  ['config validate', 'project'],
  ['config show', 'project'],
  ['doctor', 'project'],
  ['run', 'project'],
  ['status', 'project'],
  ['verify', 'project'],
  ['backup create', 'project'],
  ['backup list', 'project'],
  ['backup check', 'project'],
  ['rollback', 'project'],
  ['backup prune', 'project'],
  ['state show', 'project'],
  ['state export', 'project'],
  ['state import', 'project'],
  ['state migrate', 'project'],
  ['state reset', 'project'],
  ['schedule install', 'project'],
  ['schedule show', 'project'],
  ['schedule run', 'project'],
  ['schedule remove', 'project'],
  ['init', 'new'],
  ['purge', 'warehouse'],
  ['autocomplete', 'new'],
  ['plugins', 'new'],
  ['plugins link', 'new'],
  ['plugins inspect', 'new'],
  ['plugins uninstall', 'new'],
  ['plugins install', 'new'],
]

/** These have no example, and are not ours to give one. */
const WITHOUT = ['help', 'plugins reset', 'plugins update', 'version']

/** What cannot be run here at all, and why. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ['dbsync plugins install @dbsync/plugin-duckdb-target', 'it is in a registry only once it is published; test/duckdb/packed.test.ts installs its package'],
  ['dbsync plugins install myplugin', "oclif's own: there is no such plugin"],
  ['dbsync plugins install https://github.com/someuser/someplugin', "oclif's own: there is no such plugin"],
  ['dbsync plugins install someuser/someplugin', "oclif's own: there is no such plugin"],
])

const EVERYTHING_ANSWERED =
  "dbsync init --yes --source mysql://dbsync@db.example.com/shop --source-password env:SOURCE_PASSWORD --target 'mysql://dbsync@127.0.0.1/{database}_copy?password=env:TARGET_PASSWORD' --run"

let stage: Stage
let examples: readonly Examples[]
beforeAll(async () => {
  examples = await helpExamples()
  stage = await setStage()
}, 180_000)
afterAll(async () => await stage?.[Symbol.asyncDispose]())

test('every command has examples, and each of them has its turn', () => {
  const known = [...ORDER.map(([command]) => command), ...WITHOUT].toSorted()
  expect(examples.map(({ command }) => command).toSorted()).toEqual(known)
  expect(
    examples
      .filter(({ lines }) => lines.length === 0)
      .map(({ command }) => command)
      .toSorted(),
  ).toEqual(WITHOUT)
  const all = examples.flatMap(({ lines }) => lines)
  for (const line of [...NOT_RUN.keys(), ...stage.before.keys(), EVERYTHING_ANSWERED]) expect(all).toContain(line)
})

test.for(ORDER)('the examples of dbsync %s', { timeout: 180_000 }, async ([command, folder]) => {
  for (const line of examples.find((each) => each.command === command)?.lines ?? []) {
    if (NOT_RUN.has(line)) continue
    await stage.before.get(line)?.()
    const { code, said } = await stage.run(line, folder)
    expect(code, said).toBe(0)
  }
})

type Stage = AsyncDisposable & {
  /** Runs a line with a shell, in that folder, with `dbsync` in PATH. */
  run(line: string, folder: string): Promise<{ readonly code: number | null; readonly said: string }>
  /** What has to be there before an example, by the example. */
  readonly before: ReadonlyMap<string, () => Promise<void>>
}

/** Two servers, and three folders: a project, one with nothing in it, and one whose target is a shared table. */
async function setStage(): Promise<Stage> {
  await using made = new AsyncDisposableStack()
  const parent = await mkdtemp(join(tmpdir(), 'dbsync-examples-'))
  made.defer(() => rm(parent, { recursive: true }))
  // What is at another host is asked for TLS.
  const [key, cert] = [join(parent, 'server.key'), join(parent, 'server.pem')]
  const certificate = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=db.example.com', '-days', '2']
  await promisify(execFile)('openssl', certificate)
  const [source, target] = [made.use(await startServer({ settings: { ssl_cert: cert, ssl_key: key } })), made.use(await startServer())]
  for (const database of ['shop', 'shop1', 'shop7']) {
    await source.query(`CREATE DATABASE ${database}`)
    await source.query(`CREATE TABLE ${database}.orders (id INT PRIMARY KEY, updated_at DATETIME NOT NULL)`)
    await source.query(`INSERT INTO ${database}.orders VALUES (1, NOW()), (2, NOW())`)
    await source.query(`CREATE TABLE ${database}.order_lines (id INT PRIMARY KEY, note TEXT)`)
    await source.query(`INSERT INTO ${database}.order_lines VALUES (1, 'one')`)
  }
  await source.query("CREATE USER dbsync@'%' IDENTIFIED BY 'source-password'")
  await source.query("GRANT SELECT ON *.* TO dbsync@'%'")
  await target.query("CREATE USER dbsync@'%' IDENTIFIED BY 'target-password'")
  await target.query("GRANT ALL ON *.* TO dbsync@'%'")

  const write = async (path: string, content: unknown) =>
    await writeFile(join(parent, path), typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 })
  for (const folder of ['bin', 'project/sync_status', 'new/myplugin', 'warehouse']) await mkdir(join(parent, folder), { recursive: true })
  await write('bin/dbsync', `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'packages', 'cli', 'bin', 'run.js')}' "$@"\n`)
  await chmod(join(parent, 'bin', 'dbsync'), 0o755)
  await mkdir(join(parent, 'crontab'))
  const crontab = await privateCrontab(join(parent, 'crontab'), { real: false })

  const from = { db_host: 'db.example.com', db_user: 'dbsync', db_pass: 'env:SOURCE_PASSWORD' }
  const copy = { type: 'mysql', host: '127.0.0.1', user: 'dbsync', password: 'env:TARGET_PASSWORD', database: '{database}_copy' }
  const passwords = 'SOURCE_PASSWORD=source-password\nTARGET_PASSWORD=target-password\n'
  const params = { ...from, db_list: ['shop', 'shop1'], targets: { copy } }
  for (const name of ['params', 'params.staging']) await write(`project/${name}.json`, params)
  await write('project/sync-config.json', { schedules: { daily: {} }, alerts: { command: 'cat >/dev/null' } })
  await write('warehouse/params.json', { ...from, db_list: ['shop', 'shop7'], targets: { local: { type: 'duckdb', path: 'warehouse.duckdb' } } })
  for (const folder of ['project', 'new', 'warehouse']) await write(`${folder}/.env`, passwords)
  await write('new/myplugin/package.json', { name: 'myplugin', version: '1.0.0', type: 'module', files: ['index.js'], oclif: {} })

  async function run(line: string, folder: string) {
    const home = join(parent, 'home')
    const child = spawn('sh', ['-c', line], {
      cwd: join(parent, folder),
      env: {
        PATH: `${join(parent, 'bin')}:${crontab.bin}:${process.env['PATH']}`,
        SHELL: '/bin/bash',
        HOME: home,
        DBSYNC_DATA_DIR: join(home, 'data'),
        DBSYNC_CACHE_DIR: join(home, 'cache'),
        DBSYNC_CONFIG_DIR: join(home, 'config'),
        // What plugins are installed with must not ask a registry.
        npm_config_offline: 'true',
        NODE_OPTIONS: `--import=${join(ROOT, 'test', 'examples', 'addresses.ts')}`,
        EXAMPLE_ADDRESSES: JSON.stringify({ 'db.example.com:3306': source.port, '127.0.0.1:3306': target.port }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
    return { code: code as number | null, said: `${line}: exit ${code}\n--- stdout\n${stdout.slice(-3000)}\n--- stderr\n${stderr.slice(-3000)}` }
  }
  const prepare = async (line: string, folder: string) => {
    const { code, said } = await run(line, folder)
    expect(code, said).toBe(0)
  }

  const before = new Map([
    // Without a terminal it asks nobody: everything has to be answered already, as it is by its other example.
    ['dbsync init', () => prepare(EVERYTHING_ANSWERED, 'new')],
    // Where nothing is installed yet it would choose a scheduler of the machine, which is no test's to touch.
    ['dbsync schedule install', () => prepare('dbsync schedule install --with cron', 'project')],
    ['dbsync state migrate --preview', () => write('project/sync_status/shop_orders.json', legacyOf('orders'))],
    [
      'dbsync rollback backup_point_20261121_020000 --yes',
      async () => {
        const folder = join(parent, 'project', 'backups', 'database')
        const [newest = ''] = (await readdir(folder))
          .filter((name) => name.endsWith('.json'))
          .toSorted()
          .reverse()
        for (const end of ['.json', '.sql.gz']) await rename(join(folder, newest.replace('.json', end)), join(folder, `backup_point_20261121_020000${end}`))
      },
    ],
    [
      'dbsync purge --database shop7 --dry-run',
      async () => {
        await prepare(`dbsync plugins link --no-install '${join(ROOT, 'packages', 'plugin-duckdb-target')}'`, 'warehouse')
        await prepare('dbsync run', 'warehouse')
      },
    ],
  ])
  const kept = made.move()
  return { run, before, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
