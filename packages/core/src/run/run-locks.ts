import pLimit from 'p-limit'
import type { TargetLock } from '../contract/target.ts'
import { mustHave } from '../model/must.ts'

type Place = {
  lock: TargetLock
  readonly acquire: () => Promise<TargetLock>
  lost: boolean
  taking: Promise<TargetLock> | undefined
}

/** The locks of a run on the databases that it writes to. One that is lost, with its connection for example, can be taken again. */
export class RunLocks implements AsyncDisposable {
  readonly #places = new Map<string, Place>()

  /** Takes the lock on a place, and keeps `acquire` for the case that it is lost. */
  async take(place: string, acquire: () => Promise<TargetLock>): Promise<void> {
    this.#places.set(place, { lock: await acquire(), acquire, lost: false, taking: undefined })
  }

  /** The lock as it is now, taken again where it was lost: another run may have come and gone, so whatever was read before must not be written. */
  async hold(name: string): Promise<TargetLock> {
    const place = mustHave(this.#places, name)
    if (place.lock.held()) return place.lock
    place.lost = true
    place.taking ??= this.#takeAgain(place).finally(() => {
      place.taking = undefined
    })
    return await place.taking
  }

  /** True while the lock has been held without a break since the run began. */
  unbroken(name: string): boolean {
    const place = mustHave(this.#places, name)
    return !place.lost && place.lock.held()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const locks = [...this.#places.values()].map(({ lock }) => lock).reverse()
    this.#places.clear()
    const limit = pLimit(8)
    const answers = await Promise.allSettled(locks.map((lock) => limit(() => lock[Symbol.asyncDispose]())))
    const failed = answers.find((answer) => answer.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async #takeAgain(place: Place): Promise<TargetLock> {
    await place.lock[Symbol.asyncDispose]()
    place.lock = await place.acquire()
    return place.lock
  }
}

/** What a route's lock goes by. */
export const lockPlace = (target: string, database: string): string => `${target}/${database}`
