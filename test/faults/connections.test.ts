import { setTimeout as sleep } from 'node:timers/promises'
import { type ServerClient, startProxy, startServer } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project, type Report } from '../project.ts'

const reportOf = (json: unknown) => (json as { readonly report: Report & { readonly totals: { readonly retries: number } } }).report

test.each(['source', 'target'] as const)('KILL of connections to the %s at random moments: retried, or failed and right after one more run', async (end) => {
  await using work = await project()
  await fill(work, 12)
  const server = work[end].server
  const user = end === 'source' ? work.sourceUser : work.targetUser
  for (const args of [[], ['--full'], []]) {
    const run = work.start('run', '--json', ...args)
    let ended = false
    const end = run.ended.finally(() => {
      ended = true
    })
    let killed = 0
    while (!ended && killed < 3) {
      await sleep(20 + Math.random() * 60)
      killed += await killOne(server, user)
    }
    const outcome = await end
    console.log(args, killed, outcome.code, JSON.stringify(reportOf(outcome.json)?.totals ?? outcome.json), JSON.stringify(reportOf(outcome.json)?.tables?.filter((t) => t.error).map((t) => t.error)))
    expect([0, 1, 3], said(outcome)).toContain(outcome.code)
    if (outcome.code !== 0) await work.sync()
    await work.same()
    await work.at.query("UPDATE t3 SET text = CONCAT(text, 'x') WHERE id % 10 = 0")
  }
})

test.each(['source', 'target'] as const)('the %s restarts in the middle of a run', async (end) => {
  await using own = await startServer({ timeZone: '-05:00' })
  await using other = await project()
  const servers = end === 'source' ? { source: own, target: other.target.server } : { source: other.source.server, target: own }
  await using work = await project({ servers, params: { retry_delay: 1 } })
  await using proxy = await startProxy(work[end].server)
  await slow(work, end, proxy.port)
  await fill(work, 6)
  proxy.setFault({ type: 'delay', milliseconds: 15 })
  const run = work.start('run', '--json')
  await sleep(1500)
  await own.restart()
  const outcome = await run.ended
    console.log(end, outcome.code, JSON.stringify(reportOf(outcome.json)?.totals ?? outcome.json), JSON.stringify(reportOf(outcome.json)?.tables?.filter((t) => t.error).map((t) => t.error)))
  proxy.setFault(undefined)
  await work.sync()
  await work.same()
})

async function slow(work: Project, end: 'source' | 'target', port: number): Promise<void> {
  const { copy } = work.params.targets as { readonly copy: object }
  await work.write('params.json', end === 'source' ? { ...work.params, db_port: port } : { ...work.params, targets: { copy: { ...copy, port } } })
}

async function fill({ at }: Project, tables: number): Promise<void> {
  for (let n = 1; n <= tables; n++) {
    await at.query(`CREATE TABLE t${n} (id INT PRIMARY KEY, text VARCHAR(200), updated_at DATETIME NOT NULL DEFAULT NOW() ON UPDATE NOW())`)
    await at.query(`INSERT INTO t${n} (id, text) SELECT seq, REPEAT('x', seq % 90) FROM seq_1_to_3000`)
  }
}

async function killOne(server: ServerClient, user: string): Promise<number> {
  const rows = await server.query('SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ? ORDER BY RAND() LIMIT 1', [user])
  if (rows[0] === undefined) return 0
  await server.query(`KILL CONNECTION ${rows[0].id}`).catch(() => {})
  return 1
}
