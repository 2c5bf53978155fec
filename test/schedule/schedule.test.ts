import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { dbsync, said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'
import { privateCrontab } from './private-crontab.ts'

const KEY = 'a-key-nobody-knows'

async function receiver() {
  const received: { readonly body: string; readonly timestamp: string; readonly signature: string }[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const header = (name: string) => String(request.headers[name])
    received.push({ body: await text(request), timestamp: header('x-dbsync-timestamp'), signature: header('x-dbsync-signature') })
    response.writeHead(204).end()
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received, [Symbol.asyncDispose]: async () => void server.close() }
}

const QUIET = { backup_before_sync: false, verify_after_sync: false }

async function withAlerts(url: string): Promise<Project> {
  const work = await project({
    config: {
      sync_settings: QUIET,
      schedules: { daily: {}, 'full-weekly': {}, 'verify-daily': {} },
      alerts: { webhooks: [{ url: 'env:HOOK', secret: 'env:HOOK_KEY' }] },
    },
  })
  await work.write('.env', `${await work.read('.env')}HOOK=${url}\nHOOK_KEY=${KEY}\n`)
  await work.at.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)')
  await work.at.query('INSERT INTO t VALUES (1, 1), (2, 2)')
  return work
}

test('a job by hand, by the timer, held up by a lock, and with a wrong password', async () => {
  await using hook = await receiver()
  await using work = await withAlerts(hook.url)

  const first = await work.dbsync('schedule', 'run', 'daily', '--json')
  expect(first.code, said(first)).toBe(0)
  expect(first.json).toMatchObject({ job: 'daily', status: 'ok', result: { status: 'ok' }, alerts: [] })
  await work.same()

  const quiet = await work.dbsync('schedule', 'run', '--quiet', '--', 'full-weekly')
  expect(quiet).toMatchObject({ code: 0, stdout: '', stderr: '' })
  expect((await work.dbsync('schedule', 'run', 'verify-daily', '--quiet')).code).toBe(0)

  {
    const holder = await work.target.server.connect()
    await holder.query(`SELECT GET_LOCK(CONCAT('dbsync-run:', SHA1('${work.target.database}')), 1)`)
    for (const told of [0, 1]) {
      const held = await work.dbsync('schedule', 'run', 'daily', '--quiet')
      expect(held.code, said(held)).toBe(4)
      expect(held.stderr).toContain('RUN_LOCKED')
      expect(hook.received).toHaveLength(told)
    }
    expect(JSON.parse(hook.received[0]?.body ?? '')).toMatchObject({ event: 'job.held-up', job: 'daily', exit: 4 })
    holder.destroy()
  }

  await work.write('.env', (await work.read('.env')).replace(/SOURCE_PASSWORD=.*/, 'SOURCE_PASSWORD=wrong-password'))
  const failed = await work.dbsync('schedule', 'run', 'daily')
  expect(failed.code, said(failed)).toBe(3)
  expect(failed.stdout).toMatch(/The job "daily" ended with exit code 3.*\n\nAlerts\n {2}sent {2}webhook 1 \(127\.0\.0\.1:\d+\): answered 204/s)
  const { body, timestamp, signature } = hook.received[1] ?? { body: '', timestamp: '', signature: '' }
  expect(signature).toBe(`sha256=${createHmac('sha256', KEY).update(`${timestamp}.${body}`).digest('hex')}`)
  expect(JSON.parse(body)).toMatchObject({
    v: 1,
    event: 'job.failed',
    job: 'daily',
    exit: 3,
    directory: work.directory,
    message: expect.stringContaining('source'),
  })

  const log = await work.read('logs/db-backup.log')
  expect(
    log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toContainEqual(expect.objectContaining({ msg: 'job.ended', job: 'daily', status: 'failed', exit: 3 }))
  for (const secret of ['wrong-password', work.password, KEY, hook.url]) expect(log + body + failed.stdout + failed.stderr).not.toContain(secret)
})

test('doctor --alert-test tells every place, and says what each answered', async () => {
  await using hook = await receiver()
  await using work = await withAlerts(hook.url)
  const good = await work.dbsync('doctor', '--alert-test')
  expect(good.code, said(good)).toBe(0)
  expect(JSON.parse(hook.received[0]?.body ?? '')).toMatchObject({ event: 'test' })
  await work.write('sync-config.json', { alerts: { webhooks: [{ url: 'env:HOOK' }, { url: 'env:NOT_SET' }], command: 'exit 3' } })
  const bad = await work.dbsync('doctor', '--alert-test')
  expect(bad.code).toBe(1)
  expect(bad.stdout).toMatch(/sent {2}webhook 1 .*204\n {2}failed {2}webhook 2: .*"NOT_SET", which is not set\.\n {2}failed {2}command: ended with 3\n/)
  await work.write('sync-config.json', { alerts: { webhooks: 'x' } })
  expect((await work.dbsync('doctor', '--alert-test')).code).toBe(2)
  await work.write('sync-config.json', {})
  expect(await work.dbsync('doctor', '--alert-test')).toMatchObject({ code: 1, stdout: expect.stringContaining('No alert is configured') })
  expect(await work.dbsync('doctor')).toMatchObject({ code: 0, stdout: expect.stringContaining('--alert-test') })
})

const HOSTILE = `50% 'off' \\ $HOME "x"`
const PARAMS = { db_host: 'h', db_user: 'u', db_pass: 'env:SOURCE_PASSWORD', db_list: 'd', targets: { copy: { type: 'mysql', host: 't', user: 'u' } } }

test('install, show and remove keep to their own part of the crontab', async () => {
  await using stack = new AsyncDisposableStack()
  const parent = await mkdtemp(join(tmpdir(), 'dbsync-schedule-'))
  stack.defer(() => rm(parent, { recursive: true }))
  const crontab = await privateCrontab(parent)
  const folder = join(parent, `my ${HOSTILE}`)
  await mkdir(folder)
  const configure = (schedules: object) => writeFile(join(folder, 'sync-config.json'), JSON.stringify({ schedules }))
  await writeFile(join(folder, 'params.json'), JSON.stringify(PARAMS))
  const env = { PATH: `${crontab.bin}:${process.env.PATH}`, SOURCE_PASSWORD: 'hunter2' }
  const schedule = (...args: readonly string[]) => dbsync(['schedule', ...args], { cwd: folder, env })

  // In no encoding that we know, with blanks and half a mark of another project.
  const others = Buffer.concat([Buffer.from('# gr\xfc\xdfe\nMAILTO=me\n\n0 1 * * *  other \\% x\t\n', 'latin1'), Buffer.from('# <<< dbsync 000000000000\n')])
  crontab.write(others)
  await configure({ daily: {}, [HOSTILE]: { cron: '30 4 1,15 * mon' }, off: { cron: '0 0 * * *', enabled: false } })

  const printed = await schedule('install', '--print', '--with', 'cron')
  expect(printed.code, said(printed)).toBe(0)
  expect(crontab.read()).toEqual(others)
  const installed = await schedule('install', '--with', 'cron')
  expect(installed.code, said(installed)).toBe(0)
  expect(installed.stdout).toContain('Installed in the crontab of')
  expect(installed.stderr).toContain('SOURCE_PASSWORD. Put them into .env')
  expect(crontab.read()?.toString('latin1')).toBe(others.toString('latin1') + Buffer.from(printed.stdout).toString('latin1'))
  expect(printed.stdout).not.toContain('hunter2')

  expect((await schedule('install')).stdout).toContain('Already installed')
  expect((await schedule('show', '--json')).json).toMatchObject({
    scheduler: 'cron',
    drift: false,
    jobs: [
      { name: 'daily', installed: 'yes', next: expect.stringMatching(/T\d\d:00:00\.000Z$/), last: null },
      { name: HOSTILE, installed: 'yes' },
      { name: 'off', installed: 'no', next: null },
    ],
  })

  // The job of the timer, as cron would start it.
  const command = (printed.stdout.split('\n').find((line) => line.endsWith('-- daily')) ?? '').replace('0 2 * * * ', '').replaceAll('\\%', '%')
  const started = spawnSync('/bin/sh', ['-c', command], { cwd: '/', env: { PATH: '/usr/bin:/bin', HOME: parent }, encoding: 'utf8' })
  expect(started.stderr).toContain('SOURCE_PASSWORD')
  expect(started.status).toBe(2)
  expect(await readFile(join(folder, 'logs/db-backup.log'), 'utf8')).toContain('"job":"daily","id"')

  await configure({ daily: { cron: '0 3 * * *' }, off: { cron: '0 0 * * *', enabled: false } })
  const drifted = await schedule('show')
  expect(drifted.stdout).toMatch(/daily .*yes, but differs .*: failed \(exit 2\)/)
  expect(drifted.stdout).toContain('Installed, but not configured:')
  expect(drifted.stdout).toContain('Next: dbsync schedule install')
  await schedule('install')
  expect((await schedule('show', '--json')).json).toMatchObject({ drift: false, notConfigured: [] })

  expect((await schedule('remove')).stdout).toContain('Taken away from the crontab of')
  expect(crontab.read()).toEqual(others)

  await schedule('install')
  crontab.write(Buffer.from((crontab.read()?.toString('latin1') ?? '').replace(/# >>> .*\n/, ''), 'latin1'))
  const damaged = crontab.read()
  for (const refused of await Promise.all([schedule('install'), schedule('remove'), schedule('show')])) {
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('SCHEDULE_DAMAGED')
  }
  expect(crontab.read()).toEqual(damaged)
})

test('a crontab of nothing else is gone again; a crontab that cannot be read is left alone', async () => {
  await using stack = new AsyncDisposableStack()
  const parent = await mkdtemp(join(tmpdir(), 'dbsync-schedule-'))
  stack.defer(() => rm(parent, { recursive: true }))
  const crontab = await privateCrontab(parent)
  await writeFile(join(parent, 'params.json'), JSON.stringify(PARAMS))
  await writeFile(join(parent, 'sync-config.json'), JSON.stringify({ schedules: { hourly: {} } }))
  const env = { PATH: `${crontab.bin}:${process.env.PATH}` }
  const schedule = (...args: readonly string[]) => dbsync(['schedule', ...args], { cwd: parent, env })
  expect((await schedule('install', '--with', 'cron')).code).toBe(0)
  expect(crontab.read()?.toString()).toContain('schedule run --quiet -- hourly')
  await schedule('remove')
  expect(crontab.read()).toBeUndefined()

  await writeFile(join(crontab.bin, 'crontab'), '#!/bin/sh\necho "You (me) are not allowed to use this program" >&2; exit 1\n')
  const refused = await schedule('install', '--with', 'cron')
  expect(refused.code).toBe(2)
  expect(refused.stderr).toMatch(/The crontab could not be read: You \(me\) are not allowed[\s\S]*SCHEDULE_CRONTAB/)
})

test('without cron and systemd the entries can still be printed', async () => {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'dbsync-schedule-'))
  stack.defer(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'params.json'), JSON.stringify(PARAMS))
  await writeFile(join(folder, 'sync-config.json'), JSON.stringify({ schedules: { daily: {}, hourly: {} } }))
  const schedule = (...args: readonly string[]) => dbsync(['schedule', ...args], { cwd: folder, env: { PATH: '/nonexistent' } })
  const [installed, units, printed] = await Promise.all([
    schedule('install', '--with', 'cron'),
    schedule('install', '--print', '--with', 'systemd-system'),
    schedule('install', '--print'),
  ])
  expect(installed).toMatchObject({ code: 2, stderr: expect.stringContaining('SCHEDULE_PROGRAM') })
  expect(units.stdout.match(/^# .*\/dbsync-.*\.(service|timer)$/gm)).toHaveLength(4)
  expect(printed.code).toBe(0)
  await writeFile(join(folder, 'sync-config.json'), '{}')
  expect(await schedule('install', '--print')).toMatchObject({ code: 2, stderr: expect.stringContaining('No job is configured') })
})
