import { type Fault, startProxy } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { reportOf, type Strike, startRelay, through } from './faults/kit.ts'
import { type Project, project } from './project.ts'

const FAULTS: readonly Fault[] = [
  { type: 'cut', afterBytes: 30_000 },
  { type: 'reset', afterBytes: 30_000 },
  { type: 'reset', afterBytes: 4_000 },
  { type: 'reset', afterBytes: 30_000, of: 'requests' },
  { type: 'half-close', afterBytes: 30_000 },
]

test.each(FAULTS.flatMap((fault) => [{ end: 'source', ...fault } as const, { end: 'target', ...fault } as const]))(
  'a $type of the connection to the $end after $afterBytes bytes costs no row',
  async ({ end, ...fault }) => {
    await using work = await project()
    await using proxy = await startProxy(work[end].server)
    await fill(work)
    await work.write('params.json', end === 'source' ? { ...work.params, db_port: proxy.port } : withTargetPort(work, proxy.port))
    for (const args of [['run', '--full'], ['run']]) {
      proxy.setFault(fault, 1)
      const outcome = await work.dbsync(...args)
      expect(outcome.code, said(outcome)).toBe(0)
      proxy.setFault(undefined)
      await work.same()
      await work.at.query('UPDATE t1 SET text = CONCAT(id, text) WHERE id % 3 = 0')
      await work.at.query('DELETE FROM t2 ORDER BY id LIMIT 5')
    }
  },
)

/** What a full run asks the source for the rows of t1. */
const ROWS = '`text` AS'

test('a connection that ends before, in and just before the end of the rows: they are read again', async () => {
  await using work = await project()
  await fill(work)
  const whole = await struck(work, 'source', { words: ROWS, after: Number.POSITIVE_INFINITY, how: 'nothing' })
  expect(whole.answered).toBeGreaterThan(100_000)
  // The count of columns, their names, the first row, a row in the middle, the last byte of all.
  const moments = [0, 5, 150, 60_000, whole.answered - 1].map((after, i) => ({ after, how: (['reset', 'half-close', 'cut'] as const)[i % 3] ?? 'cut' }))
  for (const { after, how } of moments) {
    const { outcome } = await struck(work, 'source', { words: ROWS, after, how })
    expect(outcome.code, `${how} after ${after} bytes\n${said(outcome)}`).toBe(0)
    expect(reportOf(outcome).totals.retries, `${how} after ${after} bytes`).toBe(1)
    await work.same()
  }
})

/** Two minutes each: `pnpm torture`. */
const SILENT: readonly (Omit<Strike, 'how'> & { readonly end: 'source' | 'target'; readonly bulkInsert?: false })[] = [
  { end: 'source', words: 'CONSISTENT SNAPSHOT', after: 0 },
  { end: 'source', words: ROWS, after: 60_000 },
  { end: 'target', words: 'VALUES (?', after: 0 },
  { end: 'target', words: 'LOAD DATA', after: 0, bulkInsert: false },
  { end: 'target', words: 'RENAME TABLE', after: 0 },
]

test.runIf(process.env['DBSYNC_SILENCE'] !== undefined).for(SILENT)(
  'the network to the $end goes without a word at $words: the run goes on, and ends',
  { timeout: 400_000 },
  async ({ end, bulkInsert = true, ...strike }) => {
    await using work = await project()
    Object.assign((work.params['targets'] as { readonly copy: object }).copy, { bulkInsert })
    await fill(work)
    await work.sync()
    const started = performance.now()
    const { outcome } = await struck(work, end, { ...strike, how: 'black-hole' })
    const seconds = Math.round((performance.now() - started) / 1000)
    process.stdout.write(`silence of the ${end} at ${strike.words}: exit ${outcome.code} after ${seconds} s\n`)
    expect(outcome.code, said(outcome)).toBe(0)
    expect(seconds).toBeLessThan(200)
    await work.same()
  },
)

/** A full run of which one connection is struck. */
async function struck(work: Project, end: 'source' | 'target', strike: Strike) {
  await using relay = await startRelay(work[end].server, strike)
  await through(work, end, relay.port)
  const outcome = await work.dbsync('run', '--full', '--json')
  await work.write('params.json', work.params)
  expect(relay.struck, said(outcome)).toBe(true)
  return { outcome, answered: relay.answered }
}

async function fill({ at }: Project): Promise<void> {
  await at.query('CREATE TABLE t1 (id INT PRIMARY KEY, text VARCHAR(200))')
  await at.query('CREATE TABLE t2 (id INT PRIMARY KEY, updated_at DATETIME NOT NULL DEFAULT NOW() ON UPDATE NOW())')
  await at.query("INSERT INTO t1 SELECT seq, REPEAT('x', seq % 90) FROM seq_1_to_3000")
  await at.query('INSERT INTO t2 (id) SELECT seq FROM seq_1_to_3000')
}

function withTargetPort({ params }: Project, port: number): unknown {
  const { copy } = params.targets as { readonly copy: object }
  return { ...params, targets: { copy: { ...copy, port } } }
}
