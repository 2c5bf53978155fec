import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packRows, type TableSchema, type Target, type WriteWork } from '@dbsync/core/plugin'
import { startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTarget } from './target.ts'

let server: TestServer
let folder: string
const targets: Target[] = []
const never = new AbortController().signal
beforeAll(async () => {
  server = await startServer({ generalLog: true })
  await server.query('CREATE DATABASE d')
  folder = await mkdtemp(join(tmpdir(), 'dbsync-statements-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  for (const target of targets) await target[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** What a client must say to be understood, whatever it writes. */
const HOUSEKEEPING = /^(SET |SELECT |SHOW |DO RELEASE_LOCK)/

const WORKS: readonly [
  string,
  readonly string[],
  WriteWork['disposition'],
  { readonly absent?: boolean; readonly upserts?: boolean; readonly deletes?: boolean },
][] = [
  ['create', ['CREATE TABLE d.t (id INT PRIMARY KEY, v INT, KEY (v), FOREIGN KEY (v) REFERENCES t (id))'], 'replace', { absent: true }],
  ['swap', ['CREATE TABLE d.t (id INT PRIMARY KEY, v INT, KEY (v))'], 'replace', {}],
  ['in place', ['CREATE TABLE d.t (id INT PRIMARY KEY, v INT, FOREIGN KEY (v) REFERENCES t (id))'], 'replace', {}],
  ['in place without a key', ['CREATE TABLE d.p (id INT PRIMARY KEY)', 'CREATE TABLE d.t (id INT, v INT, FOREIGN KEY (v) REFERENCES p (id))'], 'replace', {}],
  ['merge', ['CREATE TABLE d.t (id INT PRIMARY KEY, v INT)'], 'merge', {}],
  ['merge of upserts', ['CREATE TABLE d.t (id INT PRIMARY KEY, v INT UNIQUE)'], 'merge', { deletes: false }],
  ['merge of deletes', ['CREATE TABLE d.t (id INT PRIMARY KEY, v INT UNIQUE)'], 'merge', { upserts: false }],
  ['merge with kept columns', ['CREATE TABLE d.t (id INT PRIMARY KEY, v INT UNIQUE, mine INT)'], 'merge', {}],
  ['merge without a key', ['CREATE TABLE d.t (id INT, v INT)'], 'merge', {}],
]

/** A journal only reads. */
const WAYS = [{}, { bulkInsert: false }, { bulkInsert: false, localInfile: false }, { journalled: true }]

test.each(WORKS.flatMap((work) => WAYS.map((way) => [...work, way] as const)))(
  'a dry run prints what is executed: %s',
  async (_, tables, disposition, { absent = false, upserts = true, deletes = disposition === 'merge' }, { journalled = false, ...way }) => {
    const settings = { host: server.host, port: server.port, user: server.user, password: server.password, ...way }
    const target = await openTarget(settings, { directory: '/', signal: never, limits: { connections: 1, batchRows: 9, compress: false }, warn: () => {} })
    targets.push(target)
    await server.query('DROP TABLE IF EXISTS d.t')
    await server.query('DROP TABLE IF EXISTS d.p')
    for (const sql of tables) await server.query(sql)
    const [existing] = await target.describe('d', ['t'])
    if (existing === undefined) throw new Error('no table')
    if (absent) await server.query('DROP TABLE d.t')
    const schema: TableSchema = { ...existing, columns: existing.columns.filter(({ name }) => name !== 'mine') }
    const work: WriteWork = { disposition, schema, existing: absent ? undefined : existing }
    const [{ now } = { now: '' }] = await server.query('SELECT NOW(6) AS now')
    const { table } = schema
    {
      await using journal = journalled
        ? await target.backups?.(folder).journal({ at: new Date(), run: null, target: 'd', tables: [], state: null }, never)
        : undefined
      await using writer = await target.open(work, never, journal)
      if (upserts) await writer.write({ table, upserts: packRows(schema.columns, [['1', '1']]) })
      if (deletes) await writer.write({ table, deletes: packRows(schema.columns.slice(0, 1), [['2']]) })
      await writer.commit()
    }
    const log = await server.query(
      "SELECT CONVERT(argument USING utf8mb4) AS sql_text FROM mysql.general_log WHERE event_time >= ? AND command_type IN ('Query', 'Prepare') ORDER BY event_time, thread_id",
      [now],
    )
    const sent = log.map(({ sql_text }) => String(sql_text)).filter((sql) => !HOUSEKEEPING.test(sql))
    // Rows themselves are not printed.
    const executed = sent.map((sql) => sql.replace(/ VALUES \([^?]*$/s, ' VALUES '))
    // Where rows and keys both come, two connections load at the same time: in any order.
    const ordered = (list: readonly string[]) => (upserts && deletes ? list.toSorted() : list)
    expect(ordered(executed)).toEqual(ordered(target.preview(work, { upserts, deletes })))
  },
)
