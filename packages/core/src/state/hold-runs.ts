import type { StateStore } from '../contract/state-store.ts'
import { lockPlace } from '../run/run-locks.ts'
import { databaseKey, parseDatabaseState } from './records.ts'

/** `template`: of the database's name at the target. */
export type HeldTarget = { readonly name: string; readonly template: string }

/**
 * Keeps runs away from some source databases until it is disposed of: at the targets that are configured, and at those that the state knows of. Throws
 * `RUN_LOCKED` while one is at work.
 */
export async function holdRuns(state: StateStore, targets: readonly HeldTarget[], databases: readonly string[]): Promise<AsyncDisposable> {
  await using held = new AsyncDisposableStack()
  const places = new Set<string>()
  const wanted = new Set(databases)
  const legacy = await state.legacy?.list((name) => wanted.has(name))
  const occupied = new Set(legacy?.files.map(({ occupies }) => occupies))
  for (const database of databases) {
    for (const { name, template } of targets) {
      places.add(
        lockPlace(
          name,
          template.replaceAll('{database}', () => database),
        ),
      )
    }
    const key = databaseKey(database)
    const entry = occupied.has(key) ? undefined : await state.read(key)
    const tables = entry === undefined ? [] : Object.values(parseDatabaseState(database, entry.value).tables)
    for (const saved of tables.flatMap((table) => Object.entries(table.targets ?? {}))) places.add(lockPlace(saved[0], saved[1].target_database))
  }
  for (const place of places) held.use(await state.lock(place))
  const all = held.move()
  return { [Symbol.asyncDispose]: () => all.disposeAsync() }
}
