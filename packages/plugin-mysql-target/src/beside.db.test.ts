import type { RowBatch, TableWriter, WriteWork } from '@dbsync/core/plugin'
import { connect, quoteTable } from '@dbsync/mysql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lockHolder, lockTable } from './lock.ts'
import { stagingTable, tableLock } from './names.ts'
import { type Rig, rig } from './test-rig.ts'

let r: Rig
const never = new AbortController().signal
beforeAll(async () => {
  r = await rig()
  await r.at('source', 'CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT, KEY (v))', 'INSERT INTO t (v) SELECT seq * 7 FROM seq_1_to_3000')
})
afterAll(() => r[Symbol.asyncDispose]())

/** Rows to begin with, and rows for each of both ways. */
const parts = () => batches('id <= 700', 'id > 700 AND id <= 2000', 'id > 2000')

/** Sends rows over both ways. */
async function fill(writer: TableWriter, { schema: { table } }: WriteWork, all: ReturnType<typeof parts> = parts()): Promise<void> {
  const [first = [], here = [], there = []] = await all
  for (const upserts of first) await writer.write({ table, upserts })
  const beside = await writer.beside?.()
  if (beside === undefined) throw new Error('there is no other way in')
  const send = async (write: TableWriter['write'], rows: readonly RowBatch[]) => {
    for (const upserts of rows) await write({ table, upserts })
  }
  await Promise.all([send((batch) => writer.write(batch), here), send(beside, there)])
}

async function batches(...parts: readonly string[]): Promise<readonly (readonly RowBatch[])[]> {
  const all: RowBatch[][] = []
  for (const part of parts) all.push(await Array.fromAsync(r.rows('t', part)))
  return all
}

/** An account that nobody else uses, so that its connections are those of the target that it opens. */
async function account(name: string, limits = '') {
  const user = `${r.database}_${name}`
  await r.server.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'secret' ${limits}`)
  await r.server.query(`GRANT ALL ON \`${r.database}\`.* TO ${user}@'%'`)
  return {
    login: { user, password: 'secret' },
    connections: async () => (await r.server.query(`SELECT id FROM information_schema.processlist WHERE user = '${user}'`)).map(({ id }) => Number(id)),
    [Symbol.asyncDispose]: async () => void (await r.server.query(`DROP USER ${user}@'%'`)),
  }
}

test('rows that come both ways are there at the one commit, and nothing of the way stays', async () => {
  await using target = await r.open()
  await using writer = await target.open(await r.work('t', 'replace'), never)
  await fill(writer, await r.work('t', 'replace'))
  expect((await writer.commit()).inserted).toBe(3000)
  expect(await r.cells('target', 't')).toEqual(await r.cells('source', 't'))
  expect(await r.create('target', 't')).toBe(await r.create('source', 't'))
  expect(await r.staging()).toEqual([])
})

test('without a commit nothing changes, and nothing stays', async () => {
  await r.replace('t')
  const before = await r.cells('target', 't')
  {
    await using target = await r.open()
    await using writer = await target.open(await r.work('t', 'replace'), never)
    await fill(writer, await r.work('t', 'replace'))
  }
  expect(await r.cells('target', 't')).toEqual(before)
  expect(await r.staging()).toEqual([])
})

test('a merge has one way in, and so has a target without bulk statements', async () => {
  await r.replace('t')
  const merge = await r.target.open(await r.work('t', 'merge'), never)
  expect(await merge.beside?.()).toBeUndefined()
  await merge[Symbol.asyncDispose]()
  await using plain = await r.open({ bulkInsert: false })
  await using writer = await plain.open(await r.work('t', 'replace'), never)
  expect(await writer.beside?.()).toBeUndefined()
})

test('where the server gives no further connection the rows go over the one that there is', async () => {
  await using one = await account('one', 'WITH MAX_USER_CONNECTIONS 1')
  await using target = await r.open(one.login)
  await using writer = await target.open(await r.work('t', 'replace'), never)
  expect(await writer.beside?.()).toBeUndefined()
  for await (const upserts of r.rows('t')) await writer.write({ table: { database: r.database, name: 't' }, upserts })
  expect((await writer.commit()).inserted).toBe(3000)
})

test('a connection that is lost takes the whole commit with it', async () => {
  await r.replace('t')
  const before = await r.cells('target', 't')
  await r.at('source', 'UPDATE t SET v = -v')
  await using own = await account('own')
  await using target = await r.open(own.login)
  {
    const work = await r.work('t', 'replace')
    await using writer = await target.open(work, never)
    const alone = new Set(await own.connections())
    await fill(writer, work)
    const beside = (await own.connections()).filter((id) => !alone.has(id))
    expect(beside).toHaveLength(1)
    await r.server.query(`KILL ${String(beside[0])}`)
    await expect(writer.commit()).rejects.toMatchObject({ kind: 'transient' })
  }
  expect(await r.cells('target', 't')).toEqual(before)
  expect(await r.staging()).toEqual([])
})

/** A writer with rows on their way whose lock somebody else has taken over, who is `other`. With `early` it was opened to another way in before. */
async function overtaken(early: boolean) {
  await r.replace('t')
  const work = await r.work('t', 'replace')
  const fresh = stagingTable(work.schema.table, 'new')
  await using opening = new AsyncDisposableStack()
  const [first = []] = await parts()
  const target = opening.use(await r.open())
  const writer = opening.use(await target.open(work, never))
  for (const upserts of first) await writer.write({ table: work.schema.table, upserts })
  const beside = early ? await writer.beside?.() : undefined
  const { host, port, user, password } = r.server
  const other = opening.use(await connect({ host, port, user, password }, 'target', never))
  await r.server.query(`KILL ${String(await lockHolder(other, tableLock(work.schema.table), never))}`)
  await lockTable(other, work.schema.table, never)
  const open = opening.move()
  return { ...{ table: work.schema.table, staging: quoteTable(fresh), writer, beside, other }, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

test('rows never get into the staging table of whoever has taken over the lock', async () => {
  await using o = await overtaken(false)
  await o.other.execute(`DROP TABLE IF EXISTS ${o.staging}`)
  await o.other.execute(`CREATE TABLE ${o.staging} LIKE ${quoteTable(o.table)}`)
  await expect(o.writer.beside?.()).rejects.toMatchObject({ code: 'RUN_LOCK_LOST', kind: 'transient' })
  expect(await o.other.query(`SELECT COUNT(*) FROM ${o.staging}`)).toEqual([['0']])
  await o.other.execute(`DROP TABLE ${o.staging}`)
})

test('the staging table stays the same one for as long as rows are on their way into it', async () => {
  await using o = await overtaken(true)
  await o.other.execute('SET lock_wait_timeout = 1')
  // Not a row has come this way yet, and the table cannot be made anew.
  await expect(o.other.execute(`DROP TABLE ${o.staging}`)).rejects.toThrow('Lock wait timeout')
  for await (const upserts of r.rows('t', 'id > 2000')) await o.beside?.({ table: o.table, upserts })
  await expect(o.writer.commit()).rejects.toMatchObject({ kind: 'transient' })
})
