import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Config } from '@oclif/core/config'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadRegistry } from './registry.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-registry-'))
})
afterEach(() => rm(folder, { recursive: true }))

const provider = (type: string) => `{ type: '${type}', summary: 'A test.', options: [], open: async () => ({}) }`

/** A real oclif configuration over plugins whose hook has this body; `installed` ones lie where `plugins install` puts them. */
async function host(bundled: Readonly<Record<string, string>>, installed: Readonly<Record<string, string>> = {}): Promise<Config> {
  const root = join(folder, 'cli')
  const data = join(folder, 'data')
  for (const [name, hook] of Object.entries(bundled)) await plugin(join(root, 'node_modules', name), name, hook)
  for (const [name, hook] of Object.entries(installed)) await plugin(join(data, 'node_modules', name), name, hook)
  await json(join(root, 'package.json'), {
    name: 'cli',
    version: '1.0.0',
    type: 'module',
    dependencies: bundled,
    oclif: { bin: 'dbsync', dirname: 'dbsync', plugins: Object.keys(bundled) },
  })
  await json(join(data, 'package.json'), {
    private: true,
    oclif: { schema: 1, plugins: Object.keys(installed).map((name) => ({ name, type: 'user', tag: 'latest' })) },
  })
  process.env['DBSYNC_DATA_DIR'] = data
  try {
    return await Config.load({ root, userPlugins: true })
  } finally {
    delete process.env['DBSYNC_DATA_DIR']
  }
}

async function plugin(root: string, name: string, hook: string): Promise<void> {
  await json(join(root, 'package.json'), {
    name,
    version: '1.2.3',
    type: 'module',
    exports: './register.js',
    oclif: { hooks: { 'dbsync:register': './register.js' } },
  })
  await writeFile(join(root, 'register.js'), hook)
}

async function json(path: string, value: unknown): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, JSON.stringify(value))
}

const returns = (contribution: string): string => `export default async () => (${contribution})`

test('contributions of bundled and installed plugins, by type', async () => {
  const registry = await loadRegistry(
    await host(
      { one: returns(`{ apiVersion: 1, sources: [${provider('mysql')}], targets: [${provider('mysql')}] }`), other: returns('{ apiVersion: 1 }') },
      { two: returns(`{ apiVersion: 1, targets: [${provider('duckdb')}] }`) },
    ),
  )
  expect([...registry.targets].map(([type, { plugin, version }]) => [type, plugin, version])).toEqual([
    ['duckdb', 'two', '1.2.3'],
    ['mysql', 'one', '1.2.3'],
  ])
  expect([...registry.sources.keys()]).toEqual(['mysql'])
  expect(registry.stateStores.size).toBe(0)
})

test.for([
  ['throws', `export default async () => { throw new Error('no driver') }`, 'no driver'],
  ['gives up in the way of oclif', `export default async function () { this.error('given up', { exit: 1 }) }`, 'given up'],
  ['cannot be imported', `import 'nowhere-to-be-found'; export default async () => ({})`, 'nowhere-to-be-found'],
  ['returns nothing', 'export default async () => {}', 'returned nothing'],
  ['exports no function', 'export const target = 1', 'no hook to call'],
  ['has no version', returns('{ targets: [] }'), 'no apiVersion'],
  ['has no list', returns('{ apiVersion: 1, targets: {} }'), 'targets are not a list'],
  ['has a provider that cannot open', returns(`{ apiVersion: 1, targets: [{ type: 'x', summary: '', options: [] }] }`), 'no open function'],
] as const)('a plugin that %s is an error that names it and the way out', async ([, hook, fault]) => {
  const loading = loadRegistry(await host({}, { broken: hook }))
  await expect(loading).rejects.toMatchObject({ code: 'PLUGIN_FAILED', kind: 'config', hint: 'dbsync plugins uninstall broken' })
  await expect(loading).rejects.toThrow(/^The plugin broken 1\.2\.3 could not register: /)
  await expect(loading).rejects.toThrow(fault)
})

test('all broken plugins are told at once', async () => {
  const broken = `export default async () => { throw new Error('no') }`
  await expect(loadRegistry(await host({}, { a: broken, b: broken }))).rejects.toMatchObject({
    message: 'The plugin a 1.2.3 could not register: no\nThe plugin b 1.2.3 could not register: no',
    hint: 'dbsync plugins uninstall a or dbsync plugins uninstall b',
  })
})

test('a bundled plugin cannot be uninstalled', async () => {
  await expect(loadRegistry(await host({ own: 'export default async () => {}' }))).rejects.toMatchObject({
    hint: 'This plugin comes with dbsync: install dbsync again.',
  })
})

test('another version of the interface', async () => {
  await expect(loadRegistry(await host({}, { old: returns('{ apiVersion: 0 }') }))).rejects.toMatchObject({
    code: 'PLUGIN_API_VERSION',
    message: 'The plugin old 1.2.3 speaks version 0 of the plugin interface; this dbsync speaks 1.',
  })
})

test('the same type twice names both plugins', async () => {
  const target = returns(`{ apiVersion: 1, targets: [${provider('mysql')}] }`)
  const loading = loadRegistry(await host({ own: target }, { theirs: target }))
  await expect(loading).rejects.toMatchObject({
    code: 'PLUGIN_DUPLICATE_TYPE',
    message: 'Two plugins bring a target of the type "mysql": own and theirs.',
    hint: 'dbsync plugins uninstall theirs',
  })
})
