import { type DatabaseOf, quote } from '@dbsync/testkit'
import { expect } from 'vitest'
import { said } from '../dbsync.ts'
import type { Project } from '../project.ts'
import type { Mix } from './mix.ts'
import { plant } from './plant.ts'

/** Of a run that has to bring everything in step: nothing that was dropped or deleted at the source is an accident here. */
const ALLOWED = ['--allow', 'deletes', '--allow', 'destructive']

/** Nobody writes at the source: one run makes both ends equal, dbsync agrees with whoever else compares them, and a second run writes nothing. */
export async function quietPoint(mix: Mix): Promise<void> {
  const { work, run, chance } = mix
  // Every change of the source moves its timestamp: without somebody else at the copy, time is enough.
  const mode = mix.planted || chance.below(2) === 0 ? ['--reconcile'] : []
  // A table that is gone leaves the copy at the end of a run. Until then it holds the names of its foreign keys, which a renamed table needs.
  const { code } = await run({ args: ['run', ...mode, ...ALLOWED], exits: [1], codes: ['MYSQL_CONSTRAINT_NAME'] })
  if (code !== 0) await run({ args: ['run', ...mode, ...ALLOWED] })
  await inStep(mix)
  mix.planted = false
  const before = await binlogPosition(work)
  await run({ args: ['run'] })
  expect(await binlogPosition(work), 'a run that finds nothing to do has written to the target').toBe(before)
  if (chance.below(2) === 0) return

  const planted = await plant(mix)
  const found = await run({ args: ['verify'], exits: [5] })
  expect(found.code, `verify does not see what was planted: ${planted}\n${said(found)}`).toBe(5)
  await run({ args: ['verify', '--repair', ...ALLOWED] })
  await inStep(mix)
  mix.planted = false
}

/** What a killed check leaves goes with the next one. */
export async function nothingIsLeft({ work, run }: Mix): Promise<void> {
  const { json } = await run({ args: ['backup', 'create'] })
  const { points } = json as { readonly points: readonly { readonly point: { readonly name: string } }[] }
  await run({ args: ['backup', 'check', points[0]?.point.name ?? '', '--restore'] })
  expect(await work.target.server.query("SHOW DATABASES LIKE '\\_dbsync%'"), 'databases that are left over').toEqual([])
}

async function inStep({ work, run }: Mix): Promise<void> {
  await work.same()
  expect(await objectsOf(work.target), 'views and triggers').toEqual(await objectsOf(work.source))
  expect(await work.target.server.query("SHOW DATABASES LIKE '\\_dbsync\\_restore%'"), 'databases that are left over').toEqual([])
  await run({ args: ['verify'] })
}

/** Views and triggers without what must differ: the database's name and who owns them. */
async function objectsOf({ server, database }: DatabaseOf): Promise<readonly unknown[]> {
  const views = await server.query('SELECT table_name AS name, view_definition AS text FROM information_schema.views WHERE table_schema = ? ORDER BY 1', [
    database,
  ])
  const triggers = await server.query(
    'SELECT trigger_name AS name, event_object_table AS tbl, action_timing AS moment, event_manipulation AS event, action_statement AS text FROM information_schema.triggers WHERE trigger_schema = ? ORDER BY 1',
    [database],
  )
  return [...views.map((view) => ({ ...view, text: String(view['text']).replaceAll(`${quote(database)}.`, '') })), ...triggers]
}

async function binlogPosition({ target }: Project): Promise<string> {
  const [row] = await target.server.query('SHOW MASTER STATUS')
  return JSON.stringify([row?.['File'], row?.['Position']])
}
