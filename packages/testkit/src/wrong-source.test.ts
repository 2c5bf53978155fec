import { memorySource } from '@dbsync/core/memory'
import { canDigest, type Source } from '@dbsync/core/plugin'
import { expect, it } from 'vitest'
import { failuresOf } from './checks.ts'
import { type SourceUnderTest, sourceChecks } from './source.ts'
import { memorySourceUnderTest } from './testing.ts'
import { withMembers } from './wrong/complete.ts'
import { WRONG_DIGESTS } from './wrong/digests.ts'
import { WRONG_READERS } from './wrong/readers.ts'
import { WRONG_SOURCES, type WrongSource } from './wrong/sources.ts'
import { WRONG_VALUES } from './wrong/values.ts'
import { emptyDatabase, expectEveryCheckToFail, expectFailures, type WrongReader } from './wrong/wrong.ts'

/** A memory source that has every optional member which the suite knows, and does one thing wrong. */
async function open(make: WrongSource['make']): Promise<SourceUnderTest> {
  const database = 'd'
  const db = emptyDatabase(database)
  const right = completeSource(memorySource(db))
  return memorySourceUnderTest({ ...right, ...make(right, db) }, db, database)
}

/** With the optional members that a memory source has no use for. */
const completeSource = (source: Source): Source => ({
  ...source,
  open: async (options) => withMembers(await source.open(options)),
  examine: async () => ({ findings: [{ level: 'ok', id: 'rights', message: 'All can be read.' }], clock: { aheadMs: 0, uncertainMs: 1, zoneMinutes: 0 } }),
  definitions: async (_, kinds) => ({ objects: [], complete: kinds, unreadable: [], hidden: [], settings: {} }),
})

async function checksOf(make: WrongSource['make']) {
  await using under = await open(make)
  return await sourceChecks(under, { open: () => open(make) })
}

/** A wrong reader as the snapshots of a source. */
const asSource = ({ make, ...wrong }: WrongReader): WrongSource => ({
  ...wrong,
  make: (right) => ({
    async open(options) {
      const snapshot = await right.open(options)
      if (!canDigest(snapshot)) throw new Error('a memory snapshot has digests')
      return { ...snapshot, ...make(snapshot) }
    },
  }),
})

const WRONG: readonly WrongSource[] = [...WRONG_SOURCES, ...[...WRONG_READERS, ...WRONG_DIGESTS, ...WRONG_VALUES].map(asSource)]

it('a source that does all of it right fails no check', async () => {
  expect(await failuresOf(await checksOf(() => ({})))).toEqual([])
})

it('each check of a source is failed by a wrong one', async () => {
  expectEveryCheckToFail(
    (await checksOf(() => ({}))).map(({ name }) => name),
    WRONG,
  )
})

it.each(WRONG.map((wrong) => [wrong.does, wrong] as const))('a source that %s fails', async (_, { make, fails }) => {
  await expectFailures(await checksOf(make), fails)
})
