import { memoryStore } from '@dbsync/core/memory'
import { type JsonValue, type StateStore, SyncError } from '@dbsync/core/plugin'
import { expect, it } from 'vitest'
import { type Check, failuresOf } from './checks.ts'
import { stateStoreChecks } from './state-store.ts'
import { WRONG_STORES, type WrongStore } from './wrong/stores.ts'
import { expectEveryCheckToFail, expectFailures } from './wrong/wrong.ts'

/** The checks of a memory store that has every optional member, can be damaged, and does one thing wrong. */
function checksOf(make: WrongStore['make']): readonly Check[] {
  const damaged = new Set<string>()
  const [right, memory] = [damageable(memoryStore(), damaged), new Map<string, JsonValue>()]
  return stateStoreChecks({
    open: async () => ({ ...right, ...make(right, memory) }),
    async damage(key) {
      damaged.add(key)
      return async () => void damaged.delete(key)
    },
  })
}

function damageable(right: StateStore, damaged: ReadonlySet<string>): StateStore {
  const look = (key: string) => {
    if (damaged.has(key)) throw new SyncError('STATE_UNREADABLE', `The state ${key} cannot be read.`, { kind: 'config' })
  }
  return {
    ...right,
    async read(key) {
      look(key)
      return await right.read(key)
    },
    async write(key, value, expected) {
      look(key)
      return await right.write(key, value, expected)
    },
    examine: async () => [{ level: 'ok', id: 'memory', message: 'There is enough of it.' }],
  }
}

it('a store that does all of it right fails no check', async () => {
  expect(await failuresOf(checksOf(() => ({})))).toEqual([])
})

it('each check of a store is failed by a wrong one', () => {
  expectEveryCheckToFail(
    checksOf(() => ({})).map(({ name }) => name),
    WRONG_STORES,
  )
})

it.each(WRONG_STORES.map((wrong) => [wrong.does, wrong] as const))('a store that %s fails', async (_, { make, fails }) => {
  await expectFailures(checksOf(make), fails)
})
