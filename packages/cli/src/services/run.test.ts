import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SyncError } from '@dbsync/core'
import { expect, test } from 'vitest'
import type { PluginHost } from '../registry.ts'
import { runJson, runText } from '../render/run-outcome.ts'
import { run } from './run.ts'
import { status } from './status.ts'
import { bench } from './testing.ts'
import { validate } from './validate.ts'

const rowsOf = (database: { readonly databases: ReadonlyMap<string, ReadonlyMap<string, { readonly rows: readonly unknown[] }>> }) =>
  database.databases.get('shop')?.get('users')?.rows.length

test('a run, its report, and the state that it leaves', async () => {
  await using here = await bench()
  const outcome = await run(here.host, { project: here.flags, dryRun: false, json: true }, here.session())
  expect(outcome).toMatchObject({ kind: 'run', exit: 0, report: { status: 'ok', totals: { inserted: 2 } } })
  expect(rowsOf(here.target)).toBe(2)
  // This target has no backup points, and nobody asked for one.
  expect(outcome).toMatchObject({ report: { backups: [] } })
  expect(outcome.warnings.join()).not.toContain('backup')
  expect(await runText(outcome, new Date())).toContain('shop.users')
  expect(Object.keys(runJson(outcome))).toEqual(['status', 'report', 'notCopied', 'warnings'])

  const found = await status(here.host, { project: here.flags, maxAgeMs: 60_000 }, here.session())
  expect(found).toMatchObject({ isStale: false, status: { databases: [{ name: 'shop', tables: [{ name: 'users', status: 'SUCCESS' }] }] } })
})

test('a dry run writes nothing and shows the statements', async () => {
  await using here = await bench()
  const outcome = await run(here.host, { project: here.flags, dryRun: true, json: true }, here.session())
  expect(outcome).toMatchObject({ kind: 'dry-run', exit: 0 })
  expect(outcome.warnings.join()).not.toContain('backup')
  expect(rowsOf(here.target)).toBeUndefined()
  expect(Object.keys(runJson(outcome))).toEqual(['status', 'plan', 'tables', 'statements', 'backups', 'warnings'])
  expect(await runText(outcome, new Date())).toContain('shop.users: copied in full')
})

test('a table that fails is in the report, and the exit code is 1', async () => {
  await using here = await bench({
    target: (point) => {
      if (point === 'commit') throw new SyncError('NO_ROOM', 'no room for hunter2', { kind: 'data', hint: 'make room' })
    },
  })
  const outcome = await run(here.host, { project: here.flags, dryRun: false, json: true }, here.session())
  expect(outcome).toMatchObject({ exit: 1, report: { status: 'partial', tables: [{ outcome: 'failed', error: { code: 'NO_ROOM' } }] } })
})

test('every event is in the log, secrets are not', async () => {
  await using here = await bench({
    target: (point) => {
      if (point === 'commit') throw new SyncError('LOGIN', 'cannot log in with hunter2', { kind: 'data' })
    },
  })
  const session = here.session()
  await run(here.host, { project: here.flags, dryRun: false, json: true }, session)
  session.log?.close()
  const log = await readFile(join(here.directory, 'logs', 'incremental-sync.log'), 'utf8')
  for (const type of ['run.planned', 'table.started', 'table.finished', 'run.finished']) expect(log).toContain(`"msg":"${type}"`)
  expect(log).toContain('cannot log in with ***')
  expect(log).not.toContain('hunter2')
})

test('a stopped run says so', async () => {
  const held: { stop?: () => void } = {}
  await using here = await bench({ source: (point) => void (point === 'read' && held.stop?.()) })
  const session = here.session()
  held.stop = session.stop
  const outcome = await run(here.host, { project: here.flags, dryRun: false, json: true }, session)
  expect(outcome).toMatchObject({ exit: 143, report: { status: 'cancelled' } })
})

test('what cannot be opened ends the run, and closes what was open', async () => {
  await using here = await bench()
  const session = here.session()
  session.stop()
  await expect(run(here.host, { project: here.flags, dryRun: false, json: true }, session)).rejects.toMatchObject({ kind: 'cancelled' })
  expect(rowsOf(here.target)).toBeUndefined()
})

test('a type that nothing brings is told before anything is opened', async () => {
  await using here = await bench()
  const plugin = { name: 'empty', version: '1.0.0', type: 'core', hooks: {} }
  const host = { getPluginsList: () => [plugin], runHook: async () => ({ successes: [], failures: [] }) }
  await expect(run(host, { project: here.flags, dryRun: false, json: true }, here.session())).rejects.toMatchObject({ code: 'CONFIG_TYPE', kind: 'config' })
  const { valid, problems } = await validate(host, here.flags)
  expect(valid).toBe(false)
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining('no source of the type "mysql" is installed'),
    expect.stringContaining('no target of the type "memory" is installed'),
    expect.stringContaining('no state store of the type "memory" is installed'),
  ])
})

test('a sound configuration', async () => {
  await using here = await bench()
  expect(await validate(here.host, here.flags)).toMatchObject({ valid: true, problems: [] })
})

test('an end that cannot be opened is named: its plugin cannot know which one it is', async () => {
  await using here = await bench()
  const refusing = { ...here.host, runHook: async () => withTarget(await here.host.runHook('dbsync:register', {}, 0, true)) }
  await expect(run(refusing, { project: here.flags, dryRun: false, json: true }, here.session())).rejects.toMatchObject({
    code: 'LOGIN',
    kind: 'connection',
    message: 'The target copy cannot be opened. Access denied.',
    hint: 'Check the password.',
  })
})

function withTarget(result: Awaited<ReturnType<PluginHost['runHook']>>): typeof result {
  const open = async () => {
    throw new SyncError('LOGIN', 'Access denied.', { kind: 'connection', hint: 'Check the password.' })
  }
  const targets = [{ type: 'memory', summary: '', options: [], open }]
  return { ...result, successes: result.successes.map(({ plugin, result: contribution }) => ({ plugin, result: { ...(contribution as object), targets } })) }
}
