import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { type ErrorJson, errorJson } from '../errors/sync-error.ts'

/** A server that could be reached when the run began and cannot be now is restarting, or its network is. */
export const isPassing = ({ kind }: ErrorJson): boolean => kind === 'transient' || kind === 'connection'

/** Milliseconds before the attempt after this one: doubled each time, with jitter, so that many tables do not come back at once. */
export const backOff = (delayMs: number, attempt: number): number => Math.round(delayMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2))

export type RetryOptions = {
  readonly config: Pick<Config, 'maxRetries' | 'retryDelayMs'>
  readonly signal: AbortSignal
  /** Told before each wait. */
  readonly retrying: (error: ErrorJson, delayMs: number) => void
}

/** Does `work` again as often as the configuration allows, while what fails it is passing. */
export async function retried<T>(work: () => Promise<T>, { config, signal, retrying }: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const failure = errorJson(error)
      if (signal.aborted || !isPassing(failure) || attempt > config.maxRetries) throw error
      const delayMs = backOff(config.retryDelayMs, attempt)
      retrying(failure, delayMs)
      await sleep(delayMs, undefined, { signal })
    }
  }
}
