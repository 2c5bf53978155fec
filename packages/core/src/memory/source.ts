import type { Consistency, OtherObjects, Source, Visibility } from '../contract/source.ts'
import type { Fault, MemoryDatabase } from './database.ts'
import { memoryReader } from './reader.ts'

export type MemorySourceOptions = {
  readonly fault?: Fault
  readonly consistency?: Consistency
  readonly visibility?: Visibility
  readonly objects?: OtherObjects
}

/** Reads a memory database. A snapshot is a copy of the moment at which it was opened. */
export function memorySource(db: MemoryDatabase, options: MemorySourceOptions = {}): Source {
  const { fault = () => {} } = options
  return {
    identity: async () => db.identity,
    databases: async () => [...db.databases.keys()].sort(),
    objects: async () => options.objects ?? { views: [], triggers: [], routines: [], events: [], sequences: [] },
    visibility: async () => options.visibility ?? { scope: 'complete' },
    async open({ readers, signal }) {
      await fault('open')
      signal.throwIfAborted()
      // The clock first, then the moment: rows that come in between are read twice, never missed.
      const { clock } = db
      return {
        ...memoryReader(copyOf(db), fault),
        consistency: options.consistency ?? { scope: 'all', detail: 'a copy in memory' },
        clock,
        readers,
        async [Symbol.asyncDispose]() {},
      }
    },
    async [Symbol.asyncDispose]() {},
  }
}

/** Rows and schemas are never changed in place, so copying the maps is enough. */
const copyOf = (db: MemoryDatabase): MemoryDatabase => ({ ...db, databases: new Map([...db.databases].map(([name, tables]) => [name, new Map(tables)])) })
