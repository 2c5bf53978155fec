import { createHash } from 'node:crypto'
import { connect, mysqlReader } from '@dbsync/mysql'
import { everyTypeHasOneDigest, LOST_OF_EVERY_TYPE } from '@dbsync/testkit'
import { expect, it } from 'vitest'
import { testFile } from './test-rig.ts'

/** Doubles of every size: those that are bits by chance, prices, and what was a FLOAT. */
const doubles = Array.from({ length: 3_000 }, (_, i) => {
  const bits = createHash('sha1').update(String(i)).digest()
  if (i % 3 === 0) return bits.readUInt32LE(0) / 100
  if (i % 3 === 1) return bits.readFloatLE(0)
  return bits.readDoubleLE(0)
}).filter((value) => Number.isFinite(value))

it('every type has one digest at both ends, and reads back as it was', async () => {
  await using file = await testFile()
  const lost = await everyTypeHasOneDigest({
    async source({ host, port, user, password }) {
      const connection = await connect({ host, port, user, password }, 'source', new AbortController().signal)
      const reader = mysqlReader(async () => ({ connection, [Symbol.asyncDispose]: async () => {} }))
      return { reader, [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() }
    },
    target: (warn) => file.open({}, warn),
    tables: ['doubles (id INT PRIMARY KEY, d DOUBLE)'],
    rows: [`doubles VALUES ${doubles.map((value, i) => `(${i},${value})`).join()}`],
  })
  expect(lost).toEqual(LOST_OF_EVERY_TYPE)
})
