import { bigQueryMissing, describeTarget, plainSchema, VALUE_CORPUS } from '@dbsync/testkit'
import { afterAll, afterEach, beforeEach, describe } from 'vitest'
import { type TestDataset, testServer } from './test-rig.ts'

/** BIGNUMERIC of the emulator has 18 digits after the point, where BigQuery has 38. */
const corpus = VALUE_CORPUS.filter(({ type }) => !(type.kind === 'decimal' && type.scale > 18))

/**
 * What only runs where DBSYNC_BIGQUERY_CONFORMANCE is set, because a job takes an emulator a tenth of a second of its machine's time: other values of what
 * is tried anyway. Every type's values go through a merge, one in each row, and `digest.db.test.ts` compares their digests with those of MySQL.
 */
const LEFT_OUT: readonly RegExp[] = [
  / values > keeps every /,
  / merge by key > sees a difference of (an accent|NULL and empty text|empty text and NULL)$/,
  / ranges by a number > /,
  / ranges by a text > (?!have fingerprints)/,
  / cover every row once, about (1|1000) rows each/,
  / digests > are equal for equal rows and different for every change/,
  / shared tables > .* without a key$/,
]
const leftOut: string[] = []
const asked = process.env.DBSYNC_BIGQUERY_CONFORMANCE !== undefined

describe.skipIf(await bigQueryMissing())('bigquery', { timeout: 120_000 }, () => {
  beforeEach(({ task, skip }) => {
    if (asked || !LEFT_OUT.some((pattern) => pattern.test(task.fullTestName ?? task.fullName))) return
    leftOut.push(task.name)
    skip('only with DBSYNC_BIGQUERY_CONFORMANCE=1')
  })
  afterAll(() => {
    if (leftOut.length > 0) process.stdout.write(`Left out without DBSYNC_BIGQUERY_CONFORMANCE=1, ${leftOut.length} tests:\n  ${leftOut.join('\n  ')}\n`)
  })
  let dataset: TestDataset
  // Each statement of the emulator takes longer with every table that is there.
  afterEach(() => dataset.empty())
  describeTarget('bigquery', {
    corpus,
    async open() {
      await using opened = new AsyncDisposableStack()
      const server = opened.use(await testServer())
      dataset = opened.use(await server.dataset())
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
