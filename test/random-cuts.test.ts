import { type Fault, startProxy } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { losesAnswer, seeded, through } from './faults/kit.ts'
import { type Project, project } from './project.ts'

/** Runs of which one connection is cut. `pnpm torture` asks for many more. */
const CUTS = Number(process.env.DBSYNC_CUTS ?? 8)

/** What a run says to the target, whose answer gets lost after it was done. */
const STATEMENTS = [
  'COMMIT',
  'RENAME TABLE',
  'VALUES (?',
  'INSERT INTO',
  'DELETE ',
  'DROP TABLE',
  'CREATE TABLE',
  'GET_LOCK',
  'RELEASE_LOCK',
  'START TRANSACTION',
]
const MODES = [[], [], ['--full'], ['--reconcile']]

test(`${CUTS} connections cut at random: each run ends equal, or says that it could not begin, and one more run makes all equal`, {
  timeout: 60_000 + CUTS * 20_000,
}, async () => {
  const random = seeded()
  const next = (below: number) => random.next(below)
  await using work = await project({ sourceRights: 'SELECT' })
  await using source = await startProxy(work.source.server)
  await using target = await startProxy(work.target.server)
  await fill(work)
  await work.sync()
  const ends = new Map<string, number>()
  const note = (what: string) => ends.set(what, (ends.get(what) ?? 0) + 1)

  for (let trial = 0; trial < CUTS; trial++) {
    await change(work, trial, next)
    const args = MODES[next(MODES.length)] ?? []
    const end = next(2) === 0 ? 'source' : 'target'
    const lost = end === 'target' && next(3) === 0 ? (STATEMENTS[next(STATEMENTS.length)] ?? '') : undefined
    const fault = cut(next)
    const what = `cut ${trial}: ${lost === undefined ? `${end} ${JSON.stringify(fault)}` : `the answer to ${lost}`}, run ${args.join(' ')}`
    await using relay = lost === undefined ? undefined : await losesAnswer(work.target.server, lost)
    const proxy = { source, target }[end]
    if (relay === undefined) proxy.setFault(fault, 1)
    await through(work, end, relay?.port ?? proxy.port)
    const outcome = await work.dbsync('run', '--json', ...args)
    proxy.setFault(undefined)
    // Whoever could not begin has written nothing; after that one lost connection is made up for.
    expect([0, 3], `${what}\n${said(outcome)}`).toContain(outcome.code)
    note(
      outcome.code === 3
        ? 'could not begin'
        : `went on after ${(outcome.json as Answer).report.totals.retries === 0 ? 'planning again, or was not hit' : 'reading tables again'}`,
    )
    await work.write('params.json', work.params)
    const last = outcome.code === 3 ? await work.dbsync('run', '--json') : outcome
    expect(last.code, `after ${what}\n${said(last)}`).toBe(0)
    await work.same()
    expect(await work.target.server.query(`SHOW TABLES FROM ${work.target.database} LIKE '%dbsync%'`), what).toEqual([])
  }
  process.stdout.write(`${CUTS} cut connections: ${[...ends].map(([what, count]) => `${count} ${what}`).join(', ')}; all equal\n`)
})

type Answer = { readonly report: { readonly totals: { readonly retries: number } } }

/** Some in the handshake, most of them somewhere in the rows. */
function cut(next: (below: number) => number): Fault {
  const type = (['cut', 'reset', 'half-close'] as const)[next(3)] ?? 'cut'
  const of = next(3) === 0 ? 'requests' : 'answers'
  const afterBytes = next(5) === 0 ? 1 + next(2_000) : 2_000 + next(of === 'requests' ? 20_000 : 60_000)
  return { type, afterBytes, of }
}

async function fill({ at }: Project): Promise<void> {
  await at.query('CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(40))')
  await at.query('CREATE TABLE child (id INT PRIMARY KEY, parent INT, text VARCHAR(200), FOREIGN KEY (parent) REFERENCES parent (id))')
  await at.query('CREATE TABLE stamped (id INT PRIMARY KEY, v INT, updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6))')
  await at.query('CREATE TABLE keyless (a INT, b INT)')
  await at.query('INSERT INTO parent SELECT seq, MD5(seq) FROM seq_1_to_300')
  await at.query("INSERT INTO child SELECT seq, 1 + seq % 300, REPEAT('x', seq % 150) FROM seq_1_to_1500")
  await at.query('INSERT INTO stamped (id, v) SELECT seq, seq FROM seq_1_to_1500')
  await at.query('INSERT INTO keyless SELECT seq % 100, seq % 7 FROM seq_1_to_700')
}

async function change({ at }: Project, trial: number, next: (below: number) => number): Promise<void> {
  await at.query(`INSERT INTO parent VALUES (${1000 + trial}, 'new')`)
  await at.query(`UPDATE child SET text = CONCAT(text, 'y') WHERE id % 31 = ${next(31)} AND LENGTH(text) < 190`)
  await at.query(`INSERT INTO child VALUES (${10_000 + trial}, ${1000 + trial}, 'new')`)
  await at.query(`DELETE FROM child WHERE id = ${1 + next(1500)}`)
  await at.query(`UPDATE stamped SET v = v + 1 WHERE id % 40 = ${next(40)}`)
  await at.query(`INSERT INTO stamped (id, v) VALUES (${10_000 + trial}, 0)`)
  if (next(3) === 0) await at.query(`DELETE FROM stamped WHERE id = ${1 + next(1500)}`)
  await at.query(`DELETE FROM keyless WHERE a = ${next(100)} LIMIT 2`)
  await at.query('INSERT INTO keyless VALUES (5, 5), (5, 5)')
}
