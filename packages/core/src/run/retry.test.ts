import { expect, test } from 'vitest'
import { type ErrorKind, SyncError } from '../errors/sync-error.ts'
import { backOff, retried } from './retry.ts'

/** Fails as often as it is told. */
function work(failures: number, kind: ErrorKind, signal = new AbortController().signal) {
  const told: number[] = []
  let tries = 0
  const done = retried(
    async () => {
      if (++tries <= failures) throw new SyncError('X', `failure ${tries}`, { kind })
      return tries
    },
    { config: { maxRetries: 2, retryDelayMs: 1 }, signal, retrying: (_, delayMs) => void told.push(delayMs) },
  )
  return { done, told, tries: () => tries }
}

test('what passes is tried again as often as is allowed, and no more', async () => {
  for (const kind of ['transient', 'connection'] as const) {
    const twice = work(2, kind)
    expect(await twice.done).toBe(3)
    expect(twice.told).toHaveLength(2)
    const thrice = work(3, kind)
    await expect(thrice.done).rejects.toThrow('failure 3')
    expect(thrice.tries()).toBe(3)
  }
})

test('what does not pass, and what was stopped, is not tried again', async () => {
  for (const kind of ['data', 'config', 'privilege', 'locked', 'refused', 'bug'] as const) {
    const one = work(1, kind)
    await expect(one.done).rejects.toThrow('failure 1')
    expect(one.told).toEqual([])
  }
  const stopped = work(1, 'transient', AbortSignal.abort())
  await expect(stopped.done).rejects.toThrow('failure 1')
  expect(stopped.tries()).toBe(1)
})

test('each wait is about twice as long as the one before', () => {
  for (const [attempt, about] of [
    [1, 1000],
    [2, 2000],
    [4, 8000],
  ] as const) {
    for (let i = 0; i < 50; i++) {
      expect(backOff(1000, attempt)).toBeGreaterThanOrEqual(about * 0.75)
      expect(backOff(1000, attempt)).toBeLessThanOrEqual(about * 1.25)
    }
  }
})
