import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeStateStore } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from './store.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dbsync-state-'))
})
afterAll(async () => await rm(root, { recursive: true }))

const { signal } = new AbortController()

/** Cuts the files that tell of the key, as a full disk would. */
const damage = async (key: string) => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const whole = new Map<string, string>()
  for (const file of files) {
    const text = await readFile(file, 'utf8')
    if (text.includes(JSON.stringify(key))) whole.set(file, text)
  }
  for (const [file, text] of whole) await writeFile(file, text.slice(0, -5))
  return async () => {
    for (const [file, text] of whole) await writeFile(file, text)
  }
}

describeStateStore('json', { open: () => openStore({ status: join(root, 'a', 'status'), sync: join(root, 'a', 'sync') }, signal), damage })
describeStateStore('json, both kinds of files in one folder', { open: () => openStore({ status: join(root, 'b'), sync: join(root, 'b') }, signal) })

test('hundreds of documents at once, as a fleet writes them: none waits for long', { timeout: 60_000 }, async () => {
  const folder = join(root, 'c')
  await using store = await openStore({ status: folder, sync: folder }, signal)
  const names = Array.from({ length: 400 }, (_, i) => `database/tenant_${i}`)
  await Promise.all(names.map((name) => store.write(name, { tables: {} }, undefined)))
  expect(await store.list('database/')).toHaveLength(400)
})
