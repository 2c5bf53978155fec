import { type MemoryDatabase, putTable } from '@dbsync/core/memory'
import type { Source } from '@dbsync/core/plugin'
import { plainSchema } from './fixture.ts'
import type { SourceUnderTest } from './source.ts'

/** A source of a memory database, ready for the suite. */
export function memorySourceUnderTest(source: Source, db: MemoryDatabase, database: string): SourceUnderTest {
  return {
    source,
    database,
    async create(table) {
      putTable(db, plainSchema({ database, name: table.name }, table))
    },
    async insert({ name }, rows) {
      const there = db.databases.get(database)?.get(name)
      if (there === undefined) throw new Error(`no table ${name}`)
      putTable(db, there.schema, [...there.rows, ...rows])
    },
    async [Symbol.asyncDispose]() {},
  }
}
