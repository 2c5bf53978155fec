import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startBigQuery, type TestBigQuery } from './emulator.ts'
import { startBigQueryFaultProxy } from './fault-proxy.ts'
import { bigQueryMissing, installationOf, secondEmulator } from './installed.ts'
import { type BigQueryRest, bigQueryRest } from './rest.ts'

describe.skipIf(await bigQueryMissing())('an emulator of BigQuery', () => {
  test('two at once know nothing of each other, listen on 127.0.0.1 alone, do what they were asked behind a proxy, and leave nothing behind', async () => {
    const [one, two] = await Promise.all([startBigQuery(), startBigQuery()])
    try {
      await bigQueryRest(one).request('POST', '/datasets', { datasetReference: { projectId: one.project, datasetId: 'mine' } })
      expect(await datasets(bigQueryRest(one))).toContain('mine')
      expect(await datasets(bigQueryRest(two))).not.toContain('mine')
      await expect(fetch(one.endpoint.replace('127.0.0.1', '127.0.0.2'))).rejects.toThrow('fetch failed')
      await losesAnAnswer(one)
    } finally {
      await one[Symbol.asyncDispose]()
      await two[Symbol.asyncDispose]()
    }
    for (const { pid, folder } of [one, two]) {
      expect(() => process.kill(pid, 0)).toThrow('ESRCH')
      await expect(access(folder)).rejects.toThrow('ENOENT')
    }
  })
})

test('where none is installed, it says how to install one, and fails on CI', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'dbsync-cache-'))
  const { XDG_CACHE_HOME, CI, DBSYNC_TEST_BIGQUERY } = process.env
  try {
    process.env.XDG_CACHE_HOME = empty
    delete process.env.DBSYNC_TEST_BIGQUERY
    delete process.env.CI
    const said: string[] = []
    expect(await bigQueryMissing((text) => said.push(text))).toBe(true)
    expect(await secondEmulator((text) => said.push(text))).toBeUndefined()
    expect(said).toEqual([
      expect.stringContaining('The tests of BigQuery are LEFT OUT'),
      expect.stringContaining('The cross-check with a second emulator of BigQuery is LEFT OUT'),
    ])
    await expect(startBigQuery()).rejects.toThrow('No BigQuery emulator is installed. Install one with: bin/setup-bigquery.sh')
    await expect(startBigQuery({ emulator: 'goccy' })).rejects.toThrow(
      'The BigQuery emulator goccy is not installed. Install it with: bin/setup-bigquery.sh goccy',
    )
    process.env.CI = 'true'
    await expect(bigQueryMissing()).rejects.toThrow('bin/setup-bigquery.sh')
    await expect(secondEmulator()).rejects.toThrow('No BigQuery emulator is installed. Install another one with: bin/setup-bigquery.sh --second')
    await mkdir(installationOf('goccy'), { recursive: true })
    await writeFile(join(installationOf('goccy'), 'ready'), '')
    await expect(secondEmulator()).rejects.toThrow('Only the BigQuery emulator goccy is installed')
    process.env.DBSYNC_TEST_BIGQUERY = 'other'
    await expect(startBigQuery()).rejects.toThrow('it can be local-bigquery, bqemulator, goccy')
  } finally {
    for (const [name, value] of Object.entries({ XDG_CACHE_HOME, CI, DBSYNC_TEST_BIGQUERY })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    await rm(empty, { recursive: true })
  }
})

/** Through the proxy: the job has run, and its id finds it. */
async function losesAnAnswer(server: TestBigQuery): Promise<void> {
  await using proxy = await startBigQueryFaultProxy(server)
  const [direct, faulty] = [bigQueryRest(server), bigQueryRest({ endpoint: proxy.endpoint, project: server.project })]
  proxy.add(
    { fault: { type: 'lose-answer' }, when: ({ method, path }) => method === 'POST' && path.endsWith('/jobs') },
    { fault: { type: 'refuse', status: 403, reason: 'rateLimitExceeded' }, when: ({ path }) => path.endsWith('/queries') },
  )
  await expect(faulty.job({ query: { query: 'SELECT 1', useLegacySql: false } }, 'job-1')).rejects.toThrow('fetch failed')
  expect(await direct.request('GET', '/jobs/job-1')).toMatchObject({ status: { state: 'DONE' } })
  await expect(faulty.query('SELECT 1')).rejects.toMatchObject({ status: 403, reason: 'rateLimitExceeded' })
  expect(await faulty.query('SELECT 1')).toEqual([['1']])
}

async function datasets(rest: BigQueryRest): Promise<readonly string[]> {
  const list = ((await rest.request('GET', '/datasets'))['datasets'] ?? []) as unknown as readonly {
    readonly datasetReference: { readonly datasetId: string }
  }[]
  return list.map(({ datasetReference }) => datasetReference.datasetId)
}
