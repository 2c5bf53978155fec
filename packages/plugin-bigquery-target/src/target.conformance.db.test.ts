import { bigQueryMissing, describeTarget, plainSchema, VALUE_CORPUS } from '@dbsync/testkit'
import { describe } from 'vitest'
import { testServer } from './test-rig.ts'

/** BIGNUMERIC of the emulator has 18 digits after the point, where BigQuery has 38. */
const corpus = VALUE_CORPUS.filter(({ type }) => !(type.kind === 'decimal' && type.scale > 18))

/** Hundreds of jobs: minutes on an emulator. Digests, faults and a whole run are tested always. */
const asked = process.env.DBSYNC_BIGQUERY_CONFORMANCE !== undefined

describe.skipIf(!asked || (await bigQueryMissing()))('bigquery', () => {
  describeTarget('bigquery', {
    corpus,
    async open() {
      await using opened = new AsyncDisposableStack()
      const server = opened.use(await testServer())
      const dataset = opened.use(await server.dataset())
      const target = opened.use(await dataset.open())
      const kept = opened.move()
      return {
        target,
        database: 'tenant',
        another: () => dataset.open(),
        schema: async (table) => plainSchema({ database: 'tenant', name: table.name }, table),
        serverTables: () => dataset.tables(),
        [Symbol.asyncDispose]: () => kept.disposeAsync(),
      }
    },
  })
})
