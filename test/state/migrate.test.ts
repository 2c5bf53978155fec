import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { filesBelow, folder, legacyOf, type StateFile } from './folder.ts'

const ASIDE = 'backup_single_table_files'

type Migrated = {
  readonly status: string
  readonly timezone: string
  readonly timezoneAssumed: boolean
  readonly databases: readonly { readonly name: string; readonly tables: readonly { readonly name: string; readonly taken: string }[] }[]
  readonly moved: readonly unknown[]
  readonly left: readonly { readonly path: string; readonly kind: string; readonly reason: string }[]
  readonly warnings: readonly string[]
}

test('files of tenants and tables with underscores, dots and Unicode find their database; the rest stays and is named', async () => {
  await using here = await folder(['shop', 'shop_eu', 'a.b', 'größe_ü', 'x_y_z'])
  const good: readonly [string, string][] = [
    ['shop', 'orders'],
    ['shop', 'order_items'],
    ['shop_eu', 'orders'],
    ['shop', 'eu'],
    ['a.b', 'c.d_e'],
    ['größe_ü', '表_😀'],
    ['x_y_z', '__proto__'],
  ]
  for (const [database, table] of good) await here.legacy(database, table)
  await here.put('stranger_orders.json', legacyOf('orders'))
  await here.put('shop_eu_x.json', legacyOf('shop_eu_x'))
  await here.put('shop_broken.json', '{"table_name": "broken", "last_sy')
  await here.put('shop_empty.json', '')
  await here.put('shop_late.json', legacyOf('late', { last_sync_time: 'yesterday' }))
  await here.put('My notes.json', '{"hello": 1}')
  const before = await filesBelow(here.status)

  const preview = await here.dbsync('state', 'migrate', '--preview', '--timezone', 'Europe/Berlin', '--json')
  expect(preview.code, said(preview)).toBe(1)
  expect(await filesBelow(here.status)).toEqual(before)
  expect(await readdir(here.status)).not.toContain('.dbsync')
  expect(preview.json).toMatchObject({ status: 'preview', timezone: 'Europe/Berlin', timezoneAssumed: false, moved: [] })

  const done = await here.dbsync('state', 'migrate', '--timezone', 'Europe/Berlin', '--json')
  expect(done.code, said(done)).toBe(1)
  const report = done.json as Migrated
  expect(report.databases).toEqual((preview.json as Migrated).databases)
  const found = report.databases.flatMap(({ name, tables }) => tables.map((table) => `${name} ${table.name}`))
  expect(found.toSorted()).toEqual(good.map((pair) => pair.join(' ')).toSorted())
  expect(Object.fromEntries(report.left.map(({ path, kind }) => [path.slice(here.status.length + 1), kind]))).toEqual({
    'My notes.json': 'foreign',
    'shop_broken.json': 'broken',
    'shop_empty.json': 'broken',
    'shop_eu_x.json': 'ambiguous',
    'shop_late.json': 'broken',
    'stranger_orders.json': 'unknown',
  })
  expect(report.warnings).toContainEqual(expect.stringContaining('could not be asked'))
  const after = await filesBelow(here.status)
  for (const [database, table] of good) expect(after.get(join(ASIDE, `${database}_${table}.json`))).toBe(before.get(`${database}_${table}.json`))
  for (const { path } of report.left) expect(after.get(path.slice(here.status.length + 1))).toBe(before.get(path.slice(here.status.length + 1)))
  expect((await here.state('shop')).tables['orders']).toMatchObject({
    last_sync_time: '2026-05-01T10:00:00.000Z',
    targets: { copy: { position: { since: '2026-05-01T10:00:00.000Z' }, target_database: 'shop_copy', source_id: '', compared_at: null } },
  })
  // The file of tenant shop's table eu had the name of the other tenant's state.
  expect(Object.keys((await here.state('shop_eu')).tables)).toEqual(['orders'])

  const again = await here.dbsync('state', 'migrate', '--timezone', 'Europe/Berlin')
  expect(again.code, said(again)).toBe(1)
  expect(again.stdout).toContain('no state file of an older tool to take over')
  expect(again.stdout).toMatch(/shop_eu_x\.json \(ambiguous\): .*shop, shop_eu/)
  expect(await filesBelow(here.status)).toEqual(after)
})

test('what the state knows is merged, the newer one wins, and no file is put over another', async () => {
  await using here = await folder(['shop'])
  await here.legacy('shop', 'old')
  await here.legacy('shop', 'new')
  await here.dbsync('state', 'migrate', '--timezone', 'UTC')
  await here.legacy('shop', 'old', { updated_at: '2026-04-01 00:00:00', records_synced: 1 })
  await here.legacy('shop', 'new', { updated_at: '2026-06-01 00:00:00', records_synced: 99 })
  await here.legacy('shop', 'third', { sync_status: 'FAILED', error_message: 'no' })
  const outcome = await here.dbsync('state', 'migrate')
  expect(outcome.code, said(outcome)).toBe(0)
  expect(outcome.stdout).toMatch(/no zone are read in .+, the zone of this machine/)
  const { tables } = await here.state('shop')
  expect(['old', 'new', 'third'].map((name) => tables[name]?.['records_synced'])).toEqual([7, 99, 7])
  expect(tables['third']).toMatchObject({ sync_status: 'FAILED', error_message: 'no', targets: { copy: { position: null } } })
  expect((await readdir(join(here.status, ASIDE))).toSorted()).toEqual([
    'shop_new.2.json',
    'shop_new.json',
    'shop_old.2.json',
    'shop_old.json',
    'shop_third.json',
  ])
})

test('a zone that is none, and targets that nobody has named, are asked for', async () => {
  const server = { type: 'mysql', host: '127.0.0.1', port: 1, user: 'u', password: 'x' }
  await using here = await folder(['shop'], { targets: { one: { ...server, database: 'a' }, two: { ...server, database: 'b' } } })
  await here.legacy('shop', 'orders')
  expect(await here.dbsync('state', 'migrate', '--timezone', 'Mars', '--json')).toMatchObject({ code: 2, json: { error: { code: 'USAGE' } } })
  expect(await here.dbsync('state', 'migrate', '--json')).toMatchObject({
    code: 2,
    json: { error: { code: 'STATE_TARGET', hint: expect.stringContaining('--target two') } },
  })
  expect(await here.dbsync('state', 'migrate', '--target', 'two', '--json')).toMatchObject({ code: 0 })
  expect(Object.keys((await here.state('shop')).tables['orders']?.targets ?? {})).toEqual(['two'])
})

test.runIf(process.getuid?.() !== 0)('a folder without the right to write is left as it is, and the right is named', async () => {
  await using here = await folder(['shop'])
  await here.legacy('shop', 'orders')
  const before = await filesBelow(here.status)
  await chmod(here.status, 0o500)
  const preview = await here.dbsync('state', 'migrate', '--preview', '--json')
  const done = await here.dbsync('state', 'migrate', '--json')
  await chmod(here.status, 0o700)
  expect(preview.code, said(preview)).toBe(0)
  expect(done, said(done)).toMatchObject({ code: 2, json: { error: { code: 'STATE_UNWRITABLE' } } })
  expect(await filesBelow(here.status)).toEqual(before)
})

test('where the old files cannot be moved the new state is there, nothing is lost, and the same command goes on', async () => {
  await using here = await folder(['shop'])
  await here.legacy('shop', 'orders')
  const before = (await filesBelow(here.status)).get('shop_orders.json')
  await here.put(ASIDE, 'in the way')
  const half = await here.dbsync('state', 'migrate', '--timezone', 'UTC', '--json')
  expect(half, said(half)).toMatchObject({ code: 2, json: { error: { message: expect.stringContaining(ASIDE) } } })
  expect(await filesBelow(here.status)).toEqual(
    new Map([
      [ASIDE, 'in the way'],
      ['shop.json', expect.any(String)],
      ['shop_orders.json', before],
    ]),
  )
  await rm(join(here.status, ASIDE))
  const done = await here.dbsync('state', 'migrate', '--timezone', 'UTC', '--json')
  expect(done, said(done)).toMatchObject({ code: 0, json: { moved: [expect.anything()] } })
  expect((await filesBelow(here.status)).get(`${ASIDE}/shop_orders.json`)).toBe(before)
})

const TENANTS = Array.from({ length: 20 }, (_, index) => `t${index}${'_x'.repeat(index % 3)}`)
const TABLES = Array.from({ length: 10 }, (_, index) => `table_${index}`)

test('killed at any moment nothing is lost, and the same command finishes it', async () => {
  for (const moved of [0, 1, 60, 150]) {
    await using here = await folder(TENANTS)
    await Promise.all(TENANTS.flatMap((tenant) => TABLES.map((table, index) => here.legacy(tenant, table, { records_synced: index }))))
    const before = [...(await filesBelow(here.status)).values()].toSorted()
    const program = here.start('state', 'migrate', '--timezone', 'UTC')
    const ended = program.ended.then(() => true)
    const aside = () =>
      readdir(join(here.status, ASIDE)).then(
        ({ length }) => length,
        () => -1,
      )
    // With 0: as soon as the folder is there, which is between the first state and the first file that is moved, or near it.
    while ((await aside()) < moved && !(await Promise.race([ended, sleep(1, false)])));
    program.process.kill('SIGKILL')
    await ended
    const between = await filesBelow(here.status)
    const legacy = [...between].filter(([path]) => path.startsWith(ASIDE) || /_table_\d+\.json$/.test(path))
    expect(legacy.map(([, bytes]) => bytes).toSorted()).toEqual(before)
    // What was moved is in the state already.
    for (const path of between.keys()) {
      const [, tenant, table = ''] = /^backup_single_table_files\/(.+)_(table_\d+)\.json$/.exec(path) ?? []
      const known = tenant === undefined ? { [table]: true } : JSON.parse(between.get(`${tenant}.json`) ?? '{"tables":{}}').tables
      expect(known, path).toHaveProperty([table])
    }
    const finished = await here.dbsync('state', 'migrate', '--timezone', 'UTC')
    expect(finished.code, said(finished)).toBe(0)
    expect(await aside()).toBe(TENANTS.length * TABLES.length)
    for (const tenant of TENANTS) {
      const { tables }: StateFile = await here.state(tenant)
      expect(TABLES.map((table) => tables[table]?.['records_synced'])).toEqual(TABLES.map((_, index) => index))
    }
    await rm(join(here.status, ASIDE), { recursive: true })
  }
})
