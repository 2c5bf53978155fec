import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Capability, LACKS, PROBES } from './capabilities.ts'
import { startBigQuery, type TestBigQuery } from './emulator.ts'
import { bigQueryMissing, type Emulator, installedEmulators, secondEmulator } from './installed.ts'
import { observe, type Probe, type ProbePlace, probePlace } from './probe.ts'
import { bigQueryRest } from './rest.ts'

const first = (await bigQueryMissing()) ? undefined : (await installedEmulators())[0]
const second = await secondEmulator()

type Tested = readonly [Capability, Probe]
const ALL = Object.entries(PROBES) as readonly Tested[]

const TESTED: readonly { readonly emulator: Emulator | undefined; readonly tested: readonly Tested[] }[] = [
  { emulator: first, tested: ALL },
  // Only what it lacks.
  { emulator: second, tested: ALL.filter(([capability]) => second !== undefined && LACKS[second][capability] !== undefined) },
]

// Another emulator: DBSYNC_TEST_BIGQUERY=goccy vitest run capabilities
describe.each(TESTED.filter(({ emulator }) => emulator !== undefined))('the emulator $emulator lacks of BigQuery what is listed', ({ emulator, tested }) => {
  let server: TestBigQuery
  let place: ProbePlace
  beforeAll(async () => {
    server = await startBigQuery(emulator === undefined ? {} : { emulator })
    place = await probePlace(bigQueryRest(server), server.project, 'probe')
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  // At once, as a run's workers are. But asked for two things at once, bqemulator may answer one with the rows of the other.
  test.each(tested)('%s', { concurrent: emulator !== 'bqemulator' }, async (capability, probe) => {
    const listed = LACKS[server.emulator][capability]
    expect(await observe(probe, place)).toEqual(listed === undefined ? probe.bigquery : listed)
  })
})

test('what is listed differs from what BigQuery does', () => {
  for (const list of Object.values(LACKS)) for (const [name, seen] of Object.entries(list)) expect(seen).not.toEqual(PROBES[name as Capability].bigquery)
})
