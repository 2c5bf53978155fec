import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy, testPair } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { connect } from './connection.ts'

const { signal } = new AbortController()

test('a load whose rows come slowly is left alone; one whose rows, or the question for them, were lost on the way is not waited for', {
  timeout: 40_000,
}, async () => {
  await using pair = await testPair()
  const { target: server, database } = pair
  await using proxy = await startProxy(server)
  await server.query(`CREATE DATABASE ${database}`)
  await server.query(`CREATE TABLE ${database}.t (id INT PRIMARY KEY)`)
  const options = { host: proxy.host, port: proxy.port, user: server.user, password: server.password }
  const load = async (body: () => AsyncGenerator<Uint8Array>, before = () => {}) => {
    await using connection = await connect(options, 'target', signal, { idleMs: 200, connectMs: 1500 })
    await connection.query("SELECT GET_LOCK('held', 0)")
    before()
    return await connection.load(`LOAD DATA LOCAL INFILE '' INTO TABLE ${database}.t`, body(), AbortSignal.timeout(12_000))
  }
  const slow = async function* () {
    await sleep(1500)
    yield Buffer.from('1\n')
    await sleep(1500)
    yield Buffer.from('2\n')
  }
  expect(await load(slow)).toMatchObject({ affectedRows: 2 })

  const lost = async function* () {
    proxy.setFault({ type: 'black-hole', afterBytes: 0, of: 'requests' }, 1)
    yield Buffer.from('3\n')
  }
  const unasked = async function* () {
    yield Buffer.from('4\n')
  }
  for (const [body, before] of [
    [lost, () => {}],
    // What is lost is the server's question for the rows.
    [unasked, () => proxy.setFault({ type: 'black-hole', afterBytes: 0, of: 'answers' }, 1)],
  ] as const) {
    proxy.setFault(undefined)
    const started = Date.now()
    await expect(load(body, before)).rejects.toMatchObject({ code: 'MYSQL_SILENT', kind: 'transient' })
    expect(Date.now() - started).toBeLessThan(8000)
    // Its locks are free for whoever tries again.
    expect(await server.query("SELECT GET_LOCK('held', 2) AS free")).toEqual([{ free: 1 }])
    await server.query("SELECT RELEASE_LOCK('held')")
  }
})
