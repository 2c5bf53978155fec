import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { foldersOf } from './options.ts'
import register from './register.ts'

describe('options', () => {
  it('are two folders, relative ones from the folder of the configuration', () => {
    const directory = resolve('/configured')
    expect(foldersOf({ status_dir: 'state/status', sync_dir: resolve('/var/sync') }, { directory })).toEqual({
      status: join(directory, 'state', 'status'),
      sync: resolve('/var/sync'),
    })
  })

  it.each([undefined, '', 5, 'nul\0byte'])('are refused by name where they are no path: %j', (sync_dir) => {
    expect(() => foldersOf({ status_dir: 'a', sync_dir }, { directory: '/' })).toThrow(
      expect.objectContaining({ code: 'STATE_OPTIONS', kind: 'config', message: expect.stringContaining('sync_dir') }),
    )
  })
})

describe('the registered store', () => {
  it('is of type json and keeps its files in these folders', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dbsync-state-'))
    onTestFinished(async () => await rm(directory, { recursive: true }))
    const [provider] = (await register()).stateStores ?? []
    expect(provider?.type).toBe('json')
    const limits = { connections: 1, batchRows: 1, compress: false }
    await using store = await provider?.open(
      { status_dir: 'status', sync_dir: 'sync' },
      { directory, signal: new AbortController().signal, limits, warn: () => {} },
    )
    await store?.write('last-run', { n: 1 }, undefined)
    expect(await readFile(join(directory, 'sync', 'sync-state.json'), 'utf8')).toBe('{\n  "n": 1\n}\n')
  })
})
