import { type CommitReceipt, type Journal, pickColumns, type RowBatch, storedColumns, type TableSchema, type Target, type WriteWork } from '@dbsync/core/plugin'
import { connect, describeTables, type MysqlConnection, type MysqlOptions, quoteId, quoteTable, selectList } from '@dbsync/mysql'
import { type ServerClient, type TestPair, testPair } from '@dbsync/testkit'
import { openTarget } from './target.ts'

/** A database on the source, its empty copy on the target, and a target plugin: for the tests of this package. */
export interface Rig extends AsyncDisposable {
  readonly source: ServerClient
  readonly server: ServerClient
  readonly database: string
  readonly target: Target
  /** Runs statements in the database, one after the other. */
  at(end: 'source' | 'target', ...statements: readonly string[]): Promise<void>
  describe(end: 'source' | 'target', table: string): Promise<TableSchema | undefined>
  /** What a plan would hand to `open`. */
  work(table: string, disposition: WriteWork['disposition']): Promise<WriteWork>
  /** The rows of the source's table, or those that `where` selects. */
  rows(table: string, where?: string): AsyncIterable<RowBatch>
  /** Copies the whole table as `replace`. */
  replace(table: string, journal?: Journal): Promise<CommitReceipt>
  /** Sends the source's rows that `upserts` selects and deletes the keys of the target's rows that `deletes` selects. */
  merge(table: string, what: { readonly upserts?: string; readonly deletes?: string }, journal?: Journal): Promise<CommitReceipt>
  /** Every cell of every row in hexadecimal, sorted: what both ends must agree on. */
  cells(end: 'source' | 'target', table: string): Promise<readonly string[]>
  create(end: 'source' | 'target', table: string): Promise<string>
  staging(): Promise<readonly string[]>
  open(options?: Readonly<Record<string, unknown>>): Promise<Target>
}

const never = new AbortController().signal

export async function rig(suffix = ''): Promise<Rig> {
  const pair: TestPair = await testPair(suffix)
  const { source, target: server, database } = pair
  await server.query(`CREATE DATABASE ${quoteId(database)}`)
  const open = (options: Readonly<Record<string, unknown>> = {}) =>
    openTarget(
      { host: server.host, port: server.port, user: server.user, password: server.password, ...options },
      { directory: '/', signal: never, limits: { connections: 2, batchRows: 1000, compress: false }, warn: () => {} },
    )
  const target = await open()
  const options = (end: ServerClient): MysqlOptions => ({ host: end.host, port: end.port, user: end.user, password: end.password })
  const ends = { source: await connect(options(source), 'source', never), target: await connect(options(server), 'target', never) }
  const on = { source, target: server }

  const describe = async (end: 'source' | 'target', table: string) => (await describeTables(ends[end], database, [table]))[0]
  async function work(table: string, disposition: WriteWork['disposition']): Promise<WriteWork> {
    const schema = await describe('source', table)
    if (schema === undefined) throw new Error(`no table ${table}`)
    return { disposition, schema: target.fit(schema, { database, name: table }), existing: await describe('target', table) }
  }
  async function* select(end: MysqlConnection, schema: TableSchema, names: readonly string[], where: string): AsyncGenerator<RowBatch> {
    const columns = pickColumns(schema.columns, names)
    const sql = `SELECT ${selectList(columns)} FROM ${quoteTable(schema.table)} WHERE ${where}`
    // All at once: whoever leaves a select early loses its connection.
    yield* await Array.fromAsync(end.select(sql, columns, { batchRows: 700, batchBytes: 1 << 18, signal: never }))
  }
  async function* rows(table: string, where = 'TRUE') {
    const schema = await describe('source', table)
    if (schema !== undefined)
      yield* select(
        ends.source,
        schema,
        storedColumns(schema).map((column) => column.name),
        where,
      )
  }

  return {
    source,
    server,
    database,
    target,
    open,
    describe,
    work,
    rows,
    async at(end, ...statements) {
      const connection = await on[end].connect({ database })
      try {
        await connection.query("SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'")
        for (const sql of statements) await connection.query(sql)
      } finally {
        await connection.end()
      }
    },
    async replace(table, journal) {
      await using writer = await target.open(await work(table, 'replace'), never, journal)
      for await (const upserts of rows(table)) await writer.write({ table: { database, name: table }, upserts })
      return await writer.commit()
    },
    async merge(table, { upserts, deletes }, journal) {
      const job = await work(table, 'merge')
      await using writer = await target.open(job, never, journal)
      const ref = { database, name: table }
      if (deletes !== undefined && job.existing !== undefined) {
        for await (const keys of select(ends.target, job.existing, job.schema.key, deletes)) await writer.write({ table: ref, deletes: keys })
      }
      if (upserts !== undefined) for await (const batch of rows(table, upserts)) await writer.write({ table: ref, upserts: batch })
      return await writer.commit()
    },
    async cells(end, table) {
      const schema = await describe(end, table)
      if (schema === undefined) throw new Error(`no table ${table}`)
      const cell = (name: string, kind: string) => {
        const id = quoteId(name)
        if (kind === 'float') return `HEX(CAST(CAST(${id} AS DOUBLE) AS CHAR))`
        if (kind === 'geometry' || kind === 'bits') return `HEX(${id})`
        if (kind === 'enum' || kind === 'set') return `CONCAT(${id} + 0, ':', HEX(${id}))`
        return `HEX(CAST(${id} AS BINARY))`
      }
      const list = schema.columns.map((column) => `IFNULL(${cell(column.name, column.type.kind)}, 'NULL')`).join(", '|', ")
      const connection = await on[end].connect({ database })
      try {
        // The servers are not in one time zone.
        await connection.query("SET time_zone = '+00:00'")
        const [found] = await connection.query(`SELECT CONCAT(${list}) AS line FROM ${quoteTable({ database, name: table })}`)
        return (found as { line: unknown }[]).map(({ line }) => String(line)).sort()
      } finally {
        await connection.end()
      }
    },
    async create(end, table) {
      const [row] = await on[end].query(`SHOW CREATE TABLE ${quoteTable({ database, name: table })}`)
      return String(row?.['Create Table'])
    },
    async staging() {
      const found = await server.query('SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME LIKE ?', [
        database,
        '\\_dbsync%',
      ])
      return found.map((row) => String(row['name']))
    },
    async [Symbol.asyncDispose]() {
      await ends.source[Symbol.asyncDispose]()
      await ends.target[Symbol.asyncDispose]()
      await target[Symbol.asyncDispose]()
      await pair[Symbol.asyncDispose]()
    },
  }
}
