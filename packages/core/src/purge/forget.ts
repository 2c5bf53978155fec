import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { JsonValue } from '../model/json.ts'
import { printsKey } from '../state/prints.ts'
import { databaseKey, parseDatabaseState, withoutTarget } from '../state/records.ts'

/** Times that somebody else's write may come before ours. */
const CONFLICTS = 20

/** `database`: as the target calls it. */
type Place = { readonly target: string; readonly database: string }

/** Takes out of the state what some places are in it, or all that it has of the database. */
export async function forgetDatabase(state: StateStore, source: string, places: readonly Place[], everywhere: boolean): Promise<void> {
  for (const { target, database } of places) await state.delete(printsKey(target, database))
  const key = databaseKey(source)
  for (let attempt = 1; ; attempt++) {
    const entry = await state.read(key)
    if (entry === undefined) return
    let rest = everywhere ? undefined : parseDatabaseState(source, entry.value)
    for (const { target } of places) rest = rest && withoutTarget(rest, target, new Date().toISOString())
    if (rest === undefined) return await state.delete(key)
    try {
      await state.write(key, rest as unknown as JsonValue, entry.revision)
      return
    } catch (error) {
      // A run into another target has written its own part.
      if (attempt === CONFLICTS || !SyncError.is(error) || error.code !== 'STATE_CONFLICT') throw error
    }
  }
}
