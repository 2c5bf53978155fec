import { memoryDatabase, memoryTarget } from '@dbsync/core/memory'
import { plainSchema } from './fixture.ts'
import { describeTarget } from './target.ts'
import { VALUE_CORPUS } from './value-corpus.ts'

const open =
  (options: Parameters<typeof memoryTarget>[1] = {}) =>
  async () => {
    const db = memoryDatabase()
    const database = 'd'
    db.databases.set(database, new Map())
    const another = async () => memoryTarget(db, options)
    return {
      target: await another(),
      database,
      another,
      schema: async (table: Parameters<typeof plainSchema>[1]) => plainSchema({ database, name: table.name }, table),
      async [Symbol.asyncDispose]() {},
    }
  }

describeTarget('memory', { open: open() })
describeTarget('memory, without deletes', {
  open: open({ supports: { deletes: false, keylessDeletes: false, concurrentTables: 1 } }),
  corpus: VALUE_CORPUS.slice(0, 1),
})
describeTarget('memory, with shared tables', { open: open({ supports: { sharedTables: true } }), corpus: VALUE_CORPUS.slice(0, 1) })
