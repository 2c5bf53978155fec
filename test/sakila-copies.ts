import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bigQueryRest, startBigQuery, startBigQueryFaultProxy } from '@dbsync/testkit'
import { said } from './dbsync.ts'
import { queryFile } from './duckdb/warehouse.ts'
import type { Cells, SakilaTenants, SourceColumn } from './sakila-tenants.ts'

/** A warehouse, asked with SQL of the test's own. */
export interface Copy extends AsyncDisposable {
  readonly settings: Readonly<Record<string, unknown>>
  /** Of every row: the tenant, `sync_mode`, `sync_timestamp` in microseconds, all there is in the row, and the columns of the source. */
  rows(table: string, columns: readonly SourceColumn[]): Promise<readonly Cells[]>
  /** Another text after anything was written. */
  written(): Promise<string>
  /** How much there is by now, for people. */
  size(): Promise<string>
}

export async function intoBigQuery(): Promise<Copy> {
  await using opened = new AsyncDisposableStack()
  const bigquery = opened.use(await startBigQuery())
  const proxy = opened.use(await startBigQueryFaultProxy(bigquery))
  // Through the proxy too: the emulator hangs up on who was quiet for a while.
  const rest = bigQueryRest({ endpoint: proxy.endpoint, project: bigquery.project })
  const cell = ({ name, kind }: SourceColumn) => {
    const column = `t.\`${name}\``
    if (kind === 'bytes') return `TO_HEX(${column})`
    return `CAST(${kind === 'moment' ? `UNIX_MICROS(TIMESTAMP(${column}))` : column} AS STRING)`
  }
  /** Loads, statements and queries of dbsync; ours are asked in another way. */
  const jobs = () => proxy.requests.filter(({ method, path }) => method === 'POST' && /\/jobs(\?|$)/.test(path)).length
  const kept = opened.move()
  return {
    settings: { type: 'bigquery', project: bigquery.project, dataset: 'shops', auth: 'none', api_endpoint: proxy.endpoint },
    async rows(table, columns) {
      const own = ['t.tenant_id', 't.sync_mode', 'CAST(UNIX_MICROS(t.sync_timestamp) AS STRING)', 'TO_JSON_STRING(t)']
      return (await rest.query(`SELECT ${[...own, ...columns.map(cell)].join(', ')} FROM \`${bigquery.project}\`.shops.\`${table}\` t`)) as readonly Cells[]
    },
    written: async () => String(jobs()),
    size: async () => `${jobs()} jobs so far`,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const PLUGIN = join(import.meta.dirname, '..', 'packages', 'plugin-duckdb-target')

export async function intoDuckDb(work: SakilaTenants): Promise<Copy> {
  const linked = await work.dbsync('plugins', 'link', '--no-install', PLUGIN)
  if (linked.code !== 0) throw new Error(said(linked))
  const path = join(work.directory, 'shops.duckdb')
  const cell = ({ name, kind }: SourceColumn) => {
    const column = `t."${name}"`
    if (kind === 'bytes') return `lower(hex(${column}))`
    return `${kind === 'moment' ? `epoch_us(${column})` : column}::VARCHAR`
  }
  return {
    settings: { type: 'duckdb', path: 'shops.duckdb' },
    async rows(table, columns) {
      const own = ['t.tenant_id', 't.sync_mode', 'epoch_us(t.sync_timestamp)::VARCHAR', 't::VARCHAR']
      return (await queryFile(path, `SELECT ${[...own, ...columns.map(cell)].join(', ')} FROM "${table}" t`)) as readonly Cells[]
    },
    written: async () =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    size: async () => `${((await stat(path)).size / 1e6).toFixed(1)} MB`,
    [Symbol.asyncDispose]: async () => {},
  }
}
