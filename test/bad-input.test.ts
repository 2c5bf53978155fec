import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { quote } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { type Outcome, said } from './dbsync.ts'
import { type Project, project } from './project.ts'
import { ownTarget } from './servers-of-their-own.ts'

const server = ownTarget()

type Case = {
  readonly name: string
  readonly exit: number
  /** All of these are in the message. */
  readonly says: readonly (string | RegExp)[]
  readonly params?: (work: Project) => Record<string, unknown>
  readonly config?: unknown
  /** Written in place of params.json. */
  readonly text?: string
  /** After a first good run. */
  readonly after?: (work: Project) => Promise<void>
}

const CASES: readonly Case[] = [
  {
    name: 'an unknown host',
    exit: 3,
    says: ['no-such-host.invalid', /source/i],
    params: () => ({ db_host: 'no-such-host.invalid' }),
  },
  { name: 'a closed port', exit: 3, says: ['127.0.0.1:1', /source/i], params: () => ({ db_port: 1 }) },
  { name: 'a wrong password at the source', exit: 3, says: [/source/i, /password|denied/i], params: () => ({ db_pass: 'wrong-password' }) },
  {
    name: 'a wrong password at the target',
    exit: 3,
    says: [/target/i, /password|denied/i],
    params: ({ params }) => ({ targets: { copy: { ...copyOf(params), password: 'wrong-password' } } }),
  },
  {
    name: 'a table of the configuration that may not be seen',
    exit: 3,
    says: ['hidden', 'GRANT SELECT'],
    params: () => ({ table_list: ['t', 'hidden'] }),
    after: (work) => onlyTable(work, 't'),
  },
  { name: 'a table of the state that may not be seen', exit: 3, says: ['hidden', 'GRANT SELECT'], after: (work) => onlyTable(work, 't') },
  {
    name: 'a table of the target that may not be seen',
    exit: 3,
    says: ['hidden', 'GRANT SELECT'],
    async after(work) {
      await onlyTable(work, 't')
      await rm(join(work.directory, 'sync_status'), { recursive: true })
    },
  },
  {
    name: 'a source that is its own target',
    exit: 2,
    says: [/is the source itself|both source and target/i, '{database}'],
    params: ({ params, source }) => ({
      targets: {
        copy: { type: 'mysql', host: source.server.host, port: source.server.port, user: params.db_user, password: params.db_pass, database: '{database}' },
      },
    }),
  },
  {
    name: 'a state file that is no JSON',
    exit: 2,
    says: ['sync_status'],
    async after(work) {
      for (const file of await stateFiles(work)) await work.write(file, 'not json at all')
    },
  },
  {
    name: 'a state file that was half written',
    exit: 2,
    says: ['sync_status'],
    async after(work) {
      for (const file of await stateFiles(work)) await work.write(file, (await work.read(file)).slice(0, 100))
    },
  },
  {
    name: 'an empty state file',
    exit: 2,
    says: ['sync_status'],
    async after(work) {
      for (const file of await stateFiles(work)) await work.write(file, '')
    },
  },
  { name: 'JSON that is none', exit: 2, says: ['params.json', 'line 3 column 17'], text: '{\n  "db_host": "h",\n  "db_port": 12 34\n}\n' },
  {
    name: 'a target type that is not installed',
    exit: 2,
    says: ['duckdb', 'dbsync plugins install @dbsync/plugin-duckdb-target'],
    params: () => ({ targets: { copy: { type: 'duckdb' } } }),
  },
  {
    name: 'a misspelt target type',
    exit: 2,
    says: ['mysqll', '"mysql"'],
    params: ({ params }) => ({ targets: { copy: { ...copyOf(params), type: 'mysqll' } } }),
  },
  { name: 'an empty db_list', exit: 2, says: ['db_list'], params: () => ({ db_list: [] }) },
  { name: 'a database that is not there', exit: 3, says: ['no_such_database'], params: () => ({ db_list: ['no_such_database'] }) },
  { name: 'a database pattern that finds nothing', exit: 2, says: ['nothing_*'], params: () => ({ db_list: ['nothing_*'] }) },
  { name: 'a table pattern that finds nothing', exit: 2, says: ['nothing_*'], params: () => ({ table_list: ['nothing_*'] }) },

  { name: 'a mode that is none', exit: 2, says: ['default_mode', 'incremental'], config: { sync_settings: { default_mode: 'fast' } } },
  { name: 'a port that is none', exit: 2, says: ['db_port'], params: () => ({ db_port: 'mysql' }) },
]

test.each(CASES)('$name exits $exit, says so, and writes nothing', async ({ exit, says, params, config, text, after }) => {
  await using work = await project({ servers: await server.pair() })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)')
  await work.at.query('CREATE TABLE hidden (id INT PRIMARY KEY, v INT)')
  await work.at.query('INSERT INTO t VALUES (1, 1), (2, 2)')
  if (after !== undefined) {
    await work.sync()
    await after(work)
    await work.at.query('UPDATE t SET v = 3')
  }
  await work.write('params.json', text ?? { ...work.params, ...params?.(work) })
  if (config !== undefined) await work.write('sync-config.json', config)

  const [position, files] = [await server.binlogPosition(), await stateOf(work)]
  for (const args of [['run'], ['run', '--json']]) {
    const outcome = await work.dbsync(...args)
    expect(outcome.code, said(outcome)).toBe(exit)
    expectSays(outcome, says)
    expectNoSecret(outcome, work)
  }
  expect(await server.binlogPosition()).toBe(position)
  expect(await stateOf(work)).toEqual(files)
})

test('without any configuration it says what to write', async () => {
  await using work = await project({ servers: await server.pair() })
  await work.write('params.json', '{}')
  const outcome = await work.dbsync('run')
  expect(outcome.code, said(outcome)).toBe(2)
  expectSays(outcome, ['db_host', 'params.json'])
})

test('an unknown flag exits 2', async () => {
  await using work = await project({ servers: await server.pair() })
  const outcome = await work.dbsync('run', '--no-such-flag')
  expect(outcome.code, said(outcome)).toBe(2)
  expectSays(outcome, ['--no-such-flag'])
})

function expectSays(outcome: Outcome, says: readonly (string | RegExp)[]): void {
  const all = outcome.json === undefined ? outcome.stderr : JSON.stringify(outcome.json).replaceAll('\\"', '"')
  for (const part of says) expect(all, said(outcome)).toMatch(typeof part === 'string' ? new RegExp(part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')) : part)
}

function expectNoSecret(outcome: Outcome, { password }: Project): void {
  for (const secret of [password, 'wrong-password']) expect(outcome.stdout + outcome.stderr).not.toContain(secret)
}

const copyOf = (params: Project['params']) => (params.targets as { readonly copy: Record<string, unknown> }).copy

/** Takes the rights on the database away and gives them on one table. */
async function onlyTable({ source, sourceUser }: Project, table: string): Promise<void> {
  await source.server.query(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${sourceUser}@'%'`)
  await source.server.query(`GRANT SELECT ON ${quote(source.database)}.${quote(table)} TO ${sourceUser}@'%'`)
}

async function stateFiles({ directory }: Project): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true })
  // That it failed is remembered for `dbsync status`.
  return entries.filter((entry) => entry.startsWith('sync_status/') && entry.endsWith('.json') && !entry.includes('/.dbsync/runs/'))
}

async function stateOf(work: Project): Promise<readonly (readonly [string, string])[]> {
  const files = await stateFiles(work)
  return Promise.all(files.sort().map(async (file) => [file, await work.read(file)] as const))
}

test('an unknown key is named, with the one that was meant, and the run goes on', async () => {
  await using work = await project({ servers: await server.pair(), params: { lookback_minute: 5 } })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY)')
  const outcome = await work.dbsync('run')
  expect(outcome.code, said(outcome)).toBe(0)
  expect(outcome.stdout + outcome.stderr).toMatch(/lookback_minute\b[\s\S]*lookback_minutes/)
})
