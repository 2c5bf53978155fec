import { packRows, SyncError, storedColumns, type Target } from '@dbsync/core/plugin'
import { type BigQueryFaultProxy, bigQueryMissing, plainSchema, startBigQueryFaultProxy } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDataset, type TestServer, testServer } from './test-rig.ts'

const never = new AbortController().signal
const tenant = 'one'
const source = plainSchema(
  { database: tenant, name: 'orders' },
  {
    name: 'orders',
    key: ['id'],
    columns: [
      { name: 'id', type: { kind: 'int', bits: 64 } },
      { name: 'a', type: { kind: 'text' }, nullable: true },
    ],
  },
)
const orders = (target: Target) => target.fit(source, { database: tenant, name: 'orders' })

async function write(target: Target, disposition: 'replace' | 'merge', rows: readonly (readonly (string | null)[])[]) {
  const schema = orders(target)
  const [existing] = await target.describe(tenant, ['orders'])
  await using writer = await target.open({ disposition, schema, existing }, never)
  await writer.write({ table: schema.table, upserts: packRows(storedColumns(schema), rows) })
  return await writer.commit()
}

/** Takes the interpreter minutes, and can be cancelled. */
const LONG_QUERY = 'SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 300000)) a, UNNEST(GENERATE_ARRAY(1, 300000)) b WHERE MOD(a * b, 7) = 3'

describe.skipIf(await bigQueryMissing())('jobs', { timeout: 240_000 }, () => {
  let server: TestServer
  let dataset: TestDataset
  let proxy: BigQueryFaultProxy
  beforeAll(async () => {
    server = await testServer()
    dataset = await server.dataset()
    proxy = await startBigQueryFaultProxy(server)
  }, 120_000)
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await dataset[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })
  const open = (more: Readonly<Record<string, unknown>> = {}) => dataset.open({ api_endpoint: proxy.endpoint, ...more })
  const ids = async () => (await dataset.query("SELECT CAST(id AS STRING) || IFNULL(a, '') FROM DATASET.orders ORDER BY 1")).flat()
  const mark = () => proxy.requests.length

  it('are sent again under the same id after whatever refusal, and under another one only when they are known to have failed', async () => {
    await using target = await open()
    await write(target, 'replace', [['1', 'x']])
    const from = mark()
    // The answer is lost, and then it is refused: the rows must not be loaded a second time.
    proxy.add(
      { fault: { type: 'lose-answer' }, when: ({ path }) => path.startsWith('/upload') },
      { fault: { type: 'refuse', status: 403, reason: 'rateLimitExceeded' }, when: ({ path }) => path.startsWith('/upload') },
      { fault: { type: 'refuse', status: 400, reason: 'jobBackendError' }, when: ({ path }) => path.startsWith('/upload') },
    )
    expect(await write(target, 'replace', [['2', 'y']])).toMatchObject({ updated: 1 })
    const uploads = proxy.requests.slice(from).filter(({ path }) => path.startsWith('/upload'))
    expect(uploads).toHaveLength(4)
    expect(new Set(uploads.map(({ body }) => /"jobId":"(\w+)"/.exec(body)?.[1])).size).toBe(1)
    expect(await ids()).toEqual(['2y'])
  })

  it('have names that tell of the staging table that they read', async () => {
    await using target = await open()
    const from = mark()
    await write(target, 'merge', [['2', 'z']])
    const text = proxy.requests
      .slice(from)
      .map(({ body }) => body)
      .join('\n')
    const [, staging = ''] = /"tableId":"(_dbsync_stg_[0-9a-f]{16}_[0-9a-f]{8}_[0-9a-f]{12})"/.exec(text) ?? []
    expect(text).toContain(`"jobId":"${staging}_load1_a1"`)
    expect(text).toContain(`"jobId":"${staging}_merge_a1"`)
    // Constants, which prune: no join does.
    expect(text).toContain('_dbsync_t.`id` = _dbsync_s.`id` AND _dbsync_t.`id` BETWEEN 2 AND 2')
    expect(await ids()).toEqual(['2z'])
  })

  it('of a run that was killed have ended, or can do nothing any more, when the next one begins', async () => {
    await using killed = await open()
    const schema = orders(killed)
    const writer = await killed.open({ disposition: 'replace', schema, existing: schema }, never)
    await writer.write({ table: schema.table, upserts: packRows(storedColumns(schema), [['9', 'old']]) })
    // The MERGE is on its way when the process dies; and another one, of which nobody knows, is at work.
    proxy.add({ fault: { type: 'late', milliseconds: 2_500 }, when: ({ body }) => body.includes('"MERGE ') || body.includes('MERGE `') })
    const stuck = writer.commit().catch(() => {})
    while (!proxy.requests.some(({ fault }) => fault?.type === 'late')) await new Promise((resolve) => setTimeout(resolve, 10))
    const [merge] = proxy.requests.filter(({ fault }) => fault?.type === 'late')
    const id = /"jobId":"(\w+)"/.exec(merge?.body ?? '')?.[1] ?? ''
    await using next = await dataset.open()
    const statements = await next.leftovers(tenant)
    expect(statements).toEqual([expect.stringContaining(id.replace(/_merge_a1$/, ''))])
    await next.run(statements, never)
    proxy.add({ fault: { type: 'refuse', status: 503, reason: 'backendError' }, times: 1_000 })
    await write(next, 'replace', [['3', 'new']])
    await new Promise((resolve) => setTimeout(resolve, 3_500))
    expect(await ids()).toEqual(['3new'])
    proxy.heal()
    await killed[Symbol.asyncDispose]()
    await stuck
    await writer[Symbol.asyncDispose]()
    expect(await ids()).toEqual(['3new'])
  })

  it('of a killed run that are still at work are cancelled, and waited for', async () => {
    await using next = await dataset.open()
    const [staging] = [`_dbsync_stg_${(await stagingOf(next)).slice(12, 28)}_00000000_000000000000`]
    const at = `${server.endpoint}/bigquery/v2/projects/${server.project}`
    const post = (path: string, body: object) =>
      fetch(at + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    const tableReference = { projectId: server.project, datasetId: dataset.name, tableId: staging }
    await post(`/datasets/${dataset.name}/tables`, { tableReference, schema: { fields: [{ name: 'a', type: 'STRING' }] } })
    const jobReference = { projectId: server.project, jobId: `${staging}_merge_a1` }
    await post('/jobs', { jobReference, configuration: { query: { query: LONG_QUERY, useLegacySql: false } } })
    const state = async () => ((await (await fetch(`${at}/jobs/${staging}_merge_a1`)).json()) as { status: { state: string; errorResult?: object } }).status
    expect(await state()).toMatchObject({ state: 'RUNNING' })
    const reopened = await dataset.open()
    await reopened.run(await reopened.leftovers(tenant), never)
    expect(await state()).toMatchObject({ state: 'DONE', errorResult: { reason: 'stopped' } })
    expect(await reopened.leftovers(tenant)).toEqual([])
    await reopened[Symbol.asyncDispose]()
  })

  it('that were given up are waited for before anything else is read or written', async () => {
    await using target = await open()
    await write(target, 'replace', [['1', 'x']])
    const isMerge = ({ body }: { readonly body: string }) => body.includes('MERGE')
    // The MERGE is on its way, and nothing can be learnt of it.
    proxy.add(
      { fault: { type: 'lose-answer' }, when: isMerge },
      { fault: { type: 'refuse', status: 403, reason: 'accessDenied' }, when: isMerge },
      { fault: { type: 'refuse', status: 403, reason: 'accessDenied' }, when: ({ method, path }) => method === 'GET' && path.includes('_merge_a1') },
    )
    const failure = await write(target, 'replace', [['5', 'e']]).catch((error: unknown) => error)
    expect(SyncError.is(failure) && failure.code).toBe('BIGQUERY_PRIVILEGE')
    // Its staging table stays: should this process end now, the next one finds the job by it.
    expect(await target.leftovers(tenant)).toHaveLength(1)
    const from = mark()
    expect(await target.count(orders(target), never)).toBe(1)
    expect(proxy.requests.slice(from)[0]?.path).toContain('_merge_a1')
    expect(await ids()).toEqual(['5e'])
  })

  it('are counted for the day, and refused before there are too many', async () => {
    const warnings: string[] = []
    const fresh = await server.dataset()
    const first = await fresh.open({ max_daily_loads: 4 }, (message) => warnings.push(message))
    for (const id of ['1', '2', '3']) await write(first, 'replace', [[id, 'x']])
    expect(warnings).toEqual([])
    await first[Symbol.asyncDispose]()
    await using second = await fresh.open({ max_daily_loads: 4 }, (message) => warnings.push(message))
    await write(second, 'replace', [['4', 'x']])
    expect(warnings).toEqual([expect.stringContaining('one.orders is load 4 of the 4')])
    const failure = await write(second, 'replace', [['5', 'x']]).catch((error: unknown) => error)
    expect(SyncError.is(failure) && [failure.code, failure.kind, failure.message]).toEqual(['BIGQUERY_LOADS', 'refused', expect.stringContaining('one.orders')])
    expect(await fresh.query('SELECT CAST(id AS STRING) FROM DATASET.orders')).toEqual([['4']])
    expect(await fresh.tables()).toEqual(['orders'])
  })
})

/** The name of some staging table of the tenant, as `preview` shows it. */
async function stagingOf(target: Target): Promise<string> {
  const schema = orders(target)
  const [line = ''] = target.preview({ disposition: 'merge', schema, existing: schema }, { upserts: true, deletes: false })
  return /_dbsync_stg_\w+/.exec(line)?.[0] ?? ''
}
