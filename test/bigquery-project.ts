import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BigQueryFaultProxy, type BigQueryRest, bigQueryRest, startBigQueryFaultProxy, type TestBigQuery, testPair } from '@dbsync/testkit'
import type { Connection } from 'mysql2/promise'
import { expect } from 'vitest'
import { dbsync, type Outcome, type RunningProgram, said, startDbsync } from './dbsync.ts'

type Settings = Readonly<Record<string, unknown>>

/** A folder whose target is a dataset of an emulator behind a proxy, and a database at the source: one tenant. */
export interface BigQueryProject extends AsyncDisposable {
  readonly directory: string
  /** The source's database, and the tenant. */
  readonly database: string
  readonly dataset: string
  readonly proxy: BigQueryFaultProxy
  /** Past the proxy. */
  readonly rest: BigQueryRest
  /** As root, with the database chosen. */
  readonly at: Connection
  /** Of the target, as params.json has them. */
  readonly settings: Settings
  /** Writes params.json anew: these targets, and more of it. */
  params(targets: Readonly<Record<string, Settings>>, more?: Settings): Promise<void>
  run(...args: readonly string[]): Promise<Outcome>
  /** With more in its environment. */
  runIn(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome>
  start(...args: readonly string[]): RunningProgram
  /** Runs, and throws unless it exits 0. */
  sync(...args: readonly string[]): Promise<Report>
  /** Throws unless the tenant's rows are exactly those of the source, by queries of neither engine's digests. `columns` by table. */
  same(columns: Readonly<Record<string, readonly string[]>>, dataset?: string): Promise<void>
}

export type Report = {
  readonly status: string
  readonly warnings: readonly string[]
  readonly tables: readonly {
    readonly id: string
    readonly outcome: string
    readonly inserted: number
    readonly updated: number
    readonly deleted: number
    readonly warnings: readonly string[]
    readonly guarantee?: { readonly level: string; readonly except?: string }
    readonly lookedAt?: string
    readonly error?: { readonly code: string; readonly message: string; readonly hint?: string }
  }[]
}

export const reportOf = ({ json }: Outcome): Report => (json as { readonly report: Report }).report

export async function bigQueryProject(bigquery: TestBigQuery, config: Settings = {}): Promise<BigQueryProject> {
  await using opened = new AsyncDisposableStack()
  const pair = opened.use(await testPair())
  const { source, database } = pair
  const proxy = opened.use(await startBigQueryFaultProxy(bigquery))
  const directory = await mkdtemp(join(tmpdir(), 'dbsync-bigquery-run-'))
  opened.defer(() => rm(directory, { recursive: true, force: true }))
  const at = await source.connect({ database })
  opened.defer(() => at.destroy())
  const dataset = `copies_${database.replaceAll(/\W/g, '')}`
  const settings = { type: 'bigquery', project: bigquery.project, dataset, auth: 'none', api_endpoint: proxy.endpoint }
  const { host, port, user, password } = source
  const params = async (targets: Readonly<Record<string, Settings>>, more: Settings = {}) =>
    await writeFile(
      join(directory, 'params.json'),
      JSON.stringify({ db_host: host, db_port: port, db_user: user, db_pass: password, db_list: [database], retry_delay: 0, targets, ...more }),
    )
  await params({ bq: settings })
  await writeFile(join(directory, 'sync-config.json'), JSON.stringify(config))
  const rest = bigQueryRest(bigquery)
  const run = (...args: readonly string[]) => dbsync(['run', '--json', ...args], { cwd: directory })
  const kept = opened.move()
  return {
    directory,
    database,
    dataset,
    proxy,
    rest,
    at,
    settings,
    params,
    run,
    runIn: (env, ...args) => dbsync(['run', '--json', ...args], { cwd: directory, env }),
    start: (...args) => startDbsync(['run', '--json', ...args], { cwd: directory }),
    async sync(...args) {
      const outcome = await run(...args)
      if (outcome.code !== 0) throw new Error(said(outcome))
      return reportOf(outcome)
    },
    async same(columns, where = dataset) {
      for (const [table, names] of Object.entries(columns)) {
        const [rows] = await at.query({ sql: `SELECT ${names.map((name) => `CAST(${name} AS CHAR)`).join(', ')} FROM ${table}`, rowsAsArray: true })
        const select = names.map((name) => `CAST(${name} AS STRING)`).join(', ')
        const found = await rest.query(`SELECT ${select} FROM \`${bigquery.project}\`.${where}.${table} WHERE tenant_id = '${database}'`)
        expect(lines(found), table).toEqual(lines(rows as unknown[][]))
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** One engine prints the zeros at the end of a second's fraction, the other does not. */
const lines = (rows: readonly (readonly unknown[])[]): readonly string[] =>
  rows.map((row) => JSON.stringify(row).replaceAll(/(:\d\d\.\d*?)0+(?=")/g, (_, kept: string) => kept.replace(/\.$/, ''))).sort()
