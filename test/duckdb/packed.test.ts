import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dbsync, said } from '../dbsync.ts'
import { warehouse } from './warehouse.ts'

const exec = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..')

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-duckdb-packed-'))
})
afterAll(async () => await rm(folder, { recursive: true }))

test('the packed plugin, installed from its file with an empty data folder: DuckDB comes from the registry', { timeout: 300_000 }, async ({ skip }) => {
  const npm = async (...args: readonly string[]) => (await exec('npm', args, { cwd: folder })).stdout.trim()
  const reachable = await npm('view', '@duckdb/node-api', 'version', '--fetch-retries=0', '--fetch-timeout=10000').then(
    () => true,
    () => false,
  )
  if (!reachable) skip('the npm registry cannot be reached: the plugin has not been installed')
  await exec(process.execPath, [join(ROOT, 'scripts', 'bundle-plugin.ts'), join(ROOT, 'packages', 'plugin-duckdb-target'), join(folder, 'package')])
  const [packed] = JSON.parse(await npm('pack', '--json', '--pack-destination', folder, join(folder, 'package'))) as readonly { readonly filename: string }[]

  await using work = await warehouse({ link: false })
  const missing = await work.dbsync('run')
  expect(missing.code, said(missing)).toBe(2)
  expect(missing.stderr).toContain('dbsync plugins install @dbsync/plugin-duckdb-target')
  // The user's way to the registry; nothing else of theirs.
  const env = {
    npm_config_userconfig: await npm('config', 'get', 'userconfig'),
    npm_config_cache: await npm('config', 'get', 'cache'),
    ...Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) => (/^(NODE_EXTRA_CA_CERTS|https?_proxy|no_proxy)$/i.test(name) && value ? [[name, value]] : [])),
    ),
  }
  const installed = await dbsync(['plugins', 'install', `file://${join(folder, packed?.filename ?? '')}`], { cwd: work.directory, env })
  expect(installed.code, said(installed)).toBe(0)
  expect(await readdir(join(work.directory, '.home', 'data', 'node_modules', '@dbsync'))).toEqual(['plugin-duckdb-target'])
  await work.sync()
  for (const tenant of work.tenants) expect(await work.copy(tenant)).toEqual(await work.source(tenant))
})
