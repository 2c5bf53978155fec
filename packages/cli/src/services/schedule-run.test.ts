import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { SyncError } from '@dbsync/core'
import { expect, test } from 'vitest'
import { alertEvent } from '../jobs/alert-for.ts'
import { readHistory } from '../jobs/history.ts'
import { JOB_LOG_FILE } from '../jobs/job-log.ts'
import { runJob, runMissed } from './schedule-run.ts'
import { type Bench, bench } from './testing.ts'

const COMMAND = 'cat >>alerts.jsonl; echo >>alerts.jsonl'

async function configured(here: Bench, schedules: object, command = COMMAND): Promise<void> {
  await writeFile(join(here.directory, 'sync-config.json'), JSON.stringify({ sync_settings: { backup_before_sync: false }, schedules, alerts: { command } }))
}

const request = (here: Bench) => ({ project: here.flags, full: false, json: true })
const lines = async (here: Bench, file: string) =>
  (await readFile(join(here.directory, file), 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
const log = (here: Bench) => lines(here, JOB_LOG_FILE)
const alerts = (here: Bench) => lines(here, 'alerts.jsonl')

const failing = () => ({
  target: (point: string) => {
    if (point === 'commit') throw new SyncError('NO_ROOM', 'no room for hunter2', { kind: 'data', hint: 'make room' })
  },
})

test('a job that is done is logged, and nobody is told', async () => {
  await using here = await bench()
  await configured(here, { daily: {} })
  const outcome = await runJob(here.host, 'daily', request(here), here.session())
  expect(outcome).toMatchObject({ status: 'ok', exit: 0, alerts: [], result: { command: 'run', outcome: { report: { status: 'ok' } } } })
  expect(await log(here)).toMatchObject([
    { msg: 'job.started', job: 'daily' },
    { msg: 'job.ended', job: 'daily', status: 'ok', exit: 0, summary: 'tables: 1 synced' },
  ])
  expect(await alerts(here)).toEqual([])
})

test('a verify job verifies, and a difference is told', async () => {
  await using here = await bench()
  await configured(here, { daily: {}, 'verify-daily': {} })
  await runJob(here.host, 'daily', request(here), here.session())
  expect(await runJob(here.host, 'verify-daily', request(here), here.session())).toMatchObject({ status: 'ok', exit: 0, result: { command: 'verify' } })
  const rows = here.target.databases.get('shop')?.get('users')?.rows as unknown[]
  rows.pop()
  expect(await runJob(here.host, 'verify-daily', request(here), here.session())).toMatchObject({ status: 'failed', exit: 5 })
  expect(await alerts(here)).toMatchObject([{ job: 'verify-daily', exit: 5, tables: [{ table: 'shop.users', outcome: 'different' }] }])
  expect(await runJob(here.host, 'verify-daily', { ...request(here), full: true }, here.session())).toMatchObject({
    exit: 2,
    failure: { json: { code: 'SCHEDULE_JOB' } },
  })
})

test('a failure is told, without secrets', async () => {
  await using here = await bench(failing())
  await configured(here, { daily: {} })
  const outcome = await runJob(here.host, 'daily', request(here), here.session())
  expect(outcome).toMatchObject({ status: 'failed', exit: 1, alerts: [{ place: 'command', ok: true }] })
  expect(await alerts(here)).toMatchObject([
    { event: 'job.failed', job: 'daily', exit: 1, tables: [{ table: 'shop.users', outcome: 'failed', message: 'no room for ***' }], host: hostname() },
  ])
  expect(await readFile(join(here.directory, JOB_LOG_FILE), 'utf8')).not.toContain('hunter2')
})

test('an alert that fails hides nothing: both are logged, and the exit code stays', async () => {
  await using here = await bench(failing())
  await configured(here, { daily: {} }, 'echo hunter2 >&2; exit 9')
  expect(await runJob(here.host, 'daily', request(here), here.session())).toMatchObject({ status: 'failed', exit: 1, alerts: [{ ok: false }] })
  expect(await log(here)).toMatchObject([
    { msg: 'job.started' },
    { msg: 'job.ended', level: 'error', status: 'failed', exit: 1 },
    { msg: 'alert.failed', level: 'error', detail: 'ended with 9: ***' },
  ])
})

test('a configuration that is broken is told too', async () => {
  await using here = await bench()
  await configured(here, { daily: {} })
  await writeFile(join(here.directory, 'params.json'), '{ broken')
  expect(await runJob(here.host, 'daily', request(here), here.session())).toMatchObject({ exit: 2, failure: { json: { code: 'CONFIG_JSON' } } })
  expect(await alerts(here)).toMatchObject([{ exit: 2, code: 'CONFIG_JSON' }])
})

test('a job that is gone is told, with those that are there', async () => {
  await using here = await bench()
  await configured(here, { daily: {} })
  const { failure } = await runJob(here.host, 'weekly', request(here), here.session())
  expect(failure?.text).toContain('There is no job "weekly"')
  expect(failure?.text).toContain('The jobs are: "daily"')
})

test('being held up is told the second time in a row', async () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8].map((time) => alertEvent('locked', time - 1) !== undefined)).toEqual([false, true, false, true, false, false, false, true])
  await using here = await bench()
  await configured(here, { daily: {} })
  const told: number[] = []
  for (let time = 0; time < 3; time++) {
    const session = here.session()
    session.stop()
    const outcome = await runJob(here.host, 'daily', request(here), session)
    expect(outcome).toMatchObject({ status: 'stopped', exit: 143 })
    told.push(outcome.alerts.length)
  }
  expect(told).toEqual([0, 1, 0])
  expect(await alerts(here)).toMatchObject([{ event: 'job.held-up', exit: 143 }])
  // A job that was done begins the count anew.
  await runJob(here.host, 'daily', request(here), here.session())
  expect((await readHistory(here.directory))('daily')).toMatchObject({ heldUp: 0, lastEnd: { status: 'ok' } })
})

const line = (fields: object) => `${JSON.stringify({ level: 'info', host: hostname(), pid: process.pid, ...fields })}\n`

test('a run that was killed is told by the next one, once', async () => {
  await using here = await bench()
  await configured(here, { daily: {}, hourly: {} })
  await mkdir(join(here.directory, 'logs'))
  const { pid } = spawnSync('true')
  const started = (job: string, id: string, from: number, host = hostname()) =>
    line({ msg: 'job.started', time: '2026-01-01T00:00:00Z', job, id, pid: from, host })
  const runs = [started('daily', 'a', pid), started('daily', 'b', process.pid), started('hourly', 'c', pid, 'elsewhere'), started('other', 'd', pid)]
  await writeFile(join(here.directory, JOB_LOG_FILE), `${runs.join('')}{"msg":"job.star\n`)
  const first = await runJob(here.host, 'daily', request(here), here.session())
  const second = await runJob(here.host, 'daily', request(here), here.session())
  const elsewhere = await runJob(here.host, 'hourly', request(here), here.session())
  expect([first, second, elsewhere].map(({ alerts: told }) => told.length)).toEqual([1, 0, 0])
  expect(await alerts(here)).toMatchObject([{ event: 'job.killed', job: 'daily', message: expect.stringContaining('2026-01-01T00:00:00.000Z never ended') }])
})

test('what was due and did not begin is run; what was never installed is not', async () => {
  await using here = await bench()
  const every = { cron: '* * * * *' }
  await configured(here, { missed: every, begun: every, fresh: every, off: { ...every, enabled: false }, yearly: { cron: '0 0 29 2 *' } })
  await mkdir(join(here.directory, 'logs'))
  const old = '2026-01-01T00:00:00Z'
  const now = new Date().toISOString()
  const later = new Date(Date.now() + 3_600_000).toISOString()
  const entries = [
    line({ msg: 'schedule.installed', time: old, jobs: ['missed', 'begun', 'off'] }),
    line({ msg: 'schedule.installed', time: now, jobs: ['missed'] }),
    line({ msg: 'job.started', time: later, job: 'begun', id: 'x' }),
    line({ msg: 'schedule.installed', time: now, jobs: ['yearly'] }),
  ]
  await writeFile(join(here.directory, JOB_LOG_FILE), entries.join(''))
  const outcomes = await runMissed(here.host, request(here), here.session())
  expect(outcomes.map(({ job, exit }) => [job, exit])).toEqual([['missed', 0]])
})

test('without a log the job runs, and says so', async () => {
  await using here = await bench(failing())
  await configured(here, { daily: {} })
  await writeFile(join(here.directory, 'logs'), 'in the way')
  const outcome = await runJob(here.host, 'daily', request(here), here.session())
  expect(outcome).toMatchObject({ exit: 1, alerts: [{ ok: true }], warnings: [expect.stringContaining('db-backup.log cannot be written')] })
})
