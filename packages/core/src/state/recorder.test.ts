import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { memoryStore } from '../memory/store.ts'
import { StateRecorder } from './recorder.ts'
import { databaseKey, parseDatabaseState } from './records.ts'

/** A store in which a write takes so long. */
function slowStore(ms: number) {
  let writes = 0
  const store = memoryStore({
    fault: async (step) => {
      if (step !== 'save') return
      writes++
      await sleep(ms)
    },
  })
  const tables = async () => {
    const entry = await store.read(databaseKey('shop'))
    return Object.keys(entry === undefined ? {} : parseDatabaseState('shop', entry.value).tables)
  }
  return { store, writes: () => writes, tables }
}

test('writing takes a tenth of the time at most, whatever comes in meanwhile', async () => {
  const { store, writes, tables } = slowStore(20)
  const recorder = await StateRecorder.open(store, 'shop')
  for (let i = 0; i < 100; i++) {
    recorder.record('copy', `t${i}`, { sync_status: 'SUCCESS' })
    await sleep(5)
  }
  // Back to back they would have been 25.
  expect(writes()).toBeLessThanOrEqual(5)
  const started = performance.now()
  await recorder.flush()
  expect(performance.now() - started).toBeLessThan(150)
  expect(await tables()).toHaveLength(100)
})

test('flush waits for a write that is under way and for what came after it, and for no rest', async () => {
  const { store, writes, tables } = slowStore(300)
  const recorder = await StateRecorder.open(store, 'shop')
  recorder.record('copy', 'a', { sync_status: 'SUCCESS' })
  await sleep(50)
  recorder.record('copy', 'b', { sync_status: 'SUCCESS' })
  await recorder.flush()
  expect(await tables()).toEqual(['a', 'b'])
  recorder.record('copy', 'c', { sync_status: 'SUCCESS' })
  while (writes() < 3) await sleep(10)
  await sleep(400)
  recorder.record('copy', 'd', { sync_status: 'SUCCESS' })
  const started = performance.now()
  await recorder.flush()
  expect(performance.now() - started).toBeLessThan(2_000)
  expect(await tables()).toEqual(['a', 'b', 'c', 'd'])
  await recorder.flush()
  expect(writes()).toBe(4)
})
