import { randomBytes } from 'node:crypto'
import type { Target } from '@dbsync/core/plugin'
import { startBigQuery } from '@dbsync/testkit'
import { bigquerySettings } from './settings.ts'
import { openWith } from './target.ts'

/** An emulator for the tests of one file. */
export interface TestServer extends AsyncDisposable {
  readonly endpoint: string
  readonly project: string
  dataset(): Promise<TestDataset>
}

/** A dataset of its own on the emulator. */
export interface TestDataset extends AsyncDisposable {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  tables(): Promise<readonly string[]>
  /** Removes all tables. */
  empty(): Promise<void>
  /** The rows of a query, as text. `DATASET` stands for the dataset. */
  query(sql: string): Promise<readonly (readonly (string | null)[])[]>
  open(more?: Readonly<Record<string, unknown>>, warn?: (message: string) => void): Promise<Target>
}

/** One that runs already is taken where `DBSYNC_TEST_BIGQUERY_ENDPOINT` names it. */
export async function testServer(): Promise<TestServer> {
  const running = process.env.DBSYNC_TEST_BIGQUERY_ENDPOINT
  const started = running === undefined ? await startBigQuery() : undefined
  const endpoint = started?.endpoint ?? running ?? ''
  const project = started?.project ?? 'test'
  return {
    endpoint,
    project,
    dataset: () => testDataset(endpoint, project),
    async [Symbol.asyncDispose]() {
      await started?.[Symbol.asyncDispose]()
    },
  }
}

async function testDataset(endpoint: string, project: string): Promise<TestDataset> {
  const name = `t_${randomBytes(6).toString('hex')}`
  const send = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${endpoint}/bigquery/v2/projects/${project}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text === '' ? undefined : JSON.parse(text)
  }
  await send('POST', '/datasets', { datasetReference: { projectId: project, datasetId: name }, location: 'US' })
  const options = { project, dataset: name, auth: 'none', api_endpoint: endpoint }
  const never = new AbortController().signal
  return {
    name,
    options,
    async tables() {
      const list = (await send('GET', `/datasets/${name}/tables?maxResults=1000`)) as TableList
      // The count of the day's loads stays.
      return (list.tables ?? []).map(({ tableReference }) => tableReference.tableId).filter((id) => id !== '_dbsync_usage')
    },
    async empty() {
      const list = (await send('GET', `/datasets/${name}/tables?maxResults=1000`)) as TableList
      for (const { tableReference } of list.tables ?? []) await send('DELETE', `/datasets/${name}/tables/${tableReference.tableId}`)
    },
    async query(sql) {
      const query = sql.replaceAll('DATASET', `\`${project}\`.${name}`)
      const page = (await send('POST', '/queries', { query, useLegacySql: false, timeoutMs: 60_000 })) as Page
      return (page.rows ?? []).map(({ f }) => f.map(({ v }) => v))
    },
    open: (more = {}, warn = () => {}) =>
      openWith(
        { ...bigquerySettings({ ...options, ...more }, { directory: '/' }), retryDelayMs: 20 },
        { directory: '/', signal: never, limits: { connections: 4, batchRows: 1_000, compress: false }, warn },
      ),
    async [Symbol.asyncDispose]() {
      await send('DELETE', `/datasets/${name}?deleteContents=true`)
    },
  }
}

type Page = { readonly rows?: readonly { readonly f: readonly { readonly v: string | null }[] }[] }
type TableList = { readonly tables?: readonly { readonly tableReference: { readonly tableId: string } }[] }
