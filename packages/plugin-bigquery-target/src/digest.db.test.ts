import { connect, mysqlReader } from '@dbsync/mysql'
import { bigQueryMissing, everyTypeHasOneDigest, LOST_OF_EVERY_TYPE } from '@dbsync/testkit'
import { expect, it } from 'vitest'
import { testServer } from './test-rig.ts'

/** A call in a call for each of them is deeper than the emulator goes. */
const columns = Array.from({ length: 600 }, (_, i) => `c${i}`)

/** An emulator takes its time. */
const LONG = { timeout: 240_000 }

it.skipIf(await bigQueryMissing())('every type has one digest at both ends, and reads back as it was', LONG, async () => {
  await using bigquery = await testServer()
  await using dataset = await bigquery.dataset()
  const lost = await everyTypeHasOneDigest({
    async source({ host, port, user, password }) {
      const connection = await connect({ host, port, user, password }, 'source', new AbortController().signal)
      const reader = mysqlReader(async () => ({ connection, [Symbol.asyncDispose]: async () => {} }))
      return { reader, [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() }
    },
    target: (warn) => dataset.open({}, warn),
    tables: [`wide (id INT PRIMARY KEY, ${columns.map((name) => `${name} TINYINT`).join()})`],
    rows: [`wide (id, c0, c599) VALUES (1, 2, NULL), (2, NULL, 3)`],
  })
  expect(lost).toEqual(LOST_OF_EVERY_TYPE)
})
