import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dbsync, type Outcome, type RunningProgram, startDbsync } from '../dbsync.ts'

/** A project whose servers are not there: what concerns the state alone needs none. */
export interface Folder extends AsyncDisposable {
  readonly directory: string
  readonly status: string
  dbsync(...args: readonly string[]): Promise<Outcome>
  start(...args: readonly string[]): RunningProgram
  /** A file in the folder of the state; what is not text becomes JSON. */
  put(name: string, content: unknown): Promise<void>
  /** A file of the older tool. */
  legacy(database: string, table: string, more?: object): Promise<void>
  /** The document of a database. */
  state(database: string): Promise<StateFile>
}

export type StateFile = { readonly tables: Record<string, { readonly [key: string]: unknown; readonly targets: Record<string, Record<string, unknown>> }> }

export async function folder(databases: readonly string[], params: object = {}): Promise<Folder> {
  const directory = await mkdtemp(join(tmpdir(), 'dbsync-legacy-'))
  const status = join(directory, 'sync_status')
  await mkdir(status)
  const server = { host: '127.0.0.1', port: 1, user: 'u', password: 'env:NO' }
  await writeFile(
    join(directory, 'params.json'),
    JSON.stringify({
      ...{ db_host: server.host, db_port: server.port, db_user: 'u', db_pass: 'env:NO', db_list: databases, max_retries: 0 },
      targets: { copy: { type: 'mysql', ...server, database: '{database}_copy' } },
      ...params,
    }),
  )
  await writeFile(join(directory, '.env'), 'NO=1\n')
  const put: Folder['put'] = (name, content) => writeFile(join(status, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2))
  return {
    directory,
    status,
    put,
    dbsync: (...args) => dbsync(args, { cwd: directory }),
    start: (...args) => startDbsync(args, { cwd: directory }),
    legacy: (database, table, more) => put(`${database}_${table}.json`, legacyOf(table, more)),
    state: async (database) => JSON.parse(await readFile(join(status, `${database}.json`), 'utf8')),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  }
}

/** As the older tool wrote it. */
export const legacyOf = (table: string, more: object = {}) => ({
  table_name: table,
  last_sync_time: '2026-05-01 12:00:00',
  sync_status: 'SUCCESS',
  sync_mode: 'INCREMENTAL',
  records_synced: 7,
  error_message: null,
  updated_at: '2026-05-01 12:00:05',
  ...more,
})

/** Every file below a folder, by its path, with its bytes; locks and logs left out. */
export async function filesBelow(top: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(top, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const paths = names.map(({ parentPath, name }) => join(parentPath, name)).filter((path) => !path.includes('.dbsync'))
  return new Map(await Promise.all(paths.map(async (path) => [path.slice(top.length + 1), await readFile(path, 'latin1')] as const)))
}
