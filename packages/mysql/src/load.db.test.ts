import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy, testPair } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { connect } from './connection.ts'

const { signal } = new AbortController()

test('a load whose rows come slowly is left alone; one whose rows were lost on the way is not waited for', { timeout: 40_000 }, async () => {
  await using pair = await testPair()
  const { target: server, database } = pair
  await using proxy = await startProxy(server)
  await server.query(`CREATE DATABASE ${database}`)
  await server.query(`CREATE TABLE ${database}.t (id INT PRIMARY KEY)`)
  const options = { host: proxy.host, port: proxy.port, user: server.user, password: server.password }
  const load = async (body: () => AsyncGenerator<Uint8Array>) => {
    await using connection = await connect(options, 'target', signal, { idleMs: 200, connectMs: 1500 })
    await connection.query("SELECT GET_LOCK('held', 0)")
    return await connection.load(`LOAD DATA LOCAL INFILE '' INTO TABLE ${database}.t`, body(), signal)
  }
  const slow = async function* () {
    yield Buffer.from('1\n')
    await sleep(1500)
    yield Buffer.from('2\n')
  }
  expect(await load(slow)).toMatchObject({ affectedRows: 2 })

  const lost = async function* () {
    proxy.setFault({ type: 'black-hole', afterBytes: 0, of: 'requests' }, 1)
    yield Buffer.from('3\n')
  }
  const started = Date.now()
  await expect(load(lost)).rejects.toMatchObject({ code: 'MYSQL_SILENT', kind: 'transient' })
  expect(Date.now() - started).toBeLessThan(8000)
  // Its locks are free for whoever tries again.
  expect(await server.query("SELECT GET_LOCK('held', 2) AS free")).toEqual([{ free: 1 }])
})
