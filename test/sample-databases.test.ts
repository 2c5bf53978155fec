import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Project, project } from './project.ts'
import { load, NORTHWIND, NORTHWIND_CHANGES, SAKILA, SAKILA_CHANGES } from './samples.ts'

/** A server of the test's own has a binary log that nobody else writes to. */
import { ownTarget } from './servers-of-their-own.ts'

const target = ownTarget()

test.each([
  { name: 'sakila', files: SAKILA, changes: SAKILA_CHANGES, tables: 16 },
  { name: 'northwind', files: NORTHWIND, changes: NORTHWIND_CHANGES, tables: 20 },
])('$name: a first run, an incremental one after changes, and a full one end equal', async ({ files, changes, tables }) => {
  await using work = await project({ servers: await target.pair() })
  await load(work.source, files)

  const first = await work.sync()
  expect(first.tables).toHaveLength(tables)
  await work.same()

  await apply(work, changes)
  const second = await work.sync()
  await work.same()
  expect(second.totals.inserted).toBeGreaterThan(0)
  expect(second.totals.updated).toBeGreaterThan(0)
  expect(second.totals.deleted).toBeGreaterThan(0)

  const before = await target.binlogPosition()
  const quiet = await work.sync()
  expect(quiet.totals).toMatchObject({ inserted: 0, updated: 0, deleted: 0 })
  expect(await target.binlogPosition()).toBe(before)

  await work.sync('--full')
  await work.same()
})

test('names what a run does not copy, and never takes triggers to the target', async () => {
  await using work = await project({ servers: await target.pair(), sourceRights: 'SELECT, SHOW VIEW, TRIGGER, EXECUTE' })
  await load(work.source, SAKILA)
  const outcome = await work.dbsync('run')
  expect(outcome.code, said(outcome)).toBe(0)
  const output = outcome.stdout + outcome.stderr
  for (const name of ['customer_list', 'sales_by_store', 'ins_film', 'rental_date', 'film_in_stock', 'inventory_in_stock']) expect(output).toContain(name)
  expect(output).toMatch(/not copied/i)
  expect(await work.target.server.query('SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = ?', [work.target.database])).toEqual([])
})

test('says that it cannot see triggers and routines, rather than that there are none', async () => {
  await using work = await project({ servers: await target.pair() })
  await load(work.source, SAKILA)
  const outcome = await work.dbsync('run')
  const output = outcome.stdout + outcome.stderr
  expect(outcome.code, said(outcome)).toBe(0)
  expect(output).toContain('customer_list')
  expect(output).toMatch(/triggers?[^\n]*not visible|not visible[^\n]*triggers?/i)
})

async function apply(work: Project, statements: readonly string[]): Promise<void> {
  await work.at.query("SET time_zone = '-05:00'")
  for (const statement of statements) await work.at.query(statement)
}
