import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeStateStore } from '@dbsync/testkit'
import { afterAll, beforeAll } from 'vitest'
import { openStore } from './store.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dbsync-state-'))
})
afterAll(async () => await rm(root, { recursive: true }))

const { signal } = new AbortController()

describeStateStore('json', { open: () => openStore({ status: join(root, 'a', 'status'), sync: join(root, 'a', 'sync') }, signal) })
describeStateStore('json, both kinds of files in one folder', { open: () => openStore({ status: join(root, 'b'), sync: join(root, 'b') }, signal) })
