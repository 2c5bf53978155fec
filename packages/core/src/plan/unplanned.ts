import { type ErrorJson, type ErrorKind, errorJson, SyncError } from '../errors/sync-error.ts'
import { tableName } from '../model/schema.ts'

/** A database, or one table of it, that could not be planned: it counts as failed, its copy stays as it is, and the others go on without it. */
export type Unplanned = {
  /** At the source. */
  readonly database: string
  /** Left out: all its tables. */
  readonly table?: string
  /** Left out: at every target. */
  readonly target?: string
  readonly error: ErrorJson
}

/** `database`, or `database.table`. */
export const unplannedName = ({ database, table }: Pick<Unplanned, 'database' | 'table'>): string =>
  table === undefined ? database : tableName({ database, name: table })

/** What may be wrong with one database while nothing is wrong with the others. */
const OF_ONE: readonly ErrorKind[] = ['privilege', 'locked', 'refused', 'data', 'config']

/** Keeps what fails for one database from failing the others. */
export class Setbacks {
  readonly #found: Unplanned[] = []
  #first: SyncError | undefined

  get found(): readonly Unplanned[] {
    return this.#found
  }

  note(place: Omit<Unplanned, 'error'>, error: SyncError): void {
    this.#first ??= error
    this.#found.push({ ...place, error: errorJson(error) })
  }

  /** The answer of `work`, which is about one database; `undefined` where it fails for a reason that is this one's alone. */
  async alone<T>(place: Omit<Unplanned, 'error'>, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (!SyncError.is(error) || !OF_ONE.includes(error.kind)) throw error
      this.note(place, error)
      return undefined
    }
  }

  /** These, and where there are none of them left the first reason. */
  left<T>(all: readonly T[]): readonly T[] {
    if (all.length === 0 && this.#first !== undefined) throw this.#first
    return all
  }
}
