import { type MemoryTargetOptions, memoryTarget } from '@dbsync/core/memory'
import { canDigest, type Target } from '@dbsync/core/plugin'
import { expect, it } from 'vitest'
import { type Check, failuresOf } from './checks.ts'
import { plainSchema } from './fixture.ts'
import { targetChecks } from './target.ts'
import { staged, withMembers, withTargetMembers } from './wrong/complete.ts'
import { WRONG_DIGESTS } from './wrong/digests.ts'
import { WRONG_LEFTOVERS, WRONG_LOCKS } from './wrong/locks-and-leftovers.ts'
import { WRONG_MEMBERS } from './wrong/members.ts'
import { WRONG_READERS } from './wrong/readers.ts'
import { WRONG_SHARERS } from './wrong/shared.ts'
import { WRONG_TARGETS } from './wrong/targets.ts'
import { WRONG_VALUES } from './wrong/values.ts'
import { WRONG_ADDERS, WRONG_WRITERS } from './wrong/writers.ts'
import { emptyDatabase, expectEveryCheckToFail, expectFailures, type WrongReader, type WrongTarget } from './wrong/wrong.ts'

/** The checks of a memory target that has every optional member which the suite knows, and does one thing wrong. */
function checksOf(make: WrongTarget['make'], supports: MemoryTargetOptions['supports'] = {}): readonly Check[] {
  const database = 'd'
  const db = emptyDatabase(database)
  const open = (): Target => {
    const right = withTargetMembers(withMembers(staged(memoryTarget(db, { supports }), db)))
    return { ...right, ...make(right, db) }
  }
  return targetChecks({
    target: open(),
    database,
    another: async () => open(),
    schema: async (table) => plainSchema({ database, name: table.name }, table),
    serverTables: async () => [...(db.databases.get(database)?.keys() ?? [])],
    async [Symbol.asyncDispose]() {},
  })
}

const asTarget = ({ make, ...wrong }: WrongReader): WrongTarget => ({
  ...wrong,
  make(right) {
    if (!canDigest(right)) throw new Error('a memory target has digests')
    return make(right)
  },
})

const SHARED = { sharedTables: true } as const
const ADDS_ONCE = { addsOnce: true, keylessDeletes: false } as const
const WRONG: readonly WrongTarget[] = [
  ...WRONG_WRITERS,
  ...WRONG_TARGETS,
  ...WRONG_LOCKS,
  ...WRONG_LEFTOVERS,
  ...WRONG_MEMBERS,
  ...[...WRONG_READERS, ...WRONG_DIGESTS, ...WRONG_VALUES].map(asTarget),
]

it.each([{}, SHARED, ADDS_ONCE])('a target that does all of it right fails no check: %j', async (supports) => {
  expect(await failuresOf(checksOf(() => ({}), supports))).toEqual([])
})

it('each check of a target is failed by a wrong one', () => {
  const checks = [{}, SHARED, ADDS_ONCE].flatMap((supports) => checksOf(() => ({}), supports).map(({ name }) => name))
  expectEveryCheckToFail(checks, [...WRONG, ...WRONG_SHARERS, ...WRONG_ADDERS])
})

it.each(WRONG.map((wrong) => [wrong.does, wrong] as const))('a target that %s fails', async (_, { make, fails }) => {
  await expectFailures(checksOf(make), fails)
})

it.each(WRONG_SHARERS.map((wrong) => [wrong.does, wrong] as const))('a target with shared tables that %s fails', async (_, { make, fails }) => {
  await expectFailures(checksOf(make, SHARED), fails)
})

it.each(WRONG_ADDERS.map((wrong) => [wrong.does, wrong] as const))('a target that adds rows without a key once, and %s, fails', async (_, { make, fails }) => {
  await expectFailures(checksOf(make, ADDS_ONCE), fails)
})
