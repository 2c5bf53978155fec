import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { failure, folder, load, PARAMS } from './load.harness.ts'
import { loadAlerts } from './load-alerts.ts'

const withJobs = (schedules: object) => ({ 'params.json': PARAMS, 'sync-config.json': { schedules } })
const signal = AbortSignal.timeout(20_000)

describe('schedules', () => {
  it('presets need no more than {}', async () => {
    const { config, warnings } = await load(withJobs({ hourly: {}, daily: {}, 'verify-daily': {}, 'full-weekly': {} }))
    const all = { databases: [], tables: [], targets: [], enabled: true }
    expect(config.schedules).toEqual([
      { name: 'hourly', cron: '0 * * * *', command: 'run', mode: 'incremental', ...all },
      { name: 'daily', cron: '0 2 * * *', command: 'run', mode: 'incremental', ...all },
      { name: 'verify-daily', cron: '0 4 * * *', command: 'verify', mode: undefined, ...all },
      { name: 'full-weekly', cron: '0 1 * * 0', command: 'run', mode: 'full', ...all },
    ])
    expect(warnings).toEqual([])
  })

  it('any key wins over the preset, and a job of one’s own has them all', async () => {
    const own = { cron: ' 5  3 * * * ', mode: 'reconcile', databases: 'shop', tables: ['a', 'b'], targets: ['copy'], enabled: 'no' }
    const { config, sources } = await load(withJobs({ daily: { cron: '30 3 * * *', mode: 'full' }, constructor: own }))
    expect(config.schedules[0]).toMatchObject({ cron: '30 3 * * *', mode: 'full', command: 'run' })
    expect(config.schedules[1]).toEqual({ ...own, name: 'constructor', cron: '5 3 * * *', command: 'run', databases: ['shop'], enabled: false })
    expect(sources['schedules.daily']).toBe('sync-config.json line 3')
  })

  it.each([
    ['without a time', { own: {} }, '`schedules.own` in sync-config.json line 3 has no `cron`'],
    ['with a wrong time', { daily: { cron: '61 * * * *' } }, '`schedules.daily` in sync-config.json line 3 has "61" for the minute'],
    ['for a target that is not there', { daily: { targets: ['nope'] } }, 'names a target that is not configured: `nope`'],
    ['with a line end in its name', { 'a\nb': { cron: '* * * * *' } }, 'is no name for a job'],
    ['without a name', { '': { cron: '* * * * *' } }, 'is no name for a job'],
  ])('a job %s is an error that names it', async (_, schedules, message) => {
    expect((await failure(withJobs(schedules))).message).toContain(message)
  })

  it('a mode does nothing for verify', async () => {
    expect((await load(withJobs({ 'verify-daily': { mode: 'full' } }))).warnings).toEqual([expect.stringContaining('does nothing for verify')])
  })
})

describe('alerts', () => {
  const webhooks = [
    { url: 'env:HOOK', secret: 'file:key' },
    { url: 'https://hooks.example/T0/hunter2', format: 'slack', secret: 'cmd:echo hunter2' },
  ]
  const files = { 'params.json': PARAMS, 'scripts/sync-config.json': { alerts: { webhooks, command: 'notify' } } }

  it('start at the folder of their file, and stay references', async () => {
    const loaded = await load(files)
    const key = `file:${join(folder, 'scripts/key')}`
    const expected = {
      webhooks: [
        { url: 'env:HOOK', format: 'json', secret: key },
        { url: 'https://hooks.example/T0/hunter2', format: 'slack', secret: 'cmd:echo hunter2' },
      ],
      command: 'notify',
      directory: join(folder, 'scripts'),
    }
    expect(loaded.config.alerts).toEqual(expected)
    // A webhook's secret that is missing must not stop a run.
    expect((await loaded.resolve({ signal })).alerts).toEqual(expected)
    expect(loaded.unsetVariables()).toEqual(['HOOK'])
  })

  it('are masked: the address of a webhook is a secret too', async () => {
    const loaded = await load(files)
    expect(loaded.masked().alerts.webhooks).toEqual([
      { url: 'env:HOOK', format: 'json', secret: `file:${join(folder, 'scripts/key')}` },
      { url: '***', format: 'slack', secret: 'cmd:***' },
    ])
  })

  it('can be had where the rest of the configuration is broken', async () => {
    await failure({ ...files, 'scripts/key': 'k1\n', 'params.json': '{ broken' })
    const { alerts, problems, secret } = await loadAlerts({ cwd: folder, env: { HOOK: 'http://h' } })
    expect(problems).toEqual([])
    expect(alerts.webhooks).toHaveLength(2)
    expect(await secret(alerts.webhooks[0]?.url ?? '', 'alerts.webhooks.0.url', signal)).toBe('http://h')
    expect(await secret(alerts.webhooks[0]?.secret ?? '', 'alerts.webhooks.0.secret', signal)).toBe('k1')
    await expect(secret('env:NOPE', 'alerts.webhooks.0.url', signal)).rejects.toMatchObject({
      code: 'CONFIG_SECRET',
      message: '`alerts.webhooks.0.url` (scripts/sync-config.json line 5) refers to the variable "NOPE", which is not set.',
    })
  })

  it('what is wrong with them is a problem, and the others still count', async () => {
    await failure({ 'params.json': PARAMS, 'sync-config.json': { alerts: { webhooks: [{ url: 5 }, { url: 'http://h' }] } } })
    const { alerts, problems } = await loadAlerts({ cwd: folder, env: {} })
    expect(alerts.webhooks.map(({ url }) => url)).toEqual(['http://h'])
    expect(problems).toEqual([expect.objectContaining({ severity: 'error', message: expect.stringContaining('must be text') })])
  })
})
