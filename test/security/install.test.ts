import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { dbsync, said } from '../dbsync.ts'

test('before a plugin is installed it is said what is trusted', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'dbsync-install-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const plugin = join(folder, 'plugin')
  await mkdir(plugin)
  const hooks = { 'dbsync:register': './register.js' }
  await writeFile(join(plugin, 'package.json'), JSON.stringify({ name: 'dbsync-plugin-tiny', version: '1.0.0', type: 'module', oclif: { hooks } }))
  await writeFile(join(plugin, 'register.js'), 'export default async () => ({ apiVersion: 1 })')
  await promisify(execFile)('npm', ['pack', './plugin'], { cwd: folder })
  const url = `file://${folder}/dbsync-plugin-tiny-1.0.0.tgz`
  const outcome = await dbsync(['plugins', 'install', url], { cwd: folder })
  expect(outcome.code, said(outcome)).toBe(0)
  expect(outcome.stderr).toContain(`warning: ${url} will run with your rights`)
  expect(outcome.stderr.indexOf('warning:')).toBeLessThan(outcome.stderr.indexOf('Installing'))
})
