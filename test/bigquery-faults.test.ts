import { setTimeout as sleep } from 'node:timers/promises'
import { type BigQueryFault, bigQueryMissing, startBigQuery, type TestBigQuery } from '@dbsync/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BigQueryProject, bigQueryProject } from './bigquery-project.ts'
import { dbsync, said } from './dbsync.ts'

/** Runs of each kind of fault, among which the requests are shared out: with a hundred, each meets one request at most. And killed runs. */
const TRIALS = Number(process.env.DBSYNC_BIGQUERY_TRIALS ?? 2)
const KILLS = Number(process.env.DBSYNC_BIGQUERY_KILLS ?? 3)

const COLUMNS = { keyed: ['id', 'v', 'note'], stamped: ['id', 'v', 'updated_at'], keyless: ['a', 'b'] }

describe.skipIf(await bigQueryMissing())('a run into BigQuery', { timeout: 3_000_000 }, () => {
  let bigquery: TestBigQuery
  let work: BigQueryProject
  beforeAll(async () => {
    bigquery = await startBigQuery()
    work = await bigQueryProject(bigquery)
    const { at } = work
    await at.query('CREATE TABLE keyed (id INT PRIMARY KEY, v BIGINT, note VARCHAR(40))')
    await at.query('CREATE TABLE stamped (id INT PRIMARY KEY, v INT, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
    await at.query('CREATE TABLE keyless (a INT, b VARCHAR(10))')
    await at.query("INSERT INTO keyed SELECT seq, seq * 7, CONCAT('né ', seq) FROM seq_1_to_200")
    await at.query('INSERT INTO stamped (id, v) SELECT seq, seq FROM seq_1_to_200')
    await at.query("INSERT INTO keyless SELECT seq % 20, 'x' FROM seq_1_to_100")
    await work.sync()
    await work.same(COLUMNS)
  }, 180_000)
  afterAll(async () => {
    await work?.[Symbol.asyncDispose]()
    await bigquery?.[Symbol.asyncDispose]()
  })

  it('asks for no job where the source has not changed, and does not say that it has looked', async () => {
    const { at, proxy, rest, directory } = work
    /** A run, with what its requests were for. */
    const requested = async (...args: readonly string[]) => {
      const from = proxy.requests.length
      const { tables } = await work.sync(...args)
      const requests = proxy.requests.slice(from)
      const jobs = requests.filter(({ path }) => /\/(jobs|queries)\b/.test(path)).map(({ body }) => body)
      return { requests: requests.length, jobs, table: (name: string) => tables.find(({ id }) => id.endsWith(`.${name}`)) }
    }
    await rest.query(`UPDATE \`${bigquery.project}\`.${work.dataset}.keyed SET v = -1 WHERE id = 5`)
    const quiet = await requested()
    expect(quiet.jobs).toEqual([])
    // The dataset, its list of tables, each table, and three for the lock.
    expect(quiet.requests).toBe(2 + 3 + 3)
    for (const name of Object.keys(COLUMNS)) {
      expect(quiet.table(name)).toMatchObject({ outcome: 'unchanged', lookedAt: expect.any(String) })
      expect(quiet.table(name)?.guarantee).toMatchObject({ level: 'exact-except', except: expect.stringContaining('what others did to the copy') })
    }

    await at.query('UPDATE stamped SET v = v + 1 WHERE id = 3')
    const changed = await requested()
    expect(changed.table('stamped')).toMatchObject({ outcome: 'synced', updated: 1 })
    expect(changed.table('stamped')?.lookedAt).toBeUndefined()
    expect(changed.jobs.length).toBeGreaterThan(0)
    expect(changed.jobs.filter((body) => /keyed|keyless/.test(body))).toEqual([])

    // Whoever looks finds what somebody else did.
    expect((await dbsync(['verify', '--json'], { cwd: directory })).code).toBe(5)
    expect((await requested('--reconcile')).table('keyed')).toMatchObject({ outcome: 'synced', updated: 1, guarantee: { level: 'exact' } })
    await work.same(COLUMNS)
  })

  /** Something new in every table, deletes and copies of rows among it. */
  async function change(round: number): Promise<void> {
    const { at } = work
    await at.query(`UPDATE keyed SET v = v + 1, note = IF(id % 3 = 0, NULL, CONCAT('r', ${round})) WHERE id % 7 = ${round % 7}`)
    await at.query(`DELETE FROM keyed WHERE id % 29 = ${round % 29}`)
    await at.query(`INSERT IGNORE INTO keyed SELECT seq, ${round}, 'new' FROM seq_1_to_200 WHERE seq % 13 = ${round % 13}`)
    await at.query(`UPDATE stamped SET v = v + 1 WHERE id % 11 = ${round % 11}`)
    await at.query(`INSERT INTO keyless VALUES (${round}, 'twice'), (${round}, 'twice'), (NULL, NULL)`)
    await at.query(`DELETE FROM keyless WHERE a = ${round % 20} LIMIT 2`)
  }

  /** One run more where the run itself did not get over it, and then all is there, once. */
  async function arrives(args: readonly string[]): Promise<'at once' | 'with the next run'> {
    const outcome = await work.run(...args)
    work.proxy.heal()
    expect(outcome.code, said(outcome)).toBeOneOf([0, 1, 3])
    if (outcome.code !== 0) await work.sync()
    await work.same(COLUMNS)
    return outcome.code === 0 ? 'at once' : 'with the next run'
  }

  const FAULTS: readonly (readonly [string, BigQueryFault])[] = [
    ['every answer is lost', { type: 'lose-answer' }],
    ['every request is refused for a moment by the rate limit', { type: 'refuse', status: 403, reason: 'rateLimitExceeded' }],
    ['every request meets a fault of the server', { type: 'refuse', status: 503, reason: 'backendError' }],
    ['every connection is reset', { type: 'reset' }],
  ]
  // Of each run every TRIALS-th request meets the fault, of the next run those after them: together all of them do.
  it.each(FAULTS)('writes each row once although, over a few runs, %s', async (_, fault) => {
    const hit = new Set<string>()
    for (let trial = 0; trial < TRIALS; trial++) {
      await change(trial + 1)
      const from = work.proxy.requests.length
      const seen = new Set<string>()
      let number = 0
      // The same request sent again is let through.
      work.proxy.add({
        fault,
        times: Number.POSITIVE_INFINITY,
        when: ({ method, path, body }) => {
          const request = `${method} ${path} ${body}`
          if (seen.has(request)) return false
          seen.add(request)
          return number++ % TRIALS === trial
        },
      })
      expect(await arrives(trial % 2 === 0 ? [] : ['--full'])).toBe('at once')
      for (const { fault: met, method, path } of work.proxy.requests.slice(from))
        if (met !== undefined) hit.add(`${method} ${path.replaceAll(/_\w{12,}|dbsync_\w+/g, '…')}`)
    }
    expect([...hit].filter((request) => request.startsWith('POST /upload')).length).toBeGreaterThan(0)
  })

  it('that is killed at any moment is made good by the next one', async () => {
    await change(100)
    const started = performance.now()
    await work.sync('--full')
    const whole = performance.now() - started
    /** How long a run takes at most: of those in full and of the others, one that ended before it was killed says it anew. */
    const lasting = [whole, whole]
    const moments: number[] = []
    let finished = 0
    for (let trial = 0; trial < KILLS; trial++) {
      await change(101 + trial)
      const before = await counts()
      const began = performance.now()
      const run = work.start(...(trial % 2 === 0 ? ['--full'] : []))
      const moment = Math.random() * (lasting[trial % 2] ?? whole)
      moments.push(Math.round(moment))
      await Promise.race([sleep(moment), run.ended])
      run.process.kill('SIGKILL')
      if ((await run.ended).code !== 'SIGKILL') {
        finished++
        lasting[trial % 2] = performance.now() - began
      }
      const rerun = await work.run()
      expect(rerun.code, `killed after ${Math.round(moment)} ms of ${Math.round(whole)}; before ${before}\n${said(rerun)}`).toBe(0)
      await work.same(COLUMNS)
      // Neither staging tables nor locks.
      expect(await ownTables()).toEqual([])
      if ((trial + 1) % 10 === 0)
        process.stdout.write(`${trial + 1} of ${KILLS} killed and made good, at ${moments.slice(-10).join(', ')} ms of ${Math.round(whole)}.\n`)
    }
    process.stdout.write(`Killed after ${moments.join(', ')} ms of ${Math.round(whole)}; ${finished} of ${KILLS} had ended.\n`)
  })

  const counts = async (): Promise<string> =>
    JSON.stringify(await work.rest.query(`SELECT CAST(COUNT(*) AS STRING) FROM \`${bigquery.project}\`.${work.dataset}.keyed`))
  async function ownTables(): Promise<readonly string[]> {
    const list = (await work.rest.request('GET', `/datasets/${work.dataset}/tables?maxResults=1000`))['tables'] as unknown as readonly {
      readonly tableReference: { readonly tableId: string }
    }[]
    return list.map(({ tableReference }) => tableReference.tableId).filter((id) => id.startsWith('_dbsync_') && id !== '_dbsync_usage')
  }
})
