import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const DEMO = ['--conditions=dbsync-source', join(import.meta.dirname, 'demo/demo.ts')]

test('the demo ends with two equal sides and leaves nothing behind', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder()
  const { stdout } = await promisify(execFile)(process.execPath, DEMO, { cwd: '/', env: { ...process.env, TMPDIR: folder.path } })
  expect(stdout).toContain('All 16 tables are equal.')
  expect(await leftovers(folder.path)).toEqual([])
})

test('the demo with --keep waits, and Ctrl-C cleans up', { timeout: 120_000 }, async () => {
  await using folder = await temporaryFolder()
  const demo = spawn(process.execPath, [...DEMO, '--keep'], { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, TMPDIR: folder.path } })
  let output = ''
  for await (const piece of demo.stdout) {
    output += String(piece)
    if (output.includes('Ctrl-C here')) demo.kill('SIGINT')
  }
  if (demo.exitCode === null) await once(demo, 'exit')
  expect(demo.exitCode).toBe(130)
  expect(output).toMatch(/mariadb --socket=\S+ --user=root/)
  expect(await leftovers(folder.path)).toEqual([])
})

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'demo-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

/** All but the template that later servers are copied from. */
const leftovers = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => !name.startsWith('dbsync-mariadb-') && !name.startsWith('node-compile-cache'))
