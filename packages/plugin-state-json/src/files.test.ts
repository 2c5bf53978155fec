import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StateStore } from '@dbsync/core/plugin'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openStore } from './store.ts'

const { signal } = new AbortController()
let root = ''
let status = ''
let sync = ''
const open = (): Promise<StateStore> => openStore({ status, sync }, signal)

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dbsync-state-'))
  root = folder
  status = join(folder, 'status')
  sync = join(folder, 'sync')
  onTestFinished(async () => await rm(folder, { recursive: true }))
})

describe('the files', () => {
  it('lie where users look for them, with the value as it is', async () => {
    const store = await open()
    await store.write('database/shop1', { database_info: { tenant_id: 'shop1' }, tables: {} }, undefined)
    await store.write('last-run', { last_sync: 'now' }, undefined)
    await store.write('backup/Point 1', {}, undefined)
    expect(await readFile(join(status, 'shop1.json'), 'utf8')).toBe('{\n  "database_info": {\n    "tenant_id": "shop1"\n  },\n  "tables": {}\n}\n')
    expect(await readFile(join(sync, 'sync-state.json'), 'utf8')).toBe('{\n  "last_sync": "now"\n}\n')
    expect(await readFile(join(status, '.dbsync', 'backup', '%50oint%201.json'), 'utf8')).toBe('{}\n')
  })

  it('belong to their owner alone, and nothing else is left', async () => {
    const store = await open()
    await store.write('database/shop1', {}, undefined)
    await store.write('x/y', {}, undefined)
    await using _ = await store.lock('run')
    const modes = await Promise.all(
      ['', '.dbsync', '.dbsync/x', '.dbsync/%locks', 'shop1.json', '.dbsync/x/y.json', '.dbsync/%locks/run.lock'].map(async (path) =>
        ((await stat(join(status, path))).mode & 0o777).toString(8),
      ),
    )
    expect(modes).toEqual(['700', '700', '700', '700', '600', '600', '600'])
    expect((await readdir(status)).sort()).toEqual(['.dbsync', 'shop1.json'])
  })

  it('keep their capitals, and still differ in more than case', async () => {
    const store = await open()
    for (const name of ['Shop', 'shop', 'SHOP']) await store.write(`database/${name}`, { name }, undefined)
    const files = (await readdir(status)).filter((file) => file.endsWith('.json'))
    expect(files).toContain('Shop.json')
    expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(3)
    expect((await (await open()).list('database/')).map((entry) => entry.value)).toEqual(['SHOP', 'Shop', 'shop'].map((name) => ({ name })))
  })

  it('are not made by reading', async () => {
    const store = await open()
    expect([await store.read('database/a'), await store.list(''), await store.delete('database/a')]).toEqual([undefined, [], undefined])
    expect(await readdir(root)).toEqual([])
  })

  it('may be changed by hand between two runs', async () => {
    const store = await open()
    await store.write('database/a', { n: 1 }, undefined)
    await writeFile(join(status, 'a.json'), '{"n":2}')
    const entry = await store.read('database/a')
    expect(entry?.value).toEqual({ n: 2 })
    await store.write('database/a', { n: 3 }, entry?.revision)
  })
})

describe('a damaged file', () => {
  const text = '{\n  "tables": {\n    "é": [1, "x"]\n  }\n}\n'

  it.each<[string, string | Buffer]>([
    ['empty', ''],
    ['zero bytes', Buffer.alloc(40)],
    ['half zero bytes', Buffer.concat([Buffer.from('{"a":1}'), Buffer.alloc(9)])],
    ['text', 'hello'],
    ['null', 'null'],
    ['a list', '[{}]'],
    ['a number', '12'],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['two documents', `${text}${text}`],
  ])('is never taken for none: %s', async (_, content) => {
    const store = await open()
    await mkdir(status)
    await mkdir(sync)
    for (const file of [join(status, 'a.json'), join(sync, 'sync-state.json')]) await writeFile(file, content)
    const expected = {
      code: 'STATE_UNREADABLE',
      kind: 'config',
      message: expect.stringContaining(join(status, 'a.json')),
      hint: expect.stringContaining('copy'),
    }
    await expect(store.read('database/a')).rejects.toMatchObject(expected)
    await expect(store.list('database/')).rejects.toMatchObject(expected)
    await expect(store.write('database/a', {}, undefined)).rejects.toMatchObject(expected)
    await expect(store.read('last-run')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
    expect(await readFile(join(status, 'a.json'))).toEqual(Buffer.from(content))
    await store.delete('database/a')
    expect(await store.read('database/a')).toBeUndefined()
  })

  it('is noticed wherever it was cut off', async () => {
    const store = await open()
    const file = join(status, 'a.json')
    await mkdir(status)
    const length = Buffer.byteLength(text)
    // Without its last line end the document is still whole.
    for (let size = 0; size < length - 1; size++) {
      await writeFile(file, text)
      await truncate(file, size)
      await expect(store.read('database/a'), `${size} bytes`).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
    }
    await writeFile(file, text.trimEnd())
    expect((await store.read('database/a'))?.value).toEqual({ tables: { é: [1, 'x'] } })
  })

  it.runIf(process.getuid?.() !== 0)('is one that cannot be opened, too', async () => {
    const store = await open()
    await store.write('database/a', {}, undefined)
    await chmod(join(status, 'a.json'), 0)
    await expect(store.read('database/a')).rejects.toMatchObject({ code: 'STATE_UNREADABLE', message: expect.stringContaining('EACCES') })
  })
})

describe('what is not ours', () => {
  it('is not listed, read, overwritten or deleted: files of an older tool, one for each table', async () => {
    const store = await open()
    await store.write('database/shop', { tables: {} }, undefined)
    const legacy = '{"table_name":"orders","last_sync_time":null,"sync_status":"SUCCESS"}'
    await writeFile(join(status, 'shop_orders.json'), legacy)
    await writeFile(join(status, 'My notes.json'), 'no json')
    await writeFile(join(status, 'readme.txt'), 'text')
    expect((await store.list('')).map((entry) => entry.key)).toEqual(['database/shop'])
    const expected = { code: 'STATE_UNREADABLE', hint: expect.stringContaining('state migrate') }
    await expect(store.read('database/shop_orders')).rejects.toMatchObject(expected)
    await expect(store.write('database/shop_orders', { tables: {} }, undefined)).rejects.toMatchObject(expected)
    await expect(store.delete('database/shop_orders')).rejects.toMatchObject(expected)
    expect(await readFile(join(status, 'shop_orders.json'), 'utf8')).toBe(legacy)
  })

  it('is what a symbolic link points to: file, folder or lock', async () => {
    const secret = join(root, 'elsewhere.json')
    await writeFile(secret, '{"n":1}')
    await mkdir(join(root, 'real'))
    await mkdir(status)
    await symlink(secret, join(status, 'a.json'))
    const store = await open()
    const expected = { code: 'STATE_SYMLINK', kind: 'config', hint: expect.stringContaining(secret) }
    await expect(store.read('database/a')).rejects.toMatchObject(expected)
    await expect(store.write('database/a', {}, undefined)).rejects.toMatchObject(expected)
    await expect(store.list('database/')).rejects.toMatchObject(expected)
    expect(await readFile(secret, 'utf8')).toBe('{"n":1}')

    await (await store.lock('run'))[Symbol.asyncDispose]()
    await symlink(secret, join(status, '.dbsync', '%locks', 'run.lock'))
    await expect(store.lock('run')).rejects.toMatchObject(expected)

    await symlink(join(root, 'real'), sync)
    await expect(open()).rejects.toMatchObject({ code: 'STATE_SYMLINK', message: expect.stringContaining(sync) })
    await expect(store.write('last-run', {}, undefined)).rejects.toMatchObject({ code: 'STATE_SYMLINK' })
    expect(await readdir(join(root, 'real'))).toEqual([])

    await rename(join(status, '.dbsync'), join(root, 'own'))
    await symlink(join(root, 'own'), join(status, '.dbsync'))
    await expect(store.write('x/y', {}, undefined)).rejects.toMatchObject({ code: 'STATE_SYMLINK' })
    await expect(store.read('x/y')).rejects.toMatchObject({ code: 'STATE_SYMLINK' })
  })

  it('is a temporary file of anybody else; our own ones are removed', async () => {
    await mkdir(join(status, '.dbsync', 'x'), { recursive: true })
    const own = `.dbsync-${'0a'.repeat(12)}.tmp`
    for (const name of [own, `.dbsync/x/${own}`, 'other.tmp', '.dbsync-1.tmp', 'a.json.tmp']) await writeFile(join(status, name), '{"half')
    await open()
    expect((await readdir(status)).sort()).toEqual(['.dbsync', '.dbsync-1.tmp', 'a.json.tmp', 'other.tmp'])
    expect(await readdir(join(status, '.dbsync', 'x'))).toEqual([])
  })
})

describe('a power cut', () => {
  it('finds the old text or the new one: it is on disk before it gets its name, and the name is afterwards', async () => {
    const path = join(status, 'a.json')
    const store = await open()
    const { revision } = await store.write('database/a', { n: 1 }, undefined)
    const one = await openFile(path)
    const handles = Object.getPrototypeOf(one) as FileHandle
    await one.close()
    const flush = Object.getOwnPropertyDescriptor(handles, 'sync') as { readonly value: (this: FileHandle) => Promise<void> }
    const flushed: unknown[] = []
    handles.sync = async function (this: FileHandle) {
      await flush.value.call(this)
      flushed.push(JSON.parse(await readFile(path, 'utf8')).n)
    }
    onTestFinished(() => void Object.defineProperty(handles, 'sync', flush))
    await store.write('database/a', { n: 2 }, revision)
    expect(flushed).toEqual([1, 2])
  })
})

describe('writing that fails', () => {
  it.runIf(process.getuid?.() !== 0)('says so and leaves the old file, in a folder that is read-only', async () => {
    const store = await open()
    const { revision } = await store.write('database/a', { n: 1 }, undefined)
    await chmod(status, 0o500)
    onTestFinished(async () => await chmod(status, 0o700))
    await expect(store.write('database/a', { n: 2 }, revision)).rejects.toMatchObject({
      code: 'STATE_UNWRITABLE',
      kind: 'config',
      hint: expect.stringContaining('right'),
    })
    expect((await (await open()).read('database/a'))?.value).toEqual({ n: 1 })
  })

  it('refuses what it could not read back', async () => {
    const store = await open()
    for (const value of [null, 1, 'x', [1]]) await expect(store.write('x/y', value, undefined)).rejects.toThrow('not an object')
    await expect(store.write('database/a', { table_name: 'orders' }, undefined)).rejects.toThrow('older tool')
    expect(await lstat(join(status, '.dbsync', 'x', 'y.json')).catch(() => 'none')).toBe('none')
  })
})
