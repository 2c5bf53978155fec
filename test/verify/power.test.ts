import { quote, testPair } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { only, verifyEngine } from './engine.ts'
import { FILL, MUTATIONS, type Mutation, makeCopy, random, TABLES } from './mutations.ts'

/** The whole of it: DBSYNC_VERIFY_MUTATIONS=1000 DBSYNC_VERIFY_ROWS=100000. */
const COUNT = Number(process.env.DBSYNC_VERIFY_MUTATIONS ?? 14)
const ROWS = Number(process.env.DBSYNC_VERIFY_ROWS ?? 3_000)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

test(`every single change of a copy is found and named, and equal tables are equal (seed ${SEED})`, { timeout: COUNT * 20_000 }, async () => {
  await using pair = await testPair()
  const { source, target, database } = pair
  const copy = `${database}_copy`
  await target.query(`CREATE DATABASE ${quote(copy)}`)
  await using stack = new AsyncDisposableStack()
  stack.defer(() => target.query(`DROP DATABASE IF EXISTS ${quote(`${copy}_pristine`)}`).then(() => {}))
  const connections = await Promise.all([source.connect({ database }), target.connect({ database: copy })])
  for (const connection of connections) {
    stack.defer(() => connection.destroy())
    await connection.query("SET time_zone = '+00:00', NAMES utf8mb4")
    for (const sql of [...TABLES, ...FILL(ROWS)]) await connection.query(sql)
  }
  const changed = await makeCopy(target, connections[1], copy, ROWS)
  await using engine = await verifyEngine(source, target, database, copy)

  for (const level of ['checksum', 'digest', 'rows'] as const) {
    const report = await engine.verify(level)
    expect(report, `equal by ${level}`).toMatchObject({ status: 'equal', totals: { settled: 0 } })
    expect([...new Set(report.tables.map((table) => table.level))]).toEqual([level])
  }
  const pick = random(SEED)
  let falseAlarms = 0
  for (let i = 0; i < COUNT; i++) {
    const mutation = MUTATIONS[(SEED + i * 3) % MUTATIONS.length] as Mutation
    const level = (['digest', 'checksum', 'digest', 'rows'] as const)[i % 4] ?? 'digest'
    const { id } = await changed.mutate(mutation, pick)
    const found = only(await engine.verify(level, [mutation.table]))
    const where = `${mutation.name}, row ${id}, by ${level}: ${JSON.stringify(found)}`
    expect(found, where).toMatchObject({
      outcome: 'different',
      differences: [{ kind: mutation.kind, ...(id === undefined ? {} : { key: [{ name: 'id', value: id }] }) }],
    })
    const [difference] = found.differences
    expect(found.differences, where).toHaveLength(1)
    expect(difference?.columns.map(({ name }) => name) ?? [], where).toEqual(expect.arrayContaining(mutation.column === undefined ? [] : [mutation.column]))
    expect(difference?.columns.filter(({ source: one, target: other }) => one === other) ?? [], `both values look alike: ${where}`).toEqual([])
    await changed.restore(mutation, id)
    if (COUNT > MUTATIONS.length && only(await engine.verify(level, [mutation.table])).outcome !== 'equal') falseAlarms++
  }
  expect(falseAlarms).toBe(0)
  expect(await engine.verify('digest')).toMatchObject({ status: 'equal' })
  process.stdout.write(`${COUNT} changes of ${ROWS} rows: all found, none where there was none (seed ${SEED})\n`)
})
