import { setTimeout as sleep } from 'node:timers/promises'
import { BigqueryFailure, retryable } from './failures.ts'

const TRIES = 7
const LONGEST_MS = 64_000

/** Does it again after a fault that passes, with a pause that doubles; `work` has to be harmless when it is done twice. */
export async function retrying<T>(delayMs: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const again = error instanceof BigqueryFailure ? retryable(error) : undefined
      if (again === undefined || again === 'job' || attempt === TRIES) throw error
      await pause(delayMs, attempt, signal)
    }
  }
}

/** 1, 2, 4 … 64 seconds where the delay is one second. With jitter, so that many do not come back at once. */
export async function pause(delayMs: number, attempt: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(LONGEST_MS, delayMs * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2)
  await sleep(ms, undefined, { signal }).catch(() => {
    throw signal.reason
  })
}

/** 5, 10, 20 … 64 seconds: others write to the same table, and their statements take so long. */
export const pauseBusy = (delayMs: number, attempt: number, signal: AbortSignal): Promise<void> => pause(delayMs * 5, attempt, signal)
