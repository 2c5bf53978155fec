import { SyncError } from '@dbsync/core'
import { Unchecked } from './check.ts'

/** What came of something that may go wrong without ending everything. */
export type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error }

/** A stop by the user ends everything all the same. */
export async function attempt<T>(signal: AbortSignal, work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Error)) throw error
    return { ok: false, error }
  }
}

/** The value; without one there is nothing to check, because of `why`. */
export function needed<T>(attempted: Attempt<T>, why: string): T {
  if (attempted.ok) return attempted.value
  throw new Unchecked(`Not checked: ${why}.`)
}

/** For what has to be told: the error itself as a finding. What no user can meet is thrown on. */
export function expected(error: Error): SyncError {
  if (SyncError.is(error)) return error
  throw error
}
