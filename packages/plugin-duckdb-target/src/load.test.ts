import { packRows, storedColumns } from '@dbsync/core/plugin'
import { type FixtureTable, plainSchema } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { testFile } from './test-rig.ts'

const never = new AbortController().signal
const table: FixtureTable = { name: 'numbers', key: ['id'], columns: [{ name: 'id', type: { kind: 'int', bits: 64 } }] }

test('a load that fails last of all is heard by the commit, and nothing of it is to be seen', async () => {
  await using file = await testFile('loads/warehouse.duckdb')
  const place = { database: 'shop', name: 'numbers' }
  await using target = await file.open()
  const schema = target.fit(plainSchema(place, table), place)
  const write = async (...ids: readonly string[]) => {
    const [existing] = await target.describe('shop', ['numbers'])
    await using writer = await target.open({ disposition: 'replace', schema, existing }, never)
    for (const id of ids) await writer.write({ table: schema.table, upserts: packRows(storedColumns(schema), [[id]]) })
    await writer.commit()
  }
  await write('1', '2')
  await expect(write('3', 'no number')).rejects.toMatchObject({ message: expect.stringContaining('loading shop.numbers') })
  await target[Symbol.asyncDispose]()
  expect(await file.query('SELECT count(*), max(id) FROM numbers')).toEqual([['2', '2']])
})
