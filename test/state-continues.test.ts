import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Project, project, tableIn } from './project.ts'
import { legacyOf } from './state/folder.ts'

/** A copy that an older tool made an hour ago, with its file of each table in place of our state. */
async function takenOver(work: Project, tables: readonly string[], more: object = {}): Promise<void> {
  await rm(join(work.directory, 'sync_status'), { recursive: true })
  const time = new Date(Date.now() - 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
  for (const table of tables)
    await work.write(`sync_status/${work.database}_${table}.json`, legacyOf(table, { last_sync_time: time, updated_at: time, ...more }))
}

const fill = async (work: Project, table: string) => {
  await work.at.query(`CREATE TABLE ${table} (id INT PRIMARY KEY, v INT, updated_at TIMESTAMP NOT NULL)`)
  await work.at.query(`INSERT INTO ${table} SELECT seq, seq, NOW() - INTERVAL 2 DAY FROM seq_1_to_2000`)
}

test('a run stops at files of an older tool; after they are taken over it moves only what differs, deletes and all, and then goes on by time', async () => {
  await using work = await project()
  await fill(work, 'order_items')
  await fill(work, 'users')
  await work.sync()
  await takenOver(work, ['order_items', 'users'])
  await work.at.query('UPDATE order_items SET v = -1, updated_at = NOW() WHERE id <= 3')
  await work.at.query('DELETE FROM order_items WHERE id = 9')
  const files = await readdir(join(work.directory, 'sync_status'))
  for (const args of [
    ['run', '--json'],
    ['run', '--dry-run', '--json'],
  ]) {
    const refused = await work.dbsync(...args)
    expect(refused, said(refused)).toMatchObject({ code: 2, json: { error: { code: 'STATE_LEGACY', hint: expect.stringContaining('dbsync state migrate') } } })
  }
  expect((await readdir(join(work.directory, 'sync_status'))).filter((name) => name.endsWith('.json'))).toEqual(files)

  const migrated = await work.dbsync('state', 'migrate', '--timezone', 'UTC', '--json')
  expect(migrated.code, said(migrated)).toBe(0)
  const first = await work.sync()
  expect(tableIn(first, 'order_items')).toMatchObject({ strategy: 'digest', updated: 3, deleted: 1, inserted: 0 })
  expect(tableIn(first, 'users')).toMatchObject({ strategy: 'digest', outcome: 'unchanged' })
  await work.same()
  await work.at.query('UPDATE users SET v = -1, updated_at = NOW() WHERE id <= 3')
  expect(tableIn(await work.sync(), 'users')).toMatchObject({ strategy: 'time', updated: 3 })
  await work.same()
})

test('told to go by time it goes on from the last sync less the lookback, and a table that the target lacks is copied', async () => {
  await using work = await project({ config: { table_settings: { tables: { '*': { mode: 'time' } } } } })
  await fill(work, 't')
  await work.sync()
  await fill(work, 'missing')
  await takenOver(work, ['t', 'missing'])
  await work.at.query('UPDATE t SET v = -1, updated_at = NOW() WHERE id <= 3')
  await work.at.query('UPDATE t SET v = -2, updated_at = NOW() - INTERVAL 65 MINUTE WHERE id = 4')
  await work.dbsync('state', 'migrate', '--timezone', 'UTC')
  const report = await work.sync()
  expect(tableIn(report, 't')).toMatchObject({ strategy: 'time', updated: 4, rowsRead: 4 })
  expect(tableIn(report, 'missing')).toMatchObject({ strategy: 'full', inserted: 2000 })
  await work.same()
})

test('what a reset says is what the next run does', async () => {
  await using work = await project()
  await fill(work, 'a')
  await fill(work, 'b')
  await work.sync()
  // A server counts the rows of a new table when it gets to it, and a plan goes by that.
  await work.target.server.query(`ANALYZE TABLE \`${work.target.database}\`.a`)
  await work.target.server.query(`DROP TABLE \`${work.target.database}\`.b`)
  const reset = await work.dbsync('state', 'reset', '--yes', '--json')
  expect(reset.code, said(reset)).toBe(0)
  const { tables } = reset.json as { readonly tables: readonly { readonly table: string; readonly next: string }[] }
  expect(tables.map(({ table, next }) => [table, next])).toEqual([
    ['a', 'compare'],
    ['b', 'full'],
  ])
  await work.at.query('DELETE FROM a WHERE id = 7')
  const report = await work.sync()
  expect(tableIn(report, 'a')).toMatchObject({ strategy: 'digest', deleted: 1 })
  expect(tableIn(report, 'b')).toMatchObject({ strategy: 'full' })
  await work.same()
})

test('while a run is at work nothing of the state is exported, imported, reset or taken over', async () => {
  await using work = await project()
  await fill(work, 'a')
  await work.sync()
  expect((await work.dbsync('state', 'export', 'state.json')).code).toBe(0)
  // A run that waits for the copy keeps its locks.
  const other = await work.target.server.connect({ database: work.target.database })
  await other.query('LOCK TABLES a WRITE')
  await work.at.query('UPDATE a SET v = -1, updated_at = NOW() WHERE id = 1')
  const run = work.start('run', '--json')
  // By then it has looked for files of an older tool: one that comes later does not stop it.
  const waiting = `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = '${work.targetUser}' AND STATE LIKE 'Waiting for%'`
  while (Number((await work.target.server.query(waiting))[0]?.n) === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  await work.write(`sync_status/${work.database}_b.json`, legacyOf('b'))
  const outcomes = await Promise.all(
    [['export', 'other.json'], ['import', 'state.json', '--yes'], ['reset', '--yes'], ['migrate']].map((args) => work.dbsync('state', ...args, '--json')),
  )
  other.destroy()
  await run.ended
  for (const outcome of outcomes) expect(outcome, said(outcome)).toMatchObject({ code: 4, json: { error: { code: 'RUN_LOCKED' } } })
  expect(await readdir(work.directory)).not.toContain('other.json')
})
