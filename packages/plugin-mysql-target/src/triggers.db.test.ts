import type { WriteWork } from '@dbsync/core/plugin'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Rig, rig } from './test-rig.ts'

const never = new AbortController().signal
let r: Rig

beforeAll(async () => {
  r = await rig("`'tr")
  await r.at('source', 'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9) UNIQUE)', "INSERT INTO t VALUES (1, 'a'), (2, 'b')")
  await r.replace('t')
  await r.at('target', 'CREATE TABLE fired (id INT)', 'CREATE TRIGGER `z``t` AFTER INSERT ON t FOR EACH ROW INSERT INTO fired VALUES (NEW.id)')
  await r.at(
    'target',
    'CREATE TRIGGER a_second AFTER INSERT ON t FOR EACH ROW SET @x = NEW.a',
    "CREATE TRIGGER gone AFTER DELETE ON t FOR EACH ROW SIGNAL SQLSTATE '45000'",
  )
})
afterAll(async () => {
  await r[Symbol.asyncDispose]()
})

/** What a plan hands to `open` where these triggers belong there. */
async function work(disposition: WriteWork['disposition']): Promise<WriteWork> {
  const found = await r.target.objects?.definitions(r.database, ['triggers'], never)
  return { ...(await r.work('t', disposition)), triggers: found?.objects ?? [] }
}

const triggers = async () => {
  const rows = await r.server.query(
    'SELECT TRIGGER_NAME AS name, ACTION_STATEMENT AS text FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ? ORDER BY ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER',
    [r.database],
  )
  return rows.map(({ name, text }) => `${String(name)}: ${String(text)}`)
}

async function send(job: WriteWork, where: string, signal = never) {
  await using writer = await r.target.open(job, signal)
  for await (const upserts of r.rows('t', where)) await writer.write({ table: job.schema.table, upserts })
  return await writer.commit()
}

test.each(['merge', 'replace'] as const)('%s: triggers are away while rows are written, and back in their order', async (disposition) => {
  const before = await triggers()
  expect(before).toHaveLength(3)
  await r.at('source', `INSERT INTO t VALUES (${disposition === 'merge' ? 3 : 4}, '${disposition}')`)
  expect((await send(await work(disposition), 'TRUE')).inserted).toBeGreaterThan(0)
  expect(await triggers()).toEqual(before)
  expect(await r.cells('target', 't')).toEqual(await r.cells('source', 't'))
  expect(await r.cells('target', 'fired')).toEqual([])
})

test('triggers come back when the rows are refused', async () => {
  const before = await triggers()
  await r.at('source', "UPDATE t SET a = 'z' WHERE id = 1", "INSERT INTO t VALUES (5, 'a')")
  await expect(send(await work('merge'), 'id = 5')).rejects.toMatchObject({ code: 'MYSQL_UNIQUE_CLASH' })
  expect(await triggers()).toEqual(before)
})

test('triggers come back over another connection when the one that wrote is lost', async () => {
  const before = await triggers()
  const job = await work('merge')
  const stop = new AbortController()
  const holder = await r.server.connect({ database: r.database })
  try {
    // The transaction waits for this row, with the triggers gone already.
    await holder.query('BEGIN')
    await holder.query("UPDATE t SET a = 'held' WHERE id = 2")
    await r.at('source', "UPDATE t SET a = 'new' WHERE id = 2")
    // DROP TRIGGER waits for it too: let go once the writer stands there.
    const sent = send(job, 'id = 2', stop.signal).catch((error: unknown) => error)
    await expect.poll(async () => (await r.server.query("SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DROP TRIGGER%'")).length).toBe(1)
    stop.abort()
    await holder.query('ROLLBACK')
    expect(await sent).toMatchObject({ kind: 'cancelled' })
  } finally {
    await holder.end()
  }
  expect(await triggers()).toEqual(before)
})

test('only triggers that belong there are taken away: any other one is a refusal', async () => {
  const job = await work('merge')
  const some = { ...job, triggers: (job.triggers ?? []).filter(({ name }) => name !== 'gone') }
  expect(r.target.guard?.(job)).toBeUndefined()
  expect(r.target.guard?.(some)).toMatchObject({ code: 'MYSQL_TARGET_TRIGGERS', message: expect.stringContaining('(gone)') })
  await expect(r.target.open(some, never)).rejects.toMatchObject({ code: 'MYSQL_TARGET_TRIGGERS' })
})
