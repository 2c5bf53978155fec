import { packRows, SyncError, storedColumns, type Target } from '@dbsync/core/plugin'
import { bigQueryMissing, plainSchema, startBigQueryFaultProxy } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDataset, type TestServer, testServer } from './test-rig.ts'

const never = new AbortController().signal
const source = (tenant: string) =>
  plainSchema(
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

async function replace(target: Target, tenant: string, rows: readonly (readonly (string | null)[])[]) {
  const schema = target.fit(source(tenant), { database: tenant, name: 'orders' })
  const [existing] = await target.describe(tenant, ['orders'])
  await using writer = await target.open({ disposition: 'replace', schema, existing }, never)
  await writer.write({ table: schema.table, upserts: packRows(storedColumns(schema), rows) })
  return await writer.commit()
}

/** An emulator takes its time. */
const LONG = { timeout: 240_000 }

describe.skipIf(await bigQueryMissing())('when answers are lost', LONG, () => {
  let server: TestServer
  let dataset: TestDataset
  beforeAll(async () => {
    server = await testServer()
    dataset = await server.dataset()
  }, 120_000)
  afterAll(async () => {
    await dataset[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  it('loads and merges once, whatever answer is lost and whatever is refused for a moment', async () => {
    await using proxy = await startBigQueryFaultProxy(server)
    await using target = await dataset.open({ api_endpoint: proxy.endpoint })
    expect(await replace(target, 'one', [['1', 'x']])).toMatchObject({ inserted: 1 })
    proxy.add(
      { fault: { type: 'lose-answer' }, when: ({ path }) => path.startsWith('/upload') },
      { fault: { type: 'refuse', status: 503, reason: 'backendError' }, when: ({ path }) => path.startsWith('/upload') },
      { fault: { type: 'lose-answer' }, when: ({ method, path, body }) => method === 'POST' && path.includes('/jobs') && body.includes('MERGE') },
      { fault: { type: 'reset' }, when: ({ method, path }) => method === 'GET' && path.includes('/jobs/') },
      { fault: { type: 'lose-answer' }, when: ({ method, path }) => method === 'POST' && path.endsWith('/tables') },
      { fault: { type: 'lose-answer' }, when: ({ method }) => method === 'DELETE' },
    )
    const rows = [
      ['1', 'x'],
      ['2', null],
    ]
    expect(await replace(target, 'one', rows)).toEqual({ inserted: 1, updated: 1, deleted: 0, unchanged: 0 })
    expect(proxy.requests.filter(({ fault }) => fault !== undefined)).toHaveLength(6)
    expect(await dataset.query("SELECT CAST(id AS STRING), a FROM DATASET.orders WHERE tenant_id = 'one' ORDER BY id")).toEqual(rows)
    expect(await dataset.tables()).toEqual(['orders'])
  })

  it('leaves the table as it was where it cannot go on, and says what failed', async () => {
    await using proxy = await startBigQueryFaultProxy(server)
    await using target = await dataset.open({ api_endpoint: proxy.endpoint })
    await replace(target, 'two', [['1', 'x']])
    proxy.add({ fault: { type: 'refuse', status: 403, reason: 'quotaExceeded' }, when: ({ body }) => body.includes('MERGE'), times: 9 })
    const failure = await replace(target, 'two', [['2', 'y']]).catch((error: unknown) => error)
    expect(SyncError.is(failure) && failure.code).toBe('BIGQUERY_QUOTA')
    expect(await dataset.query("SELECT CAST(id AS STRING) FROM DATASET.orders WHERE tenant_id = 'two'")).toEqual([['1']])
    expect((await dataset.tables()).filter((name) => name.startsWith('_dbsync'))).toEqual([])
  })

  it('replaces the rows of one tenant and of no other', async () => {
    await using target = await dataset.open()
    for (const tenant of ["it's", 'b`\\n"', '__proto__']) await replace(target, tenant, [['1', tenant]])
    expect(await replace(target, "it's", [['5', 'y']])).toEqual({ inserted: 0, updated: 1, deleted: 0, unchanged: 0 })
    for (const tenant of ['b`\\n"', '__proto__']) {
      const schema = target.fit(source(tenant), { database: tenant, name: 'orders' })
      expect(await target.count(schema, never)).toBe(1)
    }
  })
})
