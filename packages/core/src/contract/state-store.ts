import type { JsonValue } from '../model/json.ts'
import type { Finding } from './examine.ts'

/** JSON documents under string keys. Core owns the keys and the shapes (`state/records.ts`); a store owns durability. */
export interface StateStore extends AsyncDisposable {
  /** Throws `STATE_UNREADABLE` when there is a document and it cannot be read: never `undefined` then. */
  read(key: string): Promise<StateEntry | undefined>
  /** Compare-and-set: throws `STATE_CONFLICT` unless the stored revision is `expected` (`undefined`: there is none). Atomic and durable. */
  write(key: string, value: JsonValue, expected: string | undefined): Promise<StateEntry>
  list(prefix: string): Promise<readonly StateEntry[]>
  delete(key: string): Promise<void>
  /** What is wrong with the place where it keeps its documents: for `dbsync doctor`. Writes nothing. */
  examine?(signal: AbortSignal): Promise<readonly Finding[]>
  /** Held until disposed; throws `RUN_LOCKED` when another living owner has it. A dead owner's lock is taken over. */
  lock(name: string): Promise<AsyncDisposable>
  /** What an older tool keeps where this store keeps its own documents. Left out where there can be nothing of the kind. */
  readonly legacy?: LegacyFiles
}

/** State files of an older tool, one for each table. They are never read as documents, never overwritten, and never removed. */
export interface LegacyFiles {
  /** All that lies among the documents, or what has a name that is asked for. Reads, and writes nothing. */
  list(wanted?: (name: string) => boolean): Promise<LegacyListing>
  /** Where `setAside` puts a file: a path for people. */
  readonly aside: string
  /**
   * Moves files away, every byte of them, durably and over no other one, and returns their new paths. Stopped at any moment each is at one place or the other.
   * Throws `STATE_CONFLICT` at the first that is not as it was listed.
   */
  setAside(files: readonly LegacyFile[]): Promise<readonly string[]>
}

export type LegacyListing = {
  /** Keys of the documents that are the store's own. */
  readonly own: readonly string[]
  readonly files: readonly LegacyFile[]
}

export type LegacyFile = {
  /** For people. */
  readonly path: string
  /** Without its ending. */
  readonly name: string
  readonly revision: string
  /** The key whose document cannot be written while this file is there. */
  readonly occupies: string | undefined
  /** `table`: an object with a `table_name`. `broken`: it may be one, and cannot be read. `foreign`: something else. */
  readonly content:
    | { readonly kind: 'table'; readonly value: { readonly [key: string]: JsonValue | undefined } }
    | { readonly kind: 'broken' | 'foreign'; readonly reason: string }
}

export type StateEntry = {
  readonly key: string
  readonly value: JsonValue
  /** Changes with every write. */
  readonly revision: string
}
