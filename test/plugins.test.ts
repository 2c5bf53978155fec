import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Project, project } from './project.ts'

test('a second state store: linked, named in the configuration, used', async () => {
  await using work = await project({ config: { state: { type: 'one-file', path: 'memory.json' } } })
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, updated_at DATETIME NOT NULL)')
  await work.at.query("INSERT INTO t VALUES (1, '2024-01-01')")
  await link(work, 'dbsync-plugin-one-file', ONE_FILE_STORE)
  const targets = await work.dbsync('targets', '--json')
  expect(targets.code, said(targets)).toBe(0)
  await work.sync()
  expect(await readFile(join(work.directory, 'memory.json'), 'utf8')).toContain(work.database)
  await expect(readFile(join(work.directory, 'sync_status', `${work.database}.json`))).rejects.toThrow(/ENOENT/)
  const report = await work.sync()
  expect(report.tables).toMatchObject([{ outcome: 'unchanged', strategy: 'time' }])
})

test.each([
  { name: 'throws', code: "export default async () => { throw new Error('no licence file') }", says: ['no licence file'] },
  { name: 'cannot be loaded', code: "import 'no-such-module'\nexport default async () => ({})", says: ['no-such-module'] },
  { name: 'returns nothing', code: 'export default async () => {}', says: ['returned nothing'] },
  {
    name: 'speaks another version of the interface',
    code: 'export default async () => ({ apiVersion: 99, targets: [] })',
    says: ['99', 'dbsync plugins update'],
  },
  {
    name: 'brings a type that is there already',
    code: "export default async () => ({ apiVersion: 1, targets: [{ type: 'mysql', summary: 'x', options: [], open: async () => { throw new Error('unused') } }] })",
    says: ['"mysql"', '@dbsync/plugin-mysql-target'],
  },
])('a plugin that $name ends the run before it starts, by name, with the way out', async ({ code, says }) => {
  await using work = await project()
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY)')
  await link(work, 'dbsync-plugin-broken', code)
  const outcome = await work.dbsync('run')
  expect(outcome.code, said(outcome)).toBe(2)
  for (const part of ['dbsync-plugin-broken', 'dbsync plugins uninstall dbsync-plugin-broken', ...says]) expect(outcome.stderr).toContain(part)
  expect(await work.target.server.query(`SHOW DATABASES LIKE '${work.target.database}'`)).toEqual([])

  const gone = await work.dbsync('plugins', 'unlink', 'dbsync-plugin-broken')
  expect(gone.code, said(gone)).toBe(0)
  await work.sync()
})

async function link(work: Project, name: string, code: string): Promise<void> {
  const folder = join(work.directory, name)
  await mkdir(join(folder, 'node_modules'), { recursive: true })
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name, version: '1.0.0', type: 'module', files: ['register.js'], oclif: { hooks: { 'dbsync:register': './register.js' } } }),
  )
  await writeFile(join(folder, 'register.js'), code)
  const outcome = await work.dbsync('plugins', 'link', '--no-install', folder)
  expect(outcome.code, said(outcome)).toBe(0)
}

/** The smallest store that keeps the contract, in one file. */
const ONE_FILE_STORE = `
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

const open = async ({ path }, { directory }) => {
  const file = resolve(directory, path)
  const all = () => { try { return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')))) } catch (error) { if (error.code === 'ENOENT') return new Map(); throw error } }
  const save = (entries) => writeFileSync(file, JSON.stringify(Object.fromEntries(entries)))
  return {
    read: async (key) => all().get(key),
    async write(key, value, expected) {
      const entries = all()
      if (entries.get(key)?.revision !== expected) throw new Error('conflict')
      const entry = { key, value, revision: String(Number(expected ?? 0) + 1) }
      save(entries.set(key, entry))
      return entry
    },
    list: async (prefix) => [...all().values()].filter(({ key }) => key.startsWith(prefix)),
    async delete(key) { const entries = all(); entries.delete(key); save(entries) },
    lock: async () => ({ [Symbol.asyncDispose]: async () => {} }),
    [Symbol.asyncDispose]: async () => {},
  }
}

export default async () => ({
  apiVersion: 1,
  stateStores: [{ type: 'one-file', summary: 'Everything in one file.', options: [{ name: 'path', kind: 'string', required: true, description: 'The file.' }], open }],
})
`
