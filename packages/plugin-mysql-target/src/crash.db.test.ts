import { setTimeout as sleep } from 'node:timers/promises'
import { SyncError } from '@dbsync/core/plugin'
import { connect } from '@dbsync/mysql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stagingName, tableLock } from './names.ts'
import { type Rig, rig } from './test-rig.ts'

let r: Rig
const never = new AbortController().signal
beforeAll(async () => {
  r = await rig()
  await r.server.query(`CREATE USER ${r.database}@'%' IDENTIFIED BY 'secret'`)
  await r.server.query(`GRANT ALL ON \`${r.database}\`.* TO ${r.database}@'%'`)
})
afterAll(async () => {
  await r.server.query(`DROP USER ${r.database}@'%'`)
  await r[Symbol.asyncDispose]()
})

/** Kills every connection of the writer under test. */
async function killWriters(): Promise<void> {
  for (const { id } of await r.server.query('SELECT id FROM information_schema.processlist WHERE user = ?', [r.database])) {
    await r.server.query(`KILL ${String(id)}`).catch((error: { errno?: number }) => {
      // It has ended by itself meanwhile.
      if (error.errno !== 1094) throw error
    })
  }
}

const SHAPES: readonly (readonly [string, string, 'replace' | 'merge'])[] = [
  ['swapped', 'id INT PRIMARY KEY, v INT, KEY (v)', 'replace'],
  ['tied', 'id INT PRIMARY KEY, v INT UNIQUE, p INT, KEY (p), FOREIGN KEY (p) REFERENCES tied (id)', 'replace'],
  ['merged', 'id INT PRIMARY KEY, v INT', 'merge'],
  ['unique_merged', 'id INT PRIMARY KEY, v INT UNIQUE', 'merge'],
]

test.each(SHAPES)('%s: killed at any moment the table is as before or complete, and the next run makes it right', async (table, columns, disposition) => {
  await r.at('source', `CREATE TABLE ${table} (${columns})`, `INSERT INTO ${table} (id, v) SELECT seq, seq FROM seq_1_to_2000`)
  await r.replace(table)
  for (let round = 0; round < 10; round++) {
    const before = await r.cells('target', table)
    await r.at('source', `UPDATE ${table} SET v = -v - ${round} ORDER BY id`)
    const wanted = await r.cells('source', table)
    const target = await r.open({ user: r.database, password: 'secret' })
    const work = await r.work(table, disposition)
    let outcome = 'committed'
    try {
      const writer = await target.open(work, never)
      try {
        let batches = 0
        for await (const upserts of r.rows(table)) {
          if (round < 3 && batches++ === round) await killWriters()
          await writer.write({ table: work.schema.table, upserts })
        }
        const killing = round < 3 ? Promise.resolve() : sleep((round - 3) * 7).then(killWriters)
        await Promise.all([writer.commit(), killing])
      } finally {
        // In the other rounds the whole client is gone, and nobody tidies up.
        if (round % 2 === 0) await writer[Symbol.asyncDispose]()
      }
    } catch (error) {
      outcome = SyncError.is(error) ? error.kind : String(error)
    }
    await target[Symbol.asyncDispose]()
    const after = await r.cells('target', table)
    expect(['committed', 'transient']).toContain(outcome)
    expect(outcome === 'committed' ? [wanted] : [before, wanted]).toContainEqual(after)
    // The next run: what was left behind goes, and the rows come.
    await r.target.run(await r.target.leftovers(r.database), never)
    expect(await r.staging()).toEqual([])
    if (disposition === 'replace') await r.replace(table)
    else await r.merge(table, { upserts: 'TRUE' })
    expect(await r.cells('target', table)).toEqual(wanted)
  }
})

test('leftovers of every kind are put right', async () => {
  await r.at('source', 'CREATE TABLE left_over (id INT PRIMARY KEY)', 'INSERT INTO left_over VALUES (1)')
  await r.replace('left_over')
  const [fresh, old] = [stagingName('left_over', 'new'), stagingName('left_over', 'old')]
  await r.at('target', `CREATE TABLE \`${fresh}\` (x INT)`, `RENAME TABLE left_over TO \`${old}\``, 'CREATE TABLE `_dbsync_new_mine` (x INT)')
  await r.target.run(await r.target.leftovers(r.database), never)
  expect(await r.cells('target', 'left_over')).toEqual(['31'])
  expect(await r.staging()).toEqual(['_dbsync_new_mine'])
  await r.at('target', 'DROP TABLE `_dbsync_new_mine`')
})

test('a second run is refused at once, and the lock goes with its holder', async () => {
  const first = await r.target.lock(r.database, never)
  await using other = await r.open()
  await expect(other.lock(r.database, never)).rejects.toMatchObject({ code: 'RUN_LOCKED', kind: 'locked' })
  await first[Symbol.asyncDispose]()
  await using second = await other.lock(r.database, never)
  expect(second).toBeDefined()
})

test('a run that has lost its lock commits nothing', async () => {
  await r.at('source', 'CREATE TABLE locked (id INT PRIMARY KEY)', 'INSERT INTO locked VALUES (1)')
  await using target = await r.open({ user: r.database, password: 'secret' })
  await using lock = await target.lock(r.database, never)
  expect(lock).toBeDefined()
  await killWriters()
  const work = await r.work('locked', 'replace')
  await using writer = await target.open(work, never)
  for await (const upserts of r.rows('locked')) await writer.write({ table: work.schema.table, upserts })
  await expect(writer.commit()).rejects.toMatchObject({ code: 'RUN_LOCK_LOST', kind: 'transient' })
  expect(await r.describe('target', 'locked')).toBeUndefined()
})

test('a writer and a run wait for what an earlier client still does to the table', async () => {
  await r.at('source', 'CREATE TABLE busy (id INT PRIMARY KEY)', 'INSERT INTO busy VALUES (1)')
  await r.replace('busy')
  const work = await r.work('busy', 'merge')
  const earlier = await connect({ host: r.server.host, port: r.server.port, user: 'root', password: r.server.password }, 'target', never)
  await earlier.query(`SELECT GET_LOCK('${tableLock(work.schema.table)}', 0)`)
  await using target = await r.open()
  let open = 0
  const waiting = [
    target.open(work, never).then(async (writer) => {
      open++
      await writer[Symbol.asyncDispose]()
    }),
    target.lock(r.database, never).then(async (lock) => {
      open++
      await lock[Symbol.asyncDispose]()
    }),
  ]
  await sleep(300)
  expect(open).toBe(0)
  const stopped = AbortSignal.timeout(100)
  await expect(target.open(work, stopped)).rejects.toMatchObject({ kind: 'cancelled' })
  await earlier[Symbol.asyncDispose]()
  await Promise.all(waiting)
  expect(open).toBe(2)
})
