import type { StateStore } from '../contract/state-store.ts'
import { SyncError } from '../errors/sync-error.ts'
import type { JsonValue } from '../model/json.ts'
import { type DatabaseState, databaseKey, parseDatabaseState, type TargetState, withTargetStates } from './records.ts'

/** What changes; all else stays as it was, and an old error message goes. */
export type StateUpdate = Partial<TargetState> & Pick<TargetState, 'sync_status'>

/** Times that somebody else's write may come before ours. */
const CONFLICTS = 20

/** After a write it rests for so many times as long: the document of thousands of tables takes half a second, in which nothing else is done. */
const REST = 9

const NOTHING_YET: TargetState = {
  last_sync_time: null,
  sync_status: 'RUNNING',
  sync_mode: 'INCREMENTAL',
  records_synced: 0,
  error_message: null,
  updated_at: '',
  position: null,
  compared_at: null,
  source_id: '',
  target_id: '',
  target_database: '',
}

/**
 * Writes one database's state in groups: what comes in while a write is under way goes out together with the next one.
 * One write per table would rewrite the whole document for each of its tables. Losing the last group in a crash is harmless:
 * a position only says where to go on reading, and rows that are read again change nothing.
 */
export class StateRecorder {
  readonly database: string
  readonly #store: StateStore
  #state: DatabaseState | undefined
  #revision: string | undefined
  #pending = new Map<string, Map<string, TargetState | undefined>>()
  #writing: Promise<void> | undefined
  #flushing = 0
  #wake = () => {}
  #failure: unknown

  static async open(store: StateStore, database: string): Promise<StateRecorder> {
    const entry = await store.read(databaseKey(database))
    const state = entry === undefined ? undefined : parseDatabaseState(database, entry.value)
    return new StateRecorder(store, database, state, entry?.revision)
  }

  private constructor(store: StateStore, database: string, state: DatabaseState | undefined, revision: string | undefined) {
    this.#store = store
    this.database = database
    this.#state = state
    this.#revision = revision
  }

  /** As last read or written, with everything recorded since. */
  get state(): DatabaseState | undefined {
    return this.#state
  }

  of(target: string, table: string): TargetState | undefined {
    const updates = this.#pending.get(target)
    return updates?.has(table) ? updates.get(table) : ownValue(ownValue(this.#state?.tables, table)?.targets, target)
  }

  /** Takes note and returns at once. Throws when an earlier write failed: a run must not go on believing that it is recorded. */
  record(target: string, table: string, change: StateUpdate): void {
    this.#note(target, table, { ...NOTHING_YET, ...this.of(target, table), error_message: null, updated_at: new Date().toISOString(), ...change })
  }

  /** The target has nothing of this table any more: one of its name that comes there later is somebody else's. */
  forget(target: string, table: string): void {
    this.#note(target, table, undefined)
  }

  #note(target: string, table: string, update: TargetState | undefined): void {
    if (this.#failure !== undefined) throw this.#failure
    const updates = this.#pending.get(target) ?? new Map<string, TargetState | undefined>()
    this.#pending.set(target, updates.set(table, update))
    this.#writing ??= this.#writeGroups()
  }

  /** Resolves when all that was recorded is durable. */
  async flush(): Promise<void> {
    this.#flushing++
    this.#wake()
    while (this.#writing !== undefined) await this.#writing
    this.#flushing--
    if (this.#failure !== undefined) throw this.#failure
  }

  async #writeGroups(): Promise<void> {
    try {
      // A tick first, so that the tables of one moment make one group.
      await new Promise((resolve) => setImmediate(resolve))
      while (this.#pending.size > 0) {
        const started = performance.now()
        await this.#writeGroup()
        if (this.#flushing === 0) await this.#rest(REST * (performance.now() - started))
      }
    } catch (error) {
      this.#failure = error
    } finally {
      this.#writing = undefined
    }
  }

  /** Until somebody wants all of it on disk. A program that has nothing else to do does not wait for it. */
  async #rest(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms).unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async #writeGroup(): Promise<void> {
    const groups = this.#pending
    this.#pending = new Map()
    for (let attempt = 1; ; attempt++) {
      let state = this.#state
      const now = new Date().toISOString()
      for (const [target, updates] of groups) state = withTargetStates(state, this.database, target, updates, now)
      try {
        const entry = await this.#store.write(databaseKey(this.database), state as unknown as JsonValue, this.#revision)
        this.#state = state
        this.#revision = entry.revision
        return
      } catch (error) {
        // A run into another target has written its own part of the document: ours goes on top of that.
        if (attempt === CONFLICTS || !SyncError.is(error) || error.code !== 'STATE_CONFLICT') throw error
        await this.#readAgain()
      }
    }
  }

  async #readAgain(): Promise<void> {
    const entry = await this.#store.read(databaseKey(this.database))
    this.#state = entry === undefined ? undefined : parseDatabaseState(this.database, entry.value)
    this.#revision = entry?.revision
  }
}

const ownValue = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined
