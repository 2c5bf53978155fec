/** Repeatable chance: the same seed gives the same corpus and the same changes. */
export interface Chance {
  /** An integer from 0 up to and without `limit`. */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
}

/** The seed of this run; DBSYNC_CORPUS_SEED repeats an earlier one. The names of the tests hold it. */
export const SEED = Number(process.env.DBSYNC_CORPUS_SEED ?? Date.now() % 1_000_000)

/** mulberry32. */
export function chance(seed: number): Chance {
  let state = seed >>> 0
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
  return {
    below,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new Error('nothing to pick from')
      return items[below(items.length)] as T
    },
  }
}
