import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeEach, expect } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { type ConfigInput, type LoadedConfig, loadConfig } from './load.ts'

/** A fresh folder for every test of the file that imports this. */
export let folder: string
const made: string[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-config-'))
  made.push(folder)
})
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))))

/** The smallest params.json. */
export const PARAMS = { db_host: 'h', db_user: 'u', db_list: 'shop', targets: { copy: { type: 'mysql', host: 't', user: 'u' } } }

/** Writes the files (objects as JSON) and loads them. */
export async function load(files: Record<string, unknown>, input: Partial<ConfigInput> = {}): Promise<LoadedConfig> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2))
  }
  return loadConfig({ cwd: folder, env: {}, flags: {}, ...input })
}

/** The error that loading ends in; fails where it ends well. */
export async function failure(files: Record<string, unknown>, input: Partial<ConfigInput> = {}): Promise<SyncError> {
  const error = await load(files, input).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!SyncError.is(error)) throw new Error(`expected a SyncError, got ${String(error)}`, { cause: error })
  expect(error.kind).toBe('config')
  return error
}
