import { connect, describeTables, QUICK } from '@dbsync/mysql'
import { quote, testPair } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { openTarget } from './target.ts'

test('the quick row hash is used where both servers know it, and both ends hear of it', async () => {
  const { signal } = new AbortController()
  await using pair = await testPair()
  const { source, target: server, database } = pair
  for (const one of [source, server]) await one.query(`CREATE DATABASE IF NOT EXISTS ${quote(database)}`)
  await source.query(`CREATE TABLE ${quote(database)}.t (id INT PRIMARY KEY, v VARCHAR(20))`)
  const login = ({ host, port, user, password }: typeof source) => ({ host, port, user, password })
  await using connection = await connect(login(source), 'source', signal)
  await using target = await openTarget(login(server), { directory: '/', signal, limits: { connections: 4, batchRows: 1_000, compress: false }, warn() {} })

  const [found] = await describeTables(connection, database, ['t'])
  if (found === undefined) throw new Error('no table')
  expect(found.rowHash).toBeUndefined()
  const asked = target.ask?.(found) ?? found
  expect(asked.rowHash).toBe(QUICK)
  expect(target.fit(asked, found.table).rowHash).toBe(QUICK)

  // As an older server would describe it.
  const older = { ...found, native: { flavour: 'mariadb', create: (found.native as { create: string }).create } }
  expect(target.ask?.(older)).toBe(older)
})
