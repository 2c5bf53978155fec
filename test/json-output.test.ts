import { globSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dbsync, type Outcome, said } from './dbsync.ts'
import { outputFault } from './output-schema.ts'
import { type Project, project } from './project.ts'
import { privateCrontab } from './schedule/private-crontab.ts'
import { legacyOf } from './state/folder.ts'

// That the output fits its schema is looked at wherever a test runs a command with --json: `dbsync` throws where it does not.

const CLI = join(import.meta.dirname, '..', 'packages', 'cli')
const OCLIF = ['plugins', 'plugins inspect', 'version']
const COMMANDS = [
  ...globSync('**/*.ts', { cwd: join(CLI, 'src', 'commands'), exclude: (name) => name.endsWith('.test.ts') }).map((file) =>
    file.replace(/\.ts$/, '').replaceAll('/', ' '),
  ),
  ...OCLIF,
].toSorted()

test('every command has a schema, and there are no others but that of errors', () => {
  const files = [...COMMANDS.map((command) => `${command.replace(' ', '-')}.schema.json`), 'error.schema.json'].toSorted()
  expect(readdirSync(join(CLI, 'schemas')).toSorted()).toEqual(files)
})

/** In an order in which each one finds what it needs, and one of every kind of answer that a command has. */
const ANSWERS: readonly (readonly [command: string, ...args: readonly string[]])[] = [
  ['targets'],
  ['version'],
  ['version', '--verbose'],
  ['plugins'],
  ['plugins inspect', '@dbsync/plugin-duckdb-target'],
  ['config validate'],
  ['config show'],
  ['state migrate', '--preview', '--target', 'copy'],
  ['state migrate', '--target', 'copy'],
  ['init', '--overwrite', '--no-run'],
  ['run', '--dry-run'],
  ['run'],
  ['verify'],
  ['verify', '--level', 'rows', '--repair', '--target', 'copy'],
  ['status'],
  ['status', '--run', 'latest'],
  ['doctor'],
  ['doctor', '--alert-test'],
  ['backup create'],
  ['backup list'],
  ['backup check', 'latest', '--restore', '--target', 'copy'],
  ['backup prune'],
  ['rollback', '--target', 'copy', '--list'],
  ['rollback', '--target', 'copy', '--dry-run'],
  ['rollback', '--target', 'copy', '--yes'],
  ['state show'],
  ['state export', 'folder/export.json'],
  ['state reset', '--preview'],
  ['state reset', '--yes'],
  ['state import', 'folder/export.json', '--preview'],
  ['state import', 'folder/export.json', '--yes'],
  ['schedule install', '--print', '--with', 'systemd-system'],
  ['schedule install', '--with', 'cron'],
  ['schedule show'],
  ['schedule run', 'daily'],
  ['schedule run', '--missed'],
  ['schedule remove'],
  ['purge', '--target', 'local', '--database', '*', '--dry-run'],
  ['purge', '--target', 'local', '--database', '*', '--yes'],
]

const isError = ({ json }: Outcome): boolean => typeof json === 'object' && json !== null && Object.keys(json).join() === 'error'

test('every command does its work and prints what its schema says', { timeout: 300_000 }, async () => {
  await using work = await busyProject()
  await using apart = await emptyFolder()
  const crontab = await privateCrontab(apart.path, { real: false })
  await mkdir(join(work.directory, 'folder'))
  // Without a way to the registry: `version --verbose` asks it for news.
  const env = { PATH: `${crontab.bin}:${process.env['PATH']}`, SHELL: '/bin/sh', npm_config_offline: 'true' }
  for (const [command, ...args] of ANSWERS) {
    const outcome = await dbsync([...command.split(' '), '--json', ...args], { cwd: work.directory, env })
    expect(outcome.code, `dbsync ${command} ${args.join(' ')}: ${said(outcome)}`).toBe(0)
    expect(isError(outcome), said(outcome)).toBe(false)
    if (command === 'verify' && args.length === 0) await work.target.server.query(`DELETE FROM ${work.target.database}.orders LIMIT 1`)
  }
  expect([...new Set(ANSWERS.map(([command]) => command))].toSorted()).toEqual(COMMANDS)
})

/** Two targets, and as many kinds of tables and objects as there are words for in the output. */
async function busyProject(): Promise<Project> {
  const work = await project({
    backups: true,
    sourceRights: 'SELECT, SHOW VIEW, TRIGGER',
    config: { sync_settings: { verify_after_sync: true }, objects: ['views'], schedules: { daily: {} }, alerts: { command: 'cat >/dev/null' } },
  })
  const { targets } = work.params as { readonly targets: object }
  await work.write('params.json', { ...work.params, targets: { ...targets, local: { type: 'duckdb', path: 'warehouse.duckdb' } } })
  for (const sql of [
    'CREATE TABLE customers (id INT PRIMARY KEY, name VARCHAR(50) UNIQUE, `__proto__` JSON)',
    `CREATE TABLE orders (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL, amount DECIMAL(10, 2), kind ENUM('a', 'b'), at DATETIME(6),
      updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), FOREIGN KEY (customer) REFERENCES customers (id))`,
    'CREATE TABLE log (what VARCHAR(10), n INT) ENGINE=MyISAM',
    "INSERT INTO customers VALUES (1, 'one', '{}'), (2, 'two', NULL)",
    "INSERT INTO orders (customer, amount, kind, at) VALUES (1, 9.99, 'a', NOW(6)), (2, 1, 'b', NULL)",
    "INSERT INTO log VALUES ('x', 1), ('x', 1)",
    'CREATE VIEW large AS SELECT * FROM orders WHERE amount > 5',
    'CREATE TRIGGER noted AFTER INSERT ON orders FOR EACH ROW INSERT INTO log VALUES (NEW.kind, NEW.id)',
  ])
    await work.at.query(sql)
  await work.write(`sync_status/${work.database}_orders.json`, legacyOf('orders'))
  for (const scratch of ['restore', 'check']) await work.target.server.query(`GRANT ALL ON \`\\_dbsync\\_${scratch}\\_%\`.* TO ${work.targetUser}@'%'`)
  const linked = await work.dbsync('plugins', 'link', '--no-install', join(CLI, '..', 'plugin-duckdb-target'))
  expect(linked.code, said(linked)).toBe(0)
  return work
}

/** What is needed so that a command fails without a configuration: it asks for an argument first, needs none, or says in its own form what is wrong. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(['config validate', 'doctor', 'plugins', 'schedule run', 'targets', 'version'].map((command) => [command, ['--bogus']])),
  purge: ['--database', 'x'],
  'state export': ['x'],
  'state import': ['x'],
}

test('every command says in one form what it could not do', { timeout: 300_000 }, async () => {
  await using folder = await emptyFolder()
  for (const command of COMMANDS) {
    const outcome = await dbsync([...command.split(' '), '--json', ...(WRONG[command] ?? [])], { cwd: folder.path })
    expect(isError(outcome), said(outcome)).toBe(true)
    expect(outcome.code, said(outcome)).toBe(command === 'plugins inspect' ? 1 : 2)
  }
})

async function emptyFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'dbsync-json-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

test('a field that the schema does not name, a missing one and a wrong one are found', () => {
  const fault = (json: unknown) => outputFault(['state', 'reset', '--json'], { code: 0, stdout: JSON.stringify(json) })
  const table = { database: 'd', table: 't', target: 'copy', lastSync: null, next: 'full', reason: 'r' }
  const good = { status: 'reset', tables: [table], warnings: [] }
  expect(fault(good)).toBeUndefined()
  expect(fault({ ...good, extra: 1 })).toContain('"additionalProperty":"extra"')
  expect(fault({ ...good, tables: [{ ...table, next: 'later' }] })).toContain('at /tables/0/next')
  expect(fault({ status: 'reset', tables: [] })).toContain('"missingProperty":"warnings"')
  expect(fault({ error: { code: 'X', kind: 'config', message: 'm', exit: 2 } })).toBeUndefined()
  expect(fault({ error: { code: 'X', kind: 'nonsense', message: 'm', exit: 2 } })).toContain('at /error/kind')
  expect(outputFault(['status', '--json'], { code: 0, stdout: '' })).toContain('not one JSON value')
  expect(outputFault(['nothing', '--json'], { code: 0, stdout: '{}' })).toContain('no schema')
})
