import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Capability, LACKS, PROBES } from './capabilities.ts'
import { startBigQuery, type TestBigQuery } from './emulator.ts'
import { bigQueryMissing } from './installed.ts'
import { observe, type Probe, type ProbePlace, probePlace } from './probe.ts'
import { bigQueryRest } from './rest.ts'

// Another emulator: DBSYNC_TEST_BIGQUERY=bqemulator vitest run capabilities
describe.skipIf(await bigQueryMissing())('an emulator lacks of BigQuery what is listed, and nothing else', () => {
  let server: TestBigQuery
  let place: ProbePlace
  beforeAll(async () => {
    server = await startBigQuery()
    place = await probePlace(bigQueryRest(server), server.project, 'probe')
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  // At once, as a run's workers are.
  test.concurrent.each(Object.entries(PROBES) as [Capability, Probe][])('%s', async (capability, probe) => {
    const listed = LACKS[server.emulator][capability]
    expect(await observe(probe, place)).toEqual(listed === undefined ? probe.bigquery : listed)
  })

  test('what is listed differs from what BigQuery does', () => {
    for (const list of Object.values(LACKS)) for (const [name, seen] of Object.entries(list)) expect(seen).not.toEqual(PROBES[name as Capability].bigquery)
  })
})
