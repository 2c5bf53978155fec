import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findProgram } from './binaries.ts'
import { testPair } from './databases.ts'
import { startServer } from './server.ts'
import { templateFolder } from './template.ts'

test('keeps committed rows over SIGKILL and a restart on the same port', async () => {
  await using server = await startServer()
  await server.query('CREATE DATABASE d')
  await server.query('CREATE TABLE d.t (a INT PRIMARY KEY)')
  await server.query('INSERT INTO d.t VALUES (1)')
  await server.kill('SIGKILL')
  await expect(server.query('SELECT 1')).rejects.toThrow(/ECONNREFUSED/)
  await server.restart()
  expect(await server.query('SELECT a FROM d.t')).toEqual([{ a: 1 }])
})

test('removes its process and its folder when disposed', async () => {
  const server = await startServer()
  await server[Symbol.asyncDispose]()
  expect(isAlive(server.pid)).toBe(false)
  await expect(access(server.directory)).rejects.toThrow(/ENOENT/)
})

test('dies with the process that started it, even on SIGKILL', async () => {
  const module = fileURLToPath(new URL('server.ts', import.meta.url))
  const script = `import { startServer } from ${JSON.stringify(module)}
    const { pid, directory } = await startServer()
    console.log(JSON.stringify({ pid, directory }))
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string]
  const { pid, directory } = JSON.parse(line) as { pid: number; directory: string }
  expect(isAlive(pid)).toBe(true)
  owner.kill('SIGKILL')
  for (let i = 0; i < 100 && (await exists(directory)); i++) await sleep(50)
  expect(isAlive(pid)).toBe(false)
  expect(await exists(directory)).toBe(false)
})

test('two that start at once are two', async () => {
  await using a = await startServer()
  await using b = await startServer({ timeZone: '+03:00', binlog: true, generalLog: true, durable: true })
  expect(a.port).not.toBe(b.port)
  expect(await b.query('SELECT @@time_zone z, @@log_bin l, @@general_log g, @@sync_binlog s')).toEqual([{ z: '+03:00', l: '1', g: '1', s: '1' }])
})

test('the template can be made by several at once', async () => {
  const [before, folder] = [process.env.TMPDIR, await mkdtemp(join(tmpdir(), 'dbsync-template-'))]
  try {
    process.env.TMPDIR = folder
    const mariadbd = await findProgram('mariadbd')
    const made = await Promise.all([1, 2, 3].map(() => templateFolder(mariadbd)))
    expect(new Set(made).size).toBe(1)
    expect(await readdir(join(made[0] ?? '', '..'))).toHaveLength(1)
    await using server = await startServer()
    expect(await server.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    await rm(folder, { recursive: true })
  }
})

test('says what the server said when it cannot start', async () => {
  await expect(startServer({ settings: { no_such_setting: '1' } })).rejects.toThrow(/no_such_setting/)
})

test('a pair is on two servers that are not on UTC, and leaves no database behind', async () => {
  const pair = await testPair()
  expect(await pair.source.query('SELECT @@time_zone z, @@log_bin l')).toEqual([{ z: '-05:00', l: '1' }])
  expect(await pair.target.query('SELECT @@time_zone z, @@log_bin l')).toEqual([{ z: '+09:00', l: '1' }])
  await pair.target.query(`CREATE DATABASE ${pair.database}_copy`)
  const { database, source, target } = pair
  await pair[Symbol.asyncDispose]()
  for (const server of [source, target]) expect(await server.query(`SHOW DATABASES LIKE '${database}%'`)).toEqual([])
  await Promise.all([source.close(), target.close()])
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
