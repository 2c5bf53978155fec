import type { Target } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import { onCheckFinished, type Registry } from './checks.ts'
import { ODD_NAME } from './fixture.ts'
import { cancelled, expectKind, never } from './rows-of.ts'
import type { TargetBench } from './target-bench.ts'

/** One run at a time writes to a database. */
export function describeLock({ describe, it }: Registry, bench: TargetBench): void {
  const locked = async (target: Target, database: string) => {
    const lock = await target.lock(database, never)
    onCheckFinished(async () => await lock[Symbol.asyncDispose]())
    return lock
  }
  const expectLocked = async (action: Promise<unknown>) =>
    expect(await action.catch((error: unknown) => error)).toMatchObject({
      code: 'RUN_LOCKED',
      kind: 'locked',
      message: expect.stringContaining(bench.database),
    })

  describe('lock', () => {
    it('is held by one run, until that one lets go', async () => {
      const [one, other] = [await bench.another(), await bench.another()]
      const lock = await locked(one, bench.database)
      await expectLocked(other.lock(bench.database, never))
      await expectLocked(one.lock(bench.database, never))
      expect(lock.held()).toBe(true)
      await lock[Symbol.asyncDispose]()
      expect(lock.held()).toBe(false)
      const next = await locked(other, bench.database)
      // A second time: it must not free what is another's now.
      await lock[Symbol.asyncDispose]()
      expect([lock.held(), next.held()]).toEqual([false, true])
      await expectLocked(one.lock(bench.database, never))
    })

    it('leaves other databases free', async () => {
      const [one, other] = [await bench.another(), await bench.another()]
      await locked(one, bench.database)
      for (const name of ['_2', ODD_NAME]) expect(await locked(other, `${bench.database}${name}`)).toBeDefined()
    })

    if (bench.target.locked !== undefined) {
      it('is seen by others as long as it is held', async () => {
        const other = await bench.another()
        const isLocked = () => other.locked?.(bench.database, never)
        expect(await isLocked()).toBe(false)
        const lock = await locked(bench.target, bench.database)
        expect(await isLocked()).toBe(true)
        await lock[Symbol.asyncDispose]()
        expect(await isLocked()).toBe(false)
      })
    }

    it('is won by one of many that ask at the same moment', async () => {
      const targets = await Promise.all(Array.from({ length: 6 }, bench.another))
      const answers = await Promise.allSettled(targets.map((target) => locked(target, bench.database)))
      const lost = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
      expect(lost).toEqual(Array.from({ length: 5 }, () => expect.objectContaining({ code: 'RUN_LOCKED' })))
    })

    it('is not taken when it is aborted', async () => {
      await expectKind(() => bench.target.lock(bench.database, cancelled()), 'cancelled')
      await locked(bench.target, bench.database)
    })
  })
}
