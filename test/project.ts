import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { assertSameDatabases, type CompareOptions, type DatabaseOf, quote, type ServerClient, type TestPair, testPair } from '@dbsync/testkit'
import type { Connection } from 'mysql2/promise'
import { dbsync, keepSecret, type Outcome, type RunningProgram, said, startDbsync } from './dbsync.ts'

type Settings = Readonly<Record<string, unknown>>

export type ProjectOptions = {
  /** Over the usual params.json, key by key. */
  readonly params?: Settings
  readonly config?: Settings
  /** Runs make backup points, as they do unless they are told not to: most tests have no use for them. */
  readonly backups?: boolean
  /** Added to the database's name: for names that need quoting. */
  readonly suffix?: string
  /** Servers of the test's own, instead of the pair that all tests share. */
  readonly servers?: { readonly source: ServerClient; readonly target: ServerClient }
  /** More rights at the source than SELECT. */
  readonly sourceRights?: string
}

/** A folder with a params.json, a database at the source, and users with no more rights than dbsync needs. */
export interface Project extends AsyncDisposable {
  readonly directory: string
  readonly database: string
  readonly source: DatabaseOf
  readonly target: DatabaseOf
  readonly sourceUser: string
  readonly targetUser: string
  readonly params: Settings
  /** Of both users; the files name it as a variable. */
  readonly password: string
  /** A connection as root with the source's database chosen; closed with the project. */
  readonly at: Connection
  /** Writes a file of the project; what is not text becomes JSON. */
  write(path: string, content: unknown): Promise<void>
  read(path: string): Promise<string>
  /** Runs `dbsync` in the folder. */
  dbsync(...args: readonly string[]): Promise<Outcome>
  start(...args: readonly string[]): RunningProgram
  /** Runs `dbsync run --json` and throws unless it exits 0. */
  sync(...args: readonly string[]): Promise<Report>
  /** Throws unless source and target are equal, byte for byte. */
  same(options?: CompareOptions): Promise<void>
}

/** As much of the report as tests look at. */
export type Report = {
  readonly status: string
  readonly tables: readonly ReportedTable[]
  readonly totals: { readonly inserted: number; readonly updated: number; readonly deleted: number; readonly rowsRead: number }
  readonly warnings: readonly string[]
}

export type ReportedTable = {
  readonly id: string
  readonly outcome: string
  readonly strategy: string
  readonly rowsRead: number
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  readonly guarantee?: { readonly level: string }
  readonly error?: unknown
}

export async function project(options: ProjectOptions = {}): Promise<Project> {
  const pair = await pairFor(options)
  const { database } = pair
  const [sourceUser, targetUser, canary] = [`r_${randomBytes(5).toString('hex')}`, `w_${randomBytes(5).toString('hex')}`, randomBytes(8).toString('hex')]
  // The canary stays readable however the rest is quoted, encoded or escaped.
  const password = `${canary}@:/?%2e"'\\$&`
  keepSecret(canary)
  await createUser(pair.source, sourceUser, password, options.sourceRights ?? 'SELECT', pattern(database))
  await createUser(pair.target, targetUser, password, 'ALL', `${pattern(database)}%`)
  const directory = await mkdtemp(join(tmpdir(), 'dbsync-project-'))
  const params = {
    db_host: pair.source.host,
    db_port: pair.source.port,
    db_user: sourceUser,
    db_pass: 'env:SOURCE_PASSWORD',
    db_list: [database.replaceAll(/[*?[\]{}!\\]/g, '\\$&')],
    retry_delay: 0,
    targets: {
      copy: { type: 'mysql', host: pair.target.host, port: pair.target.port, user: targetUser, password: 'env:TARGET_PASSWORD', database: '{database}_copy' },
    },
    ...options.params,
  }
  const source = { server: pair.source, database }
  const target = { server: pair.target, database: `${database}_copy` }
  const at = await pair.source.connect({ database })

  const planted = new Set<string>()

  async function write(path: string, content: unknown): Promise<void> {
    const file = join(directory, path)
    const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2)
    if (text.includes(canary)) planted.add(file)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { mode: 0o600 })
  }

  await write('params.json', params)
  await write('.env', `SOURCE_PASSWORD=${password}\nTARGET_PASSWORD=${password}\n`)
  await write('sync-config.json', withoutBackups(options))
  return {
    directory,
    database,
    source,
    target,
    sourceUser,
    targetUser,
    params,
    password,
    at,
    write,
    read: (path) => readFile(join(directory, path), 'utf8'),
    dbsync: (...args) => dbsync(args, { cwd: directory }),
    start: (...args) => startDbsync(args, { cwd: directory }),
    async sync(...args) {
      const outcome = await dbsync(['run', '--json', ...args], { cwd: directory })
      if (outcome.code !== 0) throw new Error(`dbsync run ${args.join(' ')}: ${failures(outcome) || said(outcome)}`)
      return (outcome.json as { readonly report: Report }).report
    },
    // The next AUTO_INCREMENT value is no part of the data: an InnoDB restart alone may change it.
    same: (compare) => assertSameDatabases(source, target, { ignoreAutoIncrement: true, ...compare }),
    async [Symbol.asyncDispose]() {
      at.destroy()
      await pair.source.query(`DROP USER IF EXISTS ${sourceUser}@'%'`)
      await pair.target.query(`DROP USER IF EXISTS ${targetUser}@'%'`)
      await pair[Symbol.asyncDispose]()
      const leaked = (await filesWith(canary, directory)).filter((file) => !planted.has(file) && basename(file) !== '.env')
      await rm(directory, { recursive: true, force: true })
      if (leaked.length > 0) throw new Error(`a password was written to ${leaked.join(', ')}`)
    },
  }
}

const filesWith = (text: string, folder: string): Promise<readonly string[]> =>
  new Promise((done, fail) => {
    execFile('grep', ['--recursive', '--files-with-matches', '--null', '--text', '--fixed-strings', '--', text, folder], (error, output) =>
      error === null || error.code === 1 ? done(output.split('\0').filter((file) => file !== '')) : fail(error),
    )
  })

function withoutBackups({ backups = false, config = {} }: ProjectOptions): Settings {
  return { ...config, sync_settings: { backup_before_sync: backups, ...(config['sync_settings'] as Settings | undefined) } }
}

/** What the report says of tables that failed. */
function failures({ json }: Outcome): string {
  const { report } = (json ?? {}) as { readonly report?: Report }
  const lines = (report?.tables ?? []).flatMap(({ id, error }) => (error === undefined ? [] : [`${id}: ${JSON.stringify(error)}`]))
  return lines.join('\n')
}

/** The table's part of a report, by the table's name. */
export function tableIn(report: Report, name: string): ReportedTable {
  const found = report.tables.find(({ id }) => id.endsWith(`.${name}`))
  if (found === undefined) throw new Error(`the report has no table ${name}: ${report.tables.map(({ id }) => id).join(', ')}`)
  return found
}

async function pairFor(options: ProjectOptions): Promise<TestPair> {
  if (options.servers === undefined) return testPair(options.suffix)
  const { source, target } = options.servers
  const database = `t_${randomBytes(5).toString('hex')}${options.suffix ?? ''}`
  await source.query(`CREATE DATABASE ${quote(database)}`)
  return {
    source,
    target,
    database,
    async [Symbol.asyncDispose]() {
      await source.query(`DROP DATABASE IF EXISTS ${quote(database)}`)
      await target.query(`DROP DATABASE IF EXISTS ${quote(`${database}_copy`)}`)
    },
  }
}

async function createUser(server: ServerClient, user: string, password: string, rights: string, databases: string): Promise<void> {
  const [mode] = await server.query('SELECT @@sql_mode AS mode')
  const special = String(mode?.['mode']).includes('NO_BACKSLASH_ESCAPES') ? /'/g : /['\\]/g
  await server.query(`CREATE USER ${user}@'%' IDENTIFIED BY '${password.replaceAll(special, (found) => (found === "'" ? "''" : '\\\\'))}'`)
  await server.query(`GRANT ${rights} ON ${quote(databases)}.* TO ${user}@'%'`)
}

/** A grant takes a database's name for a pattern. */
const pattern = (database: string) => database.replaceAll(/[_%\\]/g, '\\$&')
