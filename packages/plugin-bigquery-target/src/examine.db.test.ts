import type { Target } from '@dbsync/core/plugin'
import { bigQueryMissing, startBigQueryFaultProxy } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { testServer } from './test-rig.ts'

const { signal } = new AbortController()
const request = { databases: ['shop'], objects: [], backups: true, connections: 1, tables: [], signal } as const

async function examined(target: Target) {
  const { findings = [] } = (await target.examine?.(request)) ?? {}
  return findings.map(({ id, level, fix }) => [id, level, ...(fix?.by === 'hand' ? [fix.text] : [])])
}

test.skipIf(await bigQueryMissing())('a dataset that is there, one that is not, and a role that is missing', { timeout: 120_000 }, async () => {
  await using server = await testServer()
  await using dataset = await server.dataset()
  await using proxy = await startBigQueryFaultProxy(server)
  await using there = await dataset.open({ api_endpoint: proxy.endpoint })
  expect(await examined(there)).toEqual([
    ['jobs', 'ok'],
    ['dataset', 'ok'],
  ])
  await using missing = await dataset.open({ dataset: 'not_there' })
  expect(await examined(missing)).toEqual([
    ['jobs', 'ok'],
    ['dataset', 'note'],
  ])
  const message = 'Access Denied: User does not have bigquery.jobs.create permission'
  proxy.add({ fault: { type: 'refuse', status: 403, reason: 'accessDenied', message }, when: ({ method }) => method === 'POST' })
  expect(await examined(there)).toEqual([
    ['jobs', 'failure', expect.stringContaining('roles/bigquery.jobUser')],
    ['dataset', 'ok'],
  ])
})
