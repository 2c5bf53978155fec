import { startServer } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { openTarget } from './target.ts'

const never = new AbortController().signal

test('a database is locked under every spelling of its name where the server does not tell them apart', async () => {
  await using server = await startServer({ settings: { lower_case_table_names: '1' } })
  await server.query('CREATE DATABASE shop')
  const { host, port, user, password } = server
  const limits = { connections: 4, batchRows: 1_000, compress: false }
  const open = () => openTarget({ host, port, user, password }, { directory: '/', signal: never, limits, warn() {} })
  await using one = await open()
  await using other = await open()
  const lock = await one.lock?.('Shop', never)
  await expect(other.lock?.('shop', never)).rejects.toMatchObject({ code: 'RUN_LOCKED' })
  expect(await other.locked?.('SHOP', never)).toBe(true)
  await lock?.[Symbol.asyncDispose]()
  expect(await other.locked?.('shop', never)).toBe(false)
})
