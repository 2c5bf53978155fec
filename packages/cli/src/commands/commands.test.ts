import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

// The program over its sources and without plugins: what oclif does with our commands, flags and errors.
const PROGRAM = `
  import { readFileSync } from 'node:fs'
  import { execute } from '@oclif/core/execute'
  import { settings } from '@oclif/core/settings'
  settings.enableAutoTranspile = false
  const root = process.cwd()
  const pjson = JSON.parse(readFileSync('package.json', 'utf8'))
  pjson.oclif = { ...pjson.oclif, commands: './src/commands', plugins: [] }
  process.chdir(process.env.FOLDER)
  await execute({ args: process.argv.slice(1), loadOptions: { root, pjson, ignoreManifest: true } })
`

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-commands-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function dbsync(...args: readonly string[]) {
  const program = ['--conditions=dbsync-source', '--input-type=module', '-e', PROGRAM, '--', ...args]
  const env = { PATH: process.env['PATH'], HOME: folder, FOLDER: folder }
  const child = spawn(process.execPath, program, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  return { code, stdout, stderr }
}

test('without a configuration: message and next step on stderr, nothing on stdout', async () => {
  const { code, stdout, stderr } = await dbsync('run')
  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^Error: There is no configuration here.*\n {2}Next: .*\n {2}Code: CONFIG_NO_SOURCE\n$/)
})

test('--json: one object on stdout, nothing on stderr', async () => {
  const { code, stdout, stderr } = await dbsync('run', '--json')
  expect(code).toBe(2)
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({ error: { code: 'CONFIG_NO_SOURCE', kind: 'config', message: expect.any(String), hint: expect.any(String), exit: 2 } })
})

test.for([
  [['run', '--bogus'], 'Nonexistent flag: --bogus'],
  [['run', '--full', '--incremental'], 'cannot also be provided'],
  [['run', '--parallel', '0'], 'greater than or equal to 1'],
  [['status', '--max-age', '2y'], '"2y" is not a time such as 90s, 45m, 2h or 1d'],
] as const)('%j exits with 2', async ([args, message]) => {
  const plain = await dbsync(...args)
  expect(plain.code).toBe(2)
  expect(plain.stderr).toContain(message)
  expect(plain.stderr).toContain('See more help with --help')

  const json = await dbsync(...args, '--json')
  expect(json.code).toBe(2)
  expect(JSON.parse(json.stdout)).toEqual({
    error: { code: 'USAGE', kind: 'config', message: expect.stringContaining(message), hint: expect.any(String), exit: 2 },
  })
})

test('a type that no plugin brings', async () => {
  await writeFile(join(folder, 'params.json'), JSON.stringify({ db_host: 'h', db_user: 'u', db_list: 'd', targets: { dw: { type: 'bigquery' } } }))
  const { code, stdout } = await dbsync('config', 'validate', '--json')
  expect(code).toBe(2)
  expect(JSON.parse(stdout).problems).toContainEqual(
    expect.objectContaining({ code: 'CONFIG_TYPE', hint: 'dbsync plugins install @dbsync/plugin-bigquery-target' }),
  )
})

test('targets without plugins', async () => {
  expect(await dbsync('targets')).toMatchObject({ code: 0, stdout: 'No plugin brings a source, a target or a state store.\n' })
  expect(JSON.parse((await dbsync('targets', '--json')).stdout)).toEqual({ installed: [] })
})
