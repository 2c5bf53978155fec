import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FileDraft, writeFiles } from './write-files.ts'

const { signal } = new AbortController()
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-write-'))
})
afterEach(async () => await rm(folder, { recursive: true }))

const draft = (name: string, text: string, before?: string): FileDraft => ({ path: join(folder, name), name, text, before, secret: name === '.env' })
const content = (name: string) => readFile(join(folder, name), 'utf8')

test('new files and old ones, secrets for their owner only, and nothing left beside them', async () => {
  await writeFile(join(folder, 'params.json'), 'old', { mode: 0o640 })
  await writeFiles([draft('.env', 'A=1'), draft('params.json', 'new', 'old')], signal)
  expect((await readdir(folder)).sort()).toEqual(['.env', 'params.json'])
  expect([await content('.env'), await content('params.json')]).toEqual(['A=1', 'new'])
  expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'params.json'))).mode & 0o777).toBe(0o640)
})

test('a file that changed meanwhile: nothing is written', async () => {
  await writeFile(join(folder, 'params.json'), 'somebody else')
  await expect(writeFiles([draft('.env', 'A=1'), draft('params.json', 'new', 'old')], signal)).rejects.toMatchObject({ code: 'INIT_CHANGED' })
  await expect(writeFiles([draft('.env', 'A=1'), draft('params.json', 'new')], signal)).rejects.toMatchObject({ code: 'INIT_CHANGED' })
  expect(await readdir(folder)).toEqual(['params.json'])
  expect(await content('params.json')).toBe('somebody else')
})

test('one that cannot be written: those before it are as they were', async () => {
  await writeFile(join(folder, 'first'), 'old')
  await mkdir(join(folder, 'blocked'))
  // Its name is a folder: there is no way to take it.
  await expect(writeFiles([draft('first', 'new', 'old'), draft('fresh', 'x'), draft('blocked', 'x')], signal)).rejects.toMatchObject({ kind: 'config' })
  expect((await readdir(folder)).sort()).toEqual(['blocked', 'first'])
  expect(await content('first')).toBe('old')
})

test('one whose name was taken at the last moment: those before it are as they were', async () => {
  await writeFile(join(folder, 'first'), 'old')
  // Nothing can be read there, and yet the name is taken.
  await symlink(join(folder, 'nowhere'), join(folder, 'taken'))
  await expect(writeFiles([draft('first', 'new', 'old'), draft('fresh', 'x'), draft('taken', 'x')], signal)).rejects.toMatchObject({ code: 'INIT_CHANGED' })
  expect((await readdir(folder)).sort()).toEqual(['first', 'taken'])
  expect(await content('first')).toBe('old')
})

test('a link stays a link', async () => {
  await mkdir(join(folder, 'real'))
  await writeFile(join(folder, 'real', 'p'), 'old')
  await symlink(join(folder, 'real', 'p'), join(folder, 'params.json'))
  await writeFiles([draft('params.json', 'new', 'old')], signal)
  expect(await content('real/p')).toBe('new')
  expect((await readdir(folder)).sort()).toEqual(['params.json', 'real'])
})

test('a stop before the names change leaves nothing', async () => {
  await expect(writeFiles([draft('.env', 'A=1')], AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
  expect(await readdir(folder)).toEqual([])
})
