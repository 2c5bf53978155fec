import { memoryDatabase, memorySource } from '@dbsync/core/memory'
import { describeSource } from './source.ts'
import { memorySourceUnderTest } from './testing.ts'

describeSource('memory', {
  async open() {
    const db = memoryDatabase()
    const database = 'd'
    db.databases.set(database, new Map())
    return memorySourceUnderTest(memorySource(db), db, database)
  },
})
