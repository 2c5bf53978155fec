import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { JsonValue } from '../model/json.ts'
import { printsKey } from '../state/prints.ts'
import { databaseKey, parseDatabaseState, withoutTarget } from '../state/records.ts'

/** Times that somebody else's write may come before ours. */
const CONFLICTS = 20

type Place = { readonly name: string; readonly database: string }

/** Takes out of the state what some targets are in it, or all that it has of the database. */
export async function forgetDatabase(state: StateStore, source: string, targets: readonly Place[], everywhere: boolean): Promise<void> {
  for (const { name, database } of targets)
    await state.delete(
      printsKey(
        name,
        database.replaceAll('{database}', () => source),
      ),
    )
  const key = databaseKey(source)
  for (let attempt = 1; ; attempt++) {
    const entry = await state.read(key)
    if (entry === undefined) return
    let rest = everywhere ? undefined : parseDatabaseState(source, entry.value)
    for (const { name } of targets) rest = rest && withoutTarget(rest, name, new Date().toISOString())
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
