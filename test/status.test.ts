import { setTimeout as sleep } from 'node:timers/promises'
import { quote } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { type Outcome, said } from './dbsync.ts'
import { type Project, project } from './project.ts'

type Status = {
  readonly health: string
  readonly running: readonly { readonly run: string; readonly tables: { readonly total: number }; readonly process: { readonly pid: number } }[]
  readonly runs: readonly { readonly run: string; readonly kind: string; readonly status: string; readonly error?: { readonly code: string } }[]
  readonly failures: readonly string[]
}

async function statusOf(work: Project, exit: number, ...args: readonly string[]): Promise<Status> {
  const outcome = await work.dbsync('status', '--json', ...args)
  expect(outcome.code, said(outcome)).toBe(exit)
  return outcome.json as Status
}

const text = ({ stdout, stderr }: Outcome): string => stdout + stderr

test('what runs is seen from another terminal, what was killed is told, and the next run makes it healthy again', async () => {
  await using work = await project()
  await work.at.query('CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20))')
  await work.at.query('INSERT INTO users SELECT seq, seq FROM seq_1_to_2000')
  expect(text(await work.dbsync('status'))).toContain('Nothing has been synced yet.')
  await work.sync()
  expect(await statusOf(work, 0, '--max-age', '1h')).toMatchObject({ health: 'healthy', running: [], runs: [{ kind: 'run', status: 'ok' }] })
  await sleep(1_100)
  expect(await statusOf(work, 6, '--max-age', '1s')).toMatchObject({ health: 'stale', isStale: true })

  await work.at.query('UPDATE users SET name = 0')
  const { server, database } = work.target
  await using locker = await holding(server, `${quote(database)}.users`)
  const run = work.start('run')
  const [found] = await eventually(async () => {
    const { running } = await statusOf(work, 0)
    return running.some(({ tables }) => tables.total === 1) ? running : undefined
  })
  expect(found?.process.pid).toBe(run.process.pid)
  expect(text(await work.dbsync('status'))).toMatch(/Running now\n {2}incremental run \S+, for .* process \d+ on /)
  run.process.kill('SIGKILL')
  await run.ended
  await locker.release()
  const killed = await statusOf(work, 1)
  expect(killed).toMatchObject({ health: 'failing', running: [], runs: [{ status: 'running', run: found?.run }, { status: 'ok' }] })
  expect(killed.failures.join()).toContain('was killed')
  expect(text(await work.dbsync('status'))).toMatch(/Last runs .*\n.* killed /)
  await work.sync()
  expect(await statusOf(work, 0)).toMatchObject({ health: 'healthy', failures: [] })
})

test('one run whole, as text, as JSON and as a page; a run that could not start is remembered too', async () => {
  await using work = await project()
  await work.at.query('CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20))')
  await work.at.query("INSERT INTO users VALUES (1, 'a <b> & c')")
  const first = await work.dbsync('run', '--report', 'run.html')
  expect(first.code, said(first)).toBe(0)
  expect(await work.read('run.html')).toMatch(/<td>\w+\.users<\/td>/)
  const verified = await work.dbsync('verify')
  expect(verified.code, said(verified)).toBe(0)
  const { runs } = await statusOf(work, 0)
  expect(runs).toMatchObject([
    { kind: 'verify', status: 'equal' },
    { kind: 'run', status: 'ok' },
  ])
  const run = runs[1]?.run ?? ''

  expect(text(await work.dbsync('status', '--run', run))).toContain('all 1 table reached the guarantee')
  expect(text(await work.dbsync('status', '--run', 'latest'))).toContain('all 1 table are equal')
  const whole = await work.dbsync('status', '--run', run, '--json', '--report', 'again.html')
  expect(whole.json, said(whole)).toMatchObject({ run, report: { tables: [{ outcome: 'synced', inserted: 1 }] } })
  expect(await work.read('again.html')).toContain(run)

  for (const [args, code] of [
    [['status', '--run', 'nothing'], 'NO_SUCH_RUN'],
    [['run', '--report', 'no/such/folder/x.html'], 'REPORT_FILE'],
  ] as const) {
    const refused = await work.dbsync(...args, '--json')
    expect([refused.code, refused.json], said(refused)).toMatchObject([2, { error: { code } }])
  }
  await work.write('params.json', { ...work.params, db_port: 1 })
  expect((await work.dbsync('run')).code).toBe(3)
  expect(await statusOf(work, 1)).toMatchObject({ health: 'failing', runs: [{ status: 'failed', error: { kind: 'connection' } }, {}, {}] })
  expect(text(await work.dbsync('status', '--run', 'latest'))).toContain('ended without a report')
})

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 60; tries++) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(200)
  }
  throw new Error('it never came')
}

/** A table that nobody else can write to until it is released. */
async function holding(server: Project['target']['server'], table: string) {
  const connection = await server.connect()
  await connection.query(`LOCK TABLES ${table} WRITE`)
  const release = async () => connection.destroy()
  return { release, [Symbol.asyncDispose]: release }
}
