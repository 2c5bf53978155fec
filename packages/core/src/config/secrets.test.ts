import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from './config.ts'
import { type LoadedConfig, loadConfig } from './load.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-secrets-'))
  await writeFile(join(folder, 'pw'), 'from file\n')
  await writeFile(join(folder, 'empty'), '\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function load(password: string, extra: Record<string, unknown> = {}, env: Record<string, string> = {}): Promise<LoadedConfig> {
  const targets = { copy: { type: 'other', host: 't', ...extra } }
  await writeFile(join(folder, 'params.json'), JSON.stringify({ db_host: 'h', db_user: 'u', db_list: 'd', db_pass: password, targets }))
  return loadConfig({ cwd: folder, env, flags: {} })
}

const signal = AbortSignal.timeout(20_000)
const resolved = async (...input: Parameters<typeof load>): Promise<Config> => (await load(...input)).resolve({ signal })

describe('references', () => {
  it.each([
    ['env:SECRET', 'from env'],
    ['file:pw', 'from file'],
    ['cmd:printf "from %s" cmd', 'from cmd'],
    ['cmd:echo line', 'line'],
    ['just text', 'just text'],
  ])('%j is %j', async (password, expected) => {
    const config = await resolved(password, {}, { SECRET: 'from env' })
    expect(config.source.options.password).toBe(expected)
  })

  it('are not followed in a value that was fetched', async () => {
    expect((await resolved('env:A', {}, { A: 'env:B', B: 'x' })).source.options.password).toBe('env:B')
  })

  it('work in targets, nested too, and in options that a plugin declares as secret', async () => {
    const loaded = await load('x', { auth: { token: 'env:T' }, key: 'file:pw', path: 'file:db.sqlite' }, { T: 't' })
    const config = await loaded.resolve({ signal, declared: (role, type) => (role === 'target' && type === 'other' ? ['key'] : []) })
    expect(config.targets[0]?.options).toEqual({ host: 't', auth: { token: 't' }, key: 'from file', path: 'file:db.sqlite' })
  })

  it('are fetched late: loading runs nothing', async () => {
    const { config } = await load('cmd:exit 1')
    expect(config.source.options.password).toBe('cmd:exit 1')
  })

  it.each([
    ['env:NOT_SET', '`source.options.password` (params.json line 1) refers to the variable "NOT_SET", which is not set.'],
    ['file:nope', 'cannot be read (ENOENT)'],
    ['file:empty', 'is empty'],
    ['cmd:echo hunter2; exit 3', '`source.options.password` (params.json line 1): its command ended with 3.'],
    ['cmd:no-such-program-hunter2', 'ended with 127'],
    ['cmd:yes hunter2', 'its command'],
  ])('%j that cannot be had is an error without the secret', async (password, message) => {
    const error = await resolved(password).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'CONFIG_SECRET', kind: 'config', message: expect.stringContaining(message) })
    expect(String(error) + JSON.stringify(error)).not.toContain('hunter2')
  })

  it('stop a command that hangs when the run is stopped', async () => {
    const loaded = await load('cmd:sleep 60')
    const started = performance.now()
    const error = await loaded.resolve({ signal: AbortSignal.timeout(200) }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ kind: 'cancelled' })
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('what may be shown', () => {
  it('hides secrets and keeps references readable', async () => {
    const loaded = await load('hunter2', {
      password: 'cmd:echo hunter2',
      token: 'env:T',
      pin: 1234,
      auth: { private_key: 'hunter2' },
      url: 'x://me:hunter2@@h/d',
      credentials: { a: { b: 'hunter2' } },
    })
    const masked = loaded.masked(() => ['pin'])
    expect(masked.source.options).toMatchObject({ host: 'h', password: '***' })
    expect(masked.targets[0]?.options).toEqual({
      host: 't',
      password: 'cmd:***',
      token: 'env:T',
      pin: '***',
      auth: { private_key: '***' },
      url: 'x://me:***@h/d',
      credentials: { a: { b: '***' } },
    })
    expect(JSON.stringify([masked, loaded.warnings, loaded.sources])).not.toContain('hunter2')
  })
})
