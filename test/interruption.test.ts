import { setTimeout as sleep } from 'node:timers/promises'
import { type FaultProxy, startProxy } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Project, project } from './project.ts'

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s exits %i, leaves no table half written, and the next run goes on', async (signal, exit) => {
  await using work = await project()
  await using proxy = await slowTarget(work)
  await fill(work)
  const run = work.start('run')
  await started(work)
  run.process.kill(signal)
  const outcome = await run.ended
  expect(outcome.code, said(outcome)).toBe(exit)
  expect(outcome.stderr).toMatch(/stopped|interrupted|cancelled/i)
  proxy.setFault(undefined)
  await work.sync()
  await work.same()
})

test('a second run at the same time exits 4 at once and names what it waits for; the first one finishes', async () => {
  await using work = await project()
  await using proxy = await slowTarget(work)
  await using elsewhere = await project()
  await fill(work)
  const first = work.start('run', '--json')
  await started(work)
  proxy.setFault({ type: 'delay', milliseconds: 500 })
  const second = await work.dbsync('run')
  expect(second.code, said(second)).toBe(4)
  expect(second.stderr).toMatch(/another run|already running|lock/i)
  // Another machine has another state folder, and the same target.
  await elsewhere.write('params.json', work.params)
  await elsewhere.write('.env', await work.read('.env'))
  const third = await elsewhere.dbsync('run', '--json')
  expect(third.code, said(third)).toBe(4)
  proxy.setFault(undefined)
  expect((await first.ended).code).toBe(0)
  await work.same()
})

test('readers of the target see a whole table at every moment of a full run', async () => {
  await using work = await project()
  await fill(work)
  await work.at.query('CREATE TABLE child (id INT PRIMARY KEY, parent INT NOT NULL, FOREIGN KEY (parent) REFERENCES t1 (id))')
  await work.at.query('INSERT INTO child SELECT seq, seq FROM seq_1_to_2000')
  await work.sync()
  await work.at.query('DELETE FROM t2 WHERE id = 1')

  let running = true
  const faults: string[] = []
  let polls = 0
  const reader = (async () => {
    const connection = await work.target.server.connect({ database: work.target.database })
    while (running) {
      for (const [table, least] of Object.entries({ t1: 20_000, t2: 19_999, t3: 20_000, child: 2000 })) {
        const rows = await connection.query(`SELECT COUNT(*) AS n FROM ${table}`).then(
          ([answer]) => Number((answer as { n: unknown }[])[0]?.n),
          (error: unknown) => String(error),
        )
        polls++
        if (typeof rows === 'string' || rows < least) faults.push(`${table}: ${rows}`)
      }
    }
    await connection.end()
  })()
  await work.sync('--full')
  running = false
  await reader
  expect(faults).toEqual([])
  expect(polls).toBeGreaterThan(10)
  await work.same()
})

async function fill({ at }: Project): Promise<void> {
  for (const table of ['t1', 't2', 't3']) {
    await at.query(`CREATE TABLE ${table} (id INT PRIMARY KEY, text VARCHAR(100))`)
    await at.query(`INSERT INTO ${table} SELECT seq, REPEAT('x', seq % 100) FROM seq_1_to_20000`)
  }
}

/** Puts a proxy before the target that makes a run long enough to be interrupted. */
async function slowTarget(work: Project): Promise<FaultProxy> {
  const proxy = await startProxy(work.target.server)
  proxy.setFault({ type: 'delay', milliseconds: 40 })
  const { copy } = work.params.targets as { readonly copy: Record<string, unknown> }
  Object.assign(copy, { port: proxy.port })
  await work.write('params.json', work.params)
  return proxy
}

/** Resolves when a run of the project has begun with its first table. */
async function started(work: Project): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(20)) {
    const log = await work.read('logs/incremental-sync.log').catch(() => '')
    if (log.includes('table.started')) return
  }
  throw new Error('no table was started within 30 s')
}
