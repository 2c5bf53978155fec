import { setTimeout as sleep } from 'node:timers/promises'
import type { VerifyConfig } from '../config/config.ts'
import type { TableReader } from '../contract/reader.ts'
import type { Pace } from '../run/compare.ts'

const LAG_EVERY_MS = 1_000
const LARGEST_PORTION = 16_384

export type PaceOptions = Omit<VerifyConfig, 'level'> & {
  readonly readers: readonly { readonly name: string; readonly reader: TableReader }[]
  readonly signal: AbortSignal
  readonly warn: (message: string) => void
}

/** One for a whole verification, shared by its tables; `undefined` where nothing is limited. */
export function paceOf({ maxRowsPerSecond, maxLagSeconds, readers, signal, warn }: PaceOptions): Pace | undefined {
  if (maxRowsPerSecond === undefined && maxLagSeconds === undefined) return undefined
  let dueAt = performance.now()
  let lagSeenAt = Number.NEGATIVE_INFINITY
  const watched = new Set(readers.filter(({ reader }) => reader.lag !== undefined))

  /** Waits until no server lags more than it may. */
  async function lag(limit: number): Promise<void> {
    if (performance.now() - lagSeenAt < LAG_EVERY_MS) return
    for (const end of watched) {
      for (;;) {
        const seconds = await end.reader.lag?.(signal)
        if (seconds === 'unknown') {
          watched.delete(end)
          warn(
            `how far the ${end.name} lags behind cannot be seen (max_lag_seconds): either replication has stopped, or GRANT REPLICA MONITOR (MariaDB) or REPLICATION CLIENT (MySQL) ON *.* is missing`,
          )
        }
        if (typeof seconds !== 'number' || seconds <= limit) break
        await sleep(LAG_EVERY_MS, undefined, { signal })
      }
    }
    lagSeenAt = performance.now()
  }

  return {
    portion: Math.max(1, Math.min(LARGEST_PORTION, maxRowsPerSecond ?? LARGEST_PORTION)),
    async rows(count) {
      if (maxLagSeconds !== undefined) await lag(maxLagSeconds)
      if (maxRowsPerSecond === undefined) return
      const now = performance.now()
      dueAt = Math.max(dueAt, now - 1000) + (count * 1000) / maxRowsPerSecond
      if (dueAt > now) await sleep(dueAt - now, undefined, { signal })
    },
  }
}
