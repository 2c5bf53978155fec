import { memoryDatabase, memorySource, putTable } from '@dbsync/core/memory'
import { plainSchema } from './fixture.ts'
import { describeSource } from './source.ts'

describeSource('memory', {
  async open() {
    const db = memoryDatabase()
    const database = 'd'
    db.databases.set(database, new Map())
    return {
      source: memorySource(db),
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
  },
})
