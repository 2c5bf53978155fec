import { startProxy, type TestPair, testPair } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ConnectTuning, connect } from './connection.ts'
import type { MysqlOptions } from './options.ts'

const { signal } = new AbortController()
let pair: TestPair
const INSERT = () => `INSERT INTO ${pair.database}.t (id, v) VALUES (?, ?)`

beforeAll(async () => {
  pair = await testPair()
  await pair.target.query(`CREATE DATABASE ${pair.database}`)
  await pair.target.query(`CREATE TABLE ${pair.database}.t (id INT PRIMARY KEY, v LONGBLOB)`)
})
afterAll(() => pair[Symbol.asyncDispose]())

const open = (more: Partial<MysqlOptions> = {}, tuning: ConnectTuning = {}) => {
  const { host, port, user, password } = pair.target
  return connect({ host, port, user, password, ...more }, 'target', signal, tuning)
}

/** Rows of a short number and a text of less than 251 bytes, or NULL. */
const rows = (...cells: readonly (readonly [number, string | null])[]): Buffer =>
  Buffer.concat(
    cells.flatMap(([id, v]) => [
      Buffer.from([0, String(id).length]),
      Buffer.from(String(id)),
      v === null ? Buffer.from([1]) : Buffer.from([0, v.length, ...Buffer.from(v)]),
    ]),
  )

test('many rows go ahead of their answers, and all are counted', async () => {
  await using connection = await open()
  const bulk = await connection.bulk(INSERT(), 2, signal)
  let freed = 0
  for (let i = 0; i < 100; i++) await bulk.send(rows([2 * i, 'x'], [2 * i + 1, null]), () => freed++)
  expect(await bulk.end()).toEqual({ affectedRows: 200, warnings: 0 })
  expect(freed).toBe(100)
  expect(await connection.query(`SELECT COUNT(*), COUNT(v), SUM(id) FROM ${pair.database}.t`)).toEqual([['200', '100', '19900']])
})

test('not where the wire is compressed, and never at a source', async () => {
  await using compressed = await open({ compress: true })
  expect(compressed.takesBulk).toBe(false)
  const { host, port, user, password } = pair.target
  await using source = await connect({ host, port, user, password }, 'source', signal)
  expect(source.takesBulk).toBe(false)
  await expect(source.bulk(INSERT(), 2, signal)).rejects.toThrow('takes no bulk statements')
})

test('an error of the server in the middle ends the statement with that error, and the connection goes on', async () => {
  await using connection = await open()
  await connection.execute(`DELETE FROM ${pair.database}.t`)
  await connection.execute('START TRANSACTION')
  const bulk = await connection.bulk(INSERT(), 2, signal)
  const sending = async () => {
    for (const id of [1, 2, 1, 3, 4, 5, 6, 7, 8, 9]) await bulk.send(rows([id, 'x']))
  }
  await expect(sending()).rejects.toThrow(/Duplicate entry '1'/)
  await expect(bulk.end()).rejects.toThrow(/Duplicate entry '1'/)
  await connection.execute('ROLLBACK')
  expect(await connection.query(`SELECT COUNT(*) FROM ${pair.database}.t`)).toEqual([['0']])
})

test('a statement that is stopped takes the connection with it, at once', async () => {
  await using connection = await open()
  const stop = new AbortController()
  const bulk = await connection.bulk(INSERT(), 2, stop.signal)
  await bulk.send(rows([1, 'x']))
  stop.abort()
  await expect(bulk.end()).rejects.toMatchObject({ kind: 'cancelled' })
  expect(connection.alive).toBe(false)
})

test('rows that are lost on the way are not waited for', async () => {
  await using proxy = await startProxy(pair.target)
  await using connection = await open({ host: proxy.host, port: proxy.port }, { idleMs: 200, connectMs: 1500 })
  const bulk = await connection.bulk(INSERT(), 2, signal)
  proxy.setFault({ type: 'black-hole', afterBytes: 0, of: 'requests' }, 1)
  await bulk.send(rows([1, 'x']))
  await expect(bulk.end()).rejects.toMatchObject({ code: 'MYSQL_SILENT', kind: 'transient' })
})
