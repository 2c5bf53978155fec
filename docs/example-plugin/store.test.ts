import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
// In a repository of its own: from '@dbsync/testkit'.
import { describeStateStore } from '../../packages/testkit/src/state-store.ts'
import register from './register.js'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dbsync-state-sqlite-'))
})
afterAll(async () => await rm(directory, { recursive: true }))

async function open(path: string) {
  const { stateStores } = await register()
  const [provider] = stateStores
  return await provider.open({ path }, { directory })
}

describeStateStore('sqlite', { open: () => open('state.sqlite') })

it('says that a damaged file cannot be read, and does not start from nothing', async () => {
  await writeFile(join(directory, 'damaged.sqlite'), 'not a database'.repeat(100))
  await expect(open('damaged.sqlite')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' })
})
