import { startServer } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { connect } from './connection.ts'
import { replicationLag } from './lag.ts'

const signal = new AbortController().signal

test('a replica says how far it is behind; another server, or one that may not be asked, does not', async () => {
  await using primary = await startServer({ binlog: true, settings: { server_id: '1' } })
  await using replica = await startServer({ binlog: true, settings: { server_id: '2' } })
  await using asRoot = await connect(replica, 'source', signal)
  expect(await replicationLag(asRoot, signal)).toBeUndefined()

  await primary.query("CREATE USER repl@'%' IDENTIFIED BY 'x'")
  await primary.query("GRANT REPLICATION SLAVE ON *.* TO repl@'%'")
  await replica.query(
    `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${primary.port}, MASTER_USER='repl', MASTER_PASSWORD='x', MASTER_USE_GTID=slave_pos`,
  )
  expect(await replicationLag(asRoot, signal), 'replication has not started').toBe('unknown')
  await replica.query('START SLAVE')
  await expect.poll(() => replicationLag(asRoot, signal)).toBe(0)
  await replica.query('STOP SLAVE SQL_THREAD')
  await replica.query('CREATE DATABASE held')
  expect(await replicationLag(asRoot, signal)).toBe('unknown')

  await replica.query("CREATE USER reader@'%' IDENTIFIED BY 'x'")
  await using asReader = await connect({ ...replica, user: 'reader', password: 'x' }, 'source', signal)
  expect(await replicationLag(asReader, signal)).toBe('unknown')
})
