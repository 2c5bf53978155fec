import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { purgeJson, purgeText } from '../render/purge.ts'
import { purge } from './purge.ts'
import { run } from './run.ts'
import { type Bench, bench } from './testing.ts'

/** The bench with a target whose tables are shared, and the database `shop` in it. */
async function synced(): Promise<Bench> {
  const here = await bench()
  const file = join(here.directory, 'params.json')
  await writeFile(file, (await readFile(file, 'utf8')).replace('"copy":{"type":"memory"}', '"bq":{"type":"shared"}'))
  await run(here.host, { project: here.flags, dryRun: false, json: true }, here.session())
  return here
}

const asked = ({ flags }: Bench, ...databases: string[]) => ({ project: flags, databases, targets: undefined, dryRun: false, yes: true, json: true })
const tables = ({ target }: Bench) => target.databases.get('shop')?.size

test('a dry run shows tables, rows and statements, and removes nothing', async () => {
  await using here = await synced()
  const outcome = await purge(here.host, { ...asked(here, 'shop'), dryRun: true }, here.session())
  const text = await purgeText(outcome)
  for (const part of ['users', 'drop table "shop.users"', 'positions of shop', 'Nothing was changed']) expect(text).toContain(part)
  expect(Object.keys(purgeJson(outcome))).toEqual(['status', 'databases', 'inState', 'rows', 'parts', 'warnings'])
  expect(tables(here)).toBe(1)
})

test('without a yes nothing goes; with one all goes, and it is said that a run brings it back', async () => {
  await using here = await synced()
  await expect(purge(here.host, { ...asked(here, 'shop'), yes: false }, here.session())).rejects.toMatchObject({ code: 'CONFIRMATION', kind: 'config' })
  expect(tables(here)).toBe(1)
  const outcome = await purge(here.host, asked(here, 'shop'), here.session())
  expect(outcome).toMatchObject({ kind: 'purge', report: { rows: 2 }, warnings: [expect.stringContaining('db_list still selects shop')] })
  expect(await purgeText(outcome)).toContain('Purged shop: 2 rows deleted at bq')
  expect(tables(here)).toBe(0)
  await expect(purge(here.host, asked(here, 'shop'), here.session())).rejects.toMatchObject({ code: 'PURGE_UNKNOWN' })
})

test('a target where a database is one of its own is refused', async () => {
  await using here = await bench()
  await expect(purge(here.host, asked(here, 'shop'), here.session())).rejects.toMatchObject({ code: 'PURGE_UNSUPPORTED', kind: 'config' })
})
