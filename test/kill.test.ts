import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DatabaseOf, fingerprint, pairAddress, serverClient, startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Project, project } from './project.ts'

/** Killed runs of each kind. */
const TRIALS = Number(process.env.DBSYNC_KILL_TRIALS ?? 16)
/** Each of these is changed by one commit. */
const TABLES = ['parent', 'child', 'stamped', 'shrinking', 'keyless', 'swap']

let target: TestServer

beforeAll(async () => {
  target = await startServer({ timeZone: '+09:00', durable: true, settings: { general_log: '1', log_output: 'FILE', general_log_file: 'statements.log' } })
})

afterAll(() => target[Symbol.asyncDispose]())

test.each([
  { kind: 'full', args: ['--full'] },
  { kind: 'incremental', args: [] },
])(
  'a $kind run that is killed leaves each table old or new, and one more run makes all equal',
  { timeout: 60_000 + TRIALS * 10_000 },
  async ({ kind, args }) => {
    await using work = await project({ servers: { source: serverClient((await pairAddress()).source), target } })
    await fill(work)
    await work.sync()
    await change(work, 0)
    const moments = await momentsOf(work, args)

    const histogram = new Map<string, number>()
    for (let trial = 1; trial <= TRIALS; trial++) {
      await change(work, trial)
      const before = await tables(work.target)
      const after = await tables(work.source)
      using log = statementLog(target, work.targetUser)
      const run = work.start('run', '--json', ...args)
      let ended = false
      const end = run.ended.finally(() => {
        ended = true
      })
      const moment = moments(trial)
      while (!ended && !(await moment.reached(log.read()))) await sleep(1)
      if (trial % 2 === 0) await sleep(Math.random() * 5)
      run.process.kill('SIGKILL')
      const phase = (await end).code === 'SIGKILL' ? moment.phase : 'had finished'
      histogram.set(phase, (histogram.get(phase) ?? 0) + 1)

      for (const [table, now] of await tables(work.target)) expect([before.get(table), after.get(table)], `${table}, killed when ${phase}`).toContain(now)
      const rerun = await work.dbsync('run', '--json')
      expect(rerun.code, `killed when ${phase}\n${said(rerun)}`).toBe(0)
      await work.same()
      expect(await target.query(`SHOW TABLES FROM ${work.target.database} LIKE '%dbsync%'`)).toEqual([])
    }
    const lines = [...histogram].map(([phase, count]) => `${String(count).padStart(4)}  ${phase}`)
    process.stdout.write(`Moments of ${TRIALS} kills (${kind}):\n${lines.join('\n')}\n`)
    expect(histogram.get('had finished') ?? 0).toBeLessThan(TRIALS / 3)
  },
)

test('a target server that is killed in the middle of a run costs nothing either', { timeout: 120_000 }, async () => {
  await using work = await project({ servers: { source: serverClient((await pairAddress()).source), target } })
  await fill(work)
  await work.sync()
  for (const moment of [0.3, 0.6, 0.9]) {
    await change(work, moment * 10)
    using seen = statementLog(target, work.targetUser)
    const run = work.start('run', '--json', '--full')
    let ended = false
    const end = run.ended.finally(() => {
      ended = true
    })
    while (!ended && seen.read().length < moment * 80) await sleep(1)
    await target.restart()
    expect([0, 1, 3]).toContain((await end).code)
    const rerun = await work.dbsync('run', '--json')
    expect(rerun.code, said(rerun)).toBe(0)
    await work.same()
  }
})

async function fill({ at }: Project): Promise<void> {
  await at.query("SET time_zone = '-05:00'")
  await at.query('CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL)')
  await at.query('CREATE TABLE child (id INT PRIMARY KEY, parent INT NOT NULL, text VARCHAR(200), FOREIGN KEY (parent) REFERENCES parent (id))')
  await at.query('CREATE TABLE stamped (id INT PRIMARY KEY, v INT, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
  // Time shows no deletes: they are found by counting, and must arrive with the rest all the same.
  await at.query('CREATE TABLE shrinking LIKE stamped')
  await at.query('CREATE TABLE keyless (a INT, b INT)')
  await at.query('CREATE TABLE swap (id INT PRIMARY KEY, u INT NOT NULL UNIQUE)')
  await at.query('INSERT INTO parent SELECT seq, MD5(seq) FROM seq_1_to_500')
  await at.query("INSERT INTO child SELECT seq, 1 + seq % 500, REPEAT('x', seq % 200) FROM seq_1_to_3000")
  await at.query('INSERT INTO stamped (id, v) SELECT seq, seq FROM seq_1_to_3000')
  await at.query('INSERT INTO shrinking (id, v) SELECT seq, seq FROM seq_1_to_1000')
  await at.query('INSERT INTO keyless SELECT seq % 100, seq % 7 FROM seq_1_to_2000')
  await at.query('INSERT INTO swap SELECT seq, seq FROM seq_1_to_1000')
}

/** Something new in every table, deletes among it. */
async function change({ at }: Project, round: number): Promise<void> {
  const n = Math.round(round)
  await at.query(`INSERT INTO parent VALUES (${10_000 + n}, 'new')`)
  await at.query(`DELETE FROM child WHERE id % 97 = ${n % 97}`)
  // Enough must stay for a hundred rounds and more: a guard stops a run that would delete a fifth of a table.
  await at.query(`INSERT IGNORE INTO child SELECT seq, 1 + seq % 500, 'back' FROM seq_1_to_3000 WHERE seq % 97 = ${(n + 87) % 97}`)
  await at.query(`INSERT INTO child VALUES (${20_000 + n}, ${10_000 + n}, 'new')`)
  await at.query(`UPDATE stamped SET v = v + 1 WHERE id % 50 = ${n % 50}`)
  await at.query(`INSERT INTO stamped (id, v) VALUES (${20_000 + n}, 0)`)
  await at.query(`DELETE FROM shrinking WHERE id % 401 = ${n % 401}`)
  await at.query(`UPDATE shrinking SET v = v + 1 WHERE id % 50 = ${n % 50}`)
  await at.query(`DELETE FROM keyless WHERE a = ${n % 100} LIMIT 2`)
  await at.query('INSERT INTO keyless VALUES (5, 5), (5, 5)')
  await at.query('UPDATE swap SET u = u + 1 ORDER BY u DESC')
}

const tables = async ({ server, database }: DatabaseOf): Promise<Map<string, string>> =>
  new Map(await Promise.all(TABLES.map(async (table) => [table, (await fingerprint(server, database, table)).sha256] as const)))

type Moment = { readonly phase: string; reached(statements: readonly string[]): boolean | Promise<boolean> }

/** Where to kill the n-th run: each phase in turn, and in it now an early, now a late statement of those that an undisturbed run has. */
async function momentsOf(work: Project, args: readonly string[]): Promise<(trial: number) => Moment> {
  using log = statementLog(target, work.targetUser)
  await work.sync(...args)
  const counts = new Map<string, number>()
  for (const statement of log.read()) counts.set(phaseOf(statement), (counts.get(phaseOf(statement)) ?? 0) + 1)
  expect(counts.size).toBeGreaterThan(5)
  const phases = ['starting', ...counts.keys(), 'recording what was done']
  return (trial) => {
    const phase = phases[trial % phases.length] ?? ''
    const count = counts.get(phase) ?? 0
    const wanted = 1 + ((trial * 7) % Math.max(1, count))
    if (phase === 'starting') return { phase, reached: () => sleep(20 * trial, true) }
    if (phase === 'recording what was done') return { phase, reached: async () => (await finished(work)) >= TABLES.length }
    return { phase, reached: (statements) => statements.filter((statement) => phaseOf(statement) === phase).length >= wanted }
  }
}

/** How many tables the run at work has finished. */
async function finished(work: Project): Promise<number> {
  const log = await work.read('logs/incremental-sync.log')
  return log.slice(log.lastIndexOf('"run.planned"')).split('"table.finished"').length - 1
}

/** The part of a run that a statement at the target belongs to. */
const phaseOf = (statement: string): string => PHASES.find(([pattern]) => pattern.test(statement))?.[1] ?? 'another statement'

const PHASES: readonly (readonly [RegExp, string])[] = [
  [/GET_LOCK/i, 'taking a lock'],
  [/RELEASE_LOCK/i, 'giving a lock back'],
  [/^CREATE/i, 'making a staging table'],
  [/^INSERT .* VALUES \(\?/i, 'loading'],
  [/^ALTER TABLE/i, 'adding keys'],
  [/^RENAME TABLE/i, 'swapping'],
  [/^DROP/i, 'dropping a staging table'],
  [/^(INSERT|DELETE|UPDATE|REPLACE)/i, 'merging'],
  [/^START TRANSACTION/i, 'beginning'],
  [/^COMMIT/i, 'committing'],
  [/^SET/i, 'preparing a session'],
  [/^(SELECT|SHOW|WITH)/i, 'reading the target'],
]

/** The statements of one user, as the server logs them; read while it writes. */
function statementLog(server: TestServer, user: string): Disposable & { read(): readonly string[] } {
  const file = openSync(join(server.directory, 'data', 'statements.log'), 'r')
  const buffer = Buffer.alloc(1 << 20)
  let rest = ''
  const statements: string[] = []
  const threads = new Set<string>()
  const read = () => {
    for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) {
      const lines = (rest + buffer.toString('utf8', 0, size)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [, thread = '', command, text = ''] = /^[\d: ]*\t\s*(\d+) (\w+)\t(.*)$/.exec(line) ?? []
        if (command === 'Connect' && text.startsWith(user)) threads.add(thread)
        else if ((command === 'Query' || command === 'Prepare') && threads.has(thread)) statements.push(text)
      }
    }
    return statements
  }
  read()
  statements.length = 0
  return {
    read,
    [Symbol.dispose]: () => closeSync(file),
  }
}
