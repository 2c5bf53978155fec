import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LegacyFiles } from '@dbsync/core/plugin'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { openStore } from './store.ts'

const { signal } = new AbortController()
const TABLE = '{"table_name":"orders"}'
let status = ''
let legacy: LegacyFiles

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'dbsync-legacy-'))
  onTestFinished(() => rm(root, { recursive: true }))
  status = join(root, 'status')
  await mkdir(status)
  const store = await openStore({ status, sync: status }, signal)
  await store.write('database/shop', { tables: {} }, undefined)
  await store.write(`database/${'ü'.repeat(60)}`, { tables: {} }, undefined)
  await store.write('last-run', { table_name: 'no' }, undefined)
  if (store.legacy === undefined) throw new Error('the store knows nothing of older tools')
  legacy = store.legacy
})

const put = (name: string, text: string) => writeFile(join(status, name), text)
const kinds = async () => Object.fromEntries((await legacy.list()).files.map(({ name, content, occupies }) => [name, [content.kind, occupies]]))

it('tells files of tables from documents, damaged files and others, and says whose place they have', async () => {
  await put('shop_orders.json', TABLE)
  await put('größe 1_orders.json', TABLE)
  await put('shop_cut.json', '{"table_name":')
  await put('shop_nothing.json', '')
  await put('settings.json', '{"a":1}')
  await put('Odd name.json', '{"tables":{}}')
  await put('readme.txt', TABLE)
  await mkdir(join(status, 'folder.json'))
  await symlink(join(status, 'shop_orders.json'), join(status, 'link_orders.json'))
  expect((await legacy.list()).own.toSorted()).toEqual(['database/shop', `database/${'ü'.repeat(60)}`])
  expect(await kinds()).toEqual({
    shop_orders: ['table', 'database/shop_orders'],
    'größe 1_orders': ['table', undefined],
    shop_cut: ['broken', 'database/shop_cut'],
    shop_nothing: ['broken', 'database/shop_nothing'],
    settings: ['foreign', 'database/settings'],
    'Odd name': ['foreign', undefined],
    folder: ['broken', 'database/folder'],
    link_orders: ['broken', 'database/link_orders'],
  })
  expect((await legacy.list((name) => name.startsWith('shop_o'))).files.map(({ name }) => name)).toEqual(['shop_orders'])
})

it('moves files over no other one, and none that has changed since it was looked at', async () => {
  for (const round of [1, 2, 3]) {
    await put('shop_orders.json', `${TABLE}${' '.repeat(round)}`)
    await legacy.setAside((await legacy.list()).files)
  }
  expect((await readdir(legacy.aside)).toSorted()).toEqual(['shop_orders.2.json', 'shop_orders.3.json', 'shop_orders.json'])
  expect(await readFile(join(legacy.aside, 'shop_orders.2.json'), 'utf8')).toBe(`${TABLE}  `)
  await put('shop_a.json', TABLE)
  await put('shop_b.json', TABLE)
  const { files } = await legacy.list()
  await put('shop_b.json', `${TABLE} `)
  await expect(legacy.setAside(files)).rejects.toMatchObject({ code: 'STATE_CONFLICT', kind: 'locked' })
  expect(await kinds()).toMatchObject({ shop_b: ['table', 'database/shop_b'] })
  expect(await readdir(legacy.aside)).toContain('shop_a.json')
})

it('takes no link for the folder that files go to', async () => {
  await put('shop_orders.json', TABLE)
  const elsewhere = join(status, '..', 'elsewhere')
  await mkdir(elsewhere)
  await symlink(elsewhere, legacy.aside)
  await expect(legacy.setAside((await legacy.list()).files)).rejects.toMatchObject({ code: 'STATE_SYMLINK' })
  expect([await readdir(elsewhere), Object.keys(await kinds())]).toEqual([[], ['shop_orders']])
})
