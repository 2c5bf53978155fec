import type { JsonValue } from '../model/json.ts'

/** JSON documents under string keys. Core owns the keys and the shapes (`state/records.ts`); a store owns durability. */
export interface StateStore extends AsyncDisposable {
  /** Throws `STATE_UNREADABLE` when there is a document and it cannot be read: never `undefined` then. */
  read(key: string): Promise<StateEntry | undefined>
  /** Compare-and-set: throws `STATE_CONFLICT` unless the stored revision is `expected` (`undefined`: there is none). Atomic and durable. */
  write(key: string, value: JsonValue, expected: string | undefined): Promise<StateEntry>
  list(prefix: string): Promise<readonly StateEntry[]>
  delete(key: string): Promise<void>
  /** Held until disposed; throws `RUN_LOCKED` when another living owner has it. A dead owner's lock is taken over. */
  lock(name: string): Promise<AsyncDisposable>
}

export type StateEntry = {
  readonly key: string
  readonly value: JsonValue
  /** Changes with every write. */
  readonly revision: string
}
