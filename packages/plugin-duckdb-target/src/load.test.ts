import { packRows, storedColumns, type Target } from '@dbsync/core/plugin'
import { type FixtureTable, plainSchema } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { testFile } from './test-rig.ts'

const never = new AbortController().signal
const table: FixtureTable = { name: 'numbers', key: ['id'], columns: [{ name: 'id', type: { kind: 'int', bits: 64 } }] }

const place = { database: 'shop', name: 'numbers' }

async function write(target: Target, ...ids: readonly string[]): Promise<void> {
  const schema = target.fit(plainSchema(place, table), place)
  const [existing] = await target.describe('shop', ['numbers'])
  await using writer = await target.open({ disposition: 'replace', schema, existing }, never)
  for (const id of ids) await writer.write({ table: schema.table, upserts: packRows(storedColumns(schema), [[id]]) })
  await writer.commit()
}

test('a folder may have any name: none is taken for a pattern, or for values of a column', async () => {
  for (const folder of ['a[b]c', 'a*', 'id=7', "it's a", '{a,b}', 'é 😀', 'line\nbreak']) {
    await using file = await testFile(`${folder}/warehouse.duckdb`)
    await using target = await file.open()
    await write(target, '1', '2')
    await target[Symbol.asyncDispose]()
    expect(await file.query('SELECT count(*), min(id), max(id) FROM numbers'), folder).toEqual([['2', '1', '2']])
  }
})

test('a value that cannot be read is named by the commit, and nothing is to be seen of what came with it', async () => {
  await using file = await testFile('loads/warehouse.duckdb')
  await using target = await file.open()
  await write(target, '1', '2')
  await expect(write(target, '3', 'no number')).rejects.toMatchObject({ message: expect.stringMatching(/writing shop.numbers: .*'no number'/) })
  await target[Symbol.asyncDispose]()
  expect(await file.query('SELECT count(*), max(id) FROM numbers')).toEqual([['2', '2']])
})
