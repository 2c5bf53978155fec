import { setTimeout as sleep } from 'node:timers/promises'
import { pairAddress, serverClient, startServer, type TestServer } from '@dbsync/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { said } from './dbsync.ts'
import { type Project, project } from './project.ts'
import { type Gate, openGate } from './rollback/gate.ts'
import { positions } from './rollback/positions.ts'
import { snapshot, triggers } from './rollback/snapshot.ts'

/** Killed rollbacks. The moments are spread over the statements of one that is left alone. */
const TRIALS = Number(process.env.DBSYNC_ROLLBACK_KILLS ?? 14)
/** Killed servers, in the middle of the exchange. */
const SERVER_KILLS = TRIALS >= 50 ? 10 : 1
/** Not in the point: their foreign keys refer to tables that are. */
const AROUND = ['around']

let target: TestServer
let gate: Gate
beforeAll(async () => {
  target = await startServer({ timeZone: '+09:00' })
  gate = await openGate(target)
})
afterAll(async () => {
  await gate[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
})

test('a rollback that is killed leaves all tables old or all new, and the same command makes them new', { timeout: 60_000 + TRIALS * 10_000 }, async () => {
  const behind = serverClient({ ...target, port: gate.port })
  await using work = await project({ backups: true, servers: { source: serverClient((await pairAddress()).source), target: behind } })
  const copy = { server: target, database: work.target.database }
  await target.query(`GRANT ALL ON \`\\_dbsync\\_restore\\_%\`.* TO ${work.targetUser}@'%'`)
  // Some triggers are root's.
  await target.query(`GRANT SET USER ON *.* TO ${work.targetUser}@'%'`)
  await target.query('SET GLOBAL log_bin_trust_function_creators = 1')
  await fill(work)
  await work.sync()
  await around(copy.database)
  const states = [await stateOf(work, copy)]
  await change(work)
  await work.sync()
  await target.query(`CREATE TRIGGER ${copy.database}.later BEFORE DELETE ON ${copy.database}.child FOR EACH ROW SET @x = 1`)
  states.push(await stateOf(work, copy))
  const points = [await newestPoint(work)]

  // Undisturbed, there and back: what each way takes.
  const moments: (readonly string[])[] = []
  gate.passed()
  const there = await goTo(work, points[0] as string)
  moments.push(gate.passed())
  points.push(there)
  expect(await stateOf(work, copy)).toEqual(states[0])
  await goTo(work, points[1] as string)
  moments.push(gate.passed())
  expect(await stateOf(work, copy)).toEqual(states[1])

  const histogram = new Map<string, number>()
  for (let trial = 0; trial < TRIALS; trial++) {
    const to = trial % 2
    const statements = moments[to] as readonly string[]
    const { index, when } = momentOf(trial, statements)
    let seen = 0
    gate.passed()
    const closed = gate.closeAt({ when, at: () => seen++ === index })
    const run = work.start('rollback', points[to] as string, '--yes', '--json')
    const statement = await Promise.race([closed, run.ended.then(said)])
    run.process.kill('SIGKILL')
    const { code } = await run.ended
    gate.open()
    const phase = `${code === 'SIGKILL' ? phaseOf(statement) : 'had finished'}, ${when}`
    histogram.set(phase, (histogram.get(phase) ?? 0) + 1)
    await settled(work.targetUser)

    const [before, after] = [states[1 - to], states[to]]
    const found = await snapshot(copy, AROUND)
    expect([tablesOf(before), tablesOf(after)], `killed ${when} ${statement}`).toContainEqual(found)
    expect(await rowsAround(copy.database)).toEqual([{ id: 1, parent: 2 }])
    const again = await work.dbsync('rollback', points[to] as string, '--yes', '--json')
    expect(again.code, `killed ${when} ${statement}\n${said(again)}`).toBe(0)
    expect(await stateOf(work, copy), `killed ${when} ${statement}`).toEqual(after)
    expect(await target.query("SHOW DATABASES LIKE '\\_dbsync%'")).toEqual([])
  }
  for (let trial = 0; trial < SERVER_KILLS; trial++) {
    const to = (TRIALS + trial) % 2
    const closed = gate.closeAt({ when: 'during', at: (statement) => statement.startsWith('RENAME') })
    const run = work.start('rollback', points[to] as string, '--yes', '--json')
    await Promise.race([closed, run.ended.then((outcome) => expect.unreachable(said(outcome)))])
    await sleep(trial * 2)
    await target.restart()
    run.process.kill('SIGKILL')
    await run.ended
    gate.open()
    const wanted = [states[1 - to], states[to]].map((state) => withoutCounters(tablesOf(state)))
    expect(wanted, 'the server was killed').toContainEqual(withoutCounters(await snapshot(copy, AROUND)))
    await goTo(work, points[to] as string)
    const now = await stateOf(work, copy)
    expect([withoutCounters(now.tables), now.positions]).toEqual([wanted[1], states[to]?.positions])
  }

  const lines = [...histogram].map(([phase, count]) => `${String(count).padStart(4)}  ${phase}`)
  process.stdout.write(`Moments of ${TRIALS} kills of a rollback:\n${lines.join('\n')}\n`)

  await goTo(work, points[0] as string)
  await work.sync()
  await target.query(`DROP TABLE ${copy.database}.around`)
  await work.same()
})

/** A restart of the server may set them back to what the rows say. */
const withoutCounters = (tables: ReadonlyMap<string, string> | undefined) =>
  new Map([...(tables ?? [])].map(([name, text]) => [name, text.replace(/ AUTO_INCREMENT=\d+/, '')]))

type State = {
  readonly tables: ReadonlyMap<string, string>
  readonly around: ReadonlyMap<string, string>
  readonly triggers: readonly unknown[]
  readonly positions: unknown
}

const tablesOf = (state: State | undefined) => state?.tables

async function stateOf(work: Project, copy: { readonly server: TestServer; readonly database: string }): Promise<State> {
  const all = await snapshot(copy)
  const split = (wanted: boolean) => new Map([...all].filter(([name]) => AROUND.includes(name) === wanted))
  return { tables: split(false), around: split(true), triggers: await triggers(copy), positions: (await positions(work))[work.database] }
}

async function newestPoint(work: Project): Promise<string> {
  const { json } = await work.dbsync('rollback', '--list', '--json')
  return (json as { readonly points: readonly { readonly name: string }[] }).points[0]?.name ?? ''
}

/** Rolls back without a disturbance; the answer is the point of the state before. */
async function goTo(work: Project, point: string): Promise<string> {
  const outcome = await work.dbsync('rollback', point, '--yes', '--json')
  expect(outcome.code, said(outcome)).toBe(0)
  return (outcome.json as { readonly report: { readonly before: string } }).report.before
}

/** The phases in turn, in each of them the statements in turn, before and after each. */
function momentOf(trial: number, statements: readonly string[]): { readonly index: number; readonly when: 'before' | 'after' } {
  const phases = [...Map.groupBy(statements.keys(), (index) => phaseOf(statements[index] ?? '')).values()]
  const round = Math.floor(trial / 2)
  // Both ways have the same phases: every other trial goes the same way, so that a phase meets both of them.
  const phase = phases[(phases.length - 1 - (round % phases.length)) % phases.length] ?? []
  const within = Math.floor(round / phases.length)
  return { index: phase[within % phase.length] ?? 0, when: (trial + within) % 2 === 0 ? 'after' : 'before' }
}

const phaseOf = (statement: string): string => PHASES.find(([pattern]) => pattern.test(statement))?.[1] ?? 'something else'

const PHASES: readonly (readonly [RegExp, string])[] = [
  [/_LOCK\(/, 'a lock'],
  [/^SET/, 'a session'],
  [/^DROP DATABASE/, 'tidying up'],
  [/^CREATE DATABASE/, 'making the side databases'],
  [/^INSERT INTO .*_dbsync_plan/s, 'writing the plan'],
  [/^DELETE FROM .*_dbsync_plan/s, 'forgetting the plan'],
  [/^(START|COMMIT)/, 'a transaction'],
  [/^INSERT/, 'loading rows'],
  [/^CREATE TABLE/, 'making tables'],
  [/^DROP TRIGGER/, 'dropping triggers'],
  [/^CREATE.*TRIGGER/s, 'making triggers'],
  [/^RENAME/, 'the exchange'],
  [/^ALTER/, 'foreign keys'],
  [/^(SELECT|SHOW|WITH|DO)/i, 'reading'],
]

/** A statement whose client was killed goes on until the server notices. */
async function settled(user: string): Promise<void> {
  for (;;) {
    const rows = await target.query('SELECT 1 FROM information_schema.processlist WHERE user = ?', [user])
    if (rows.length === 0) return
  }
}

const rowsAround = (database: string) => target.query(`SELECT * FROM ${database}.around`)

async function fill({ at }: Project): Promise<void> {
  await at.query('CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40) NOT NULL)')
  await at.query('CREATE TABLE child (id INT PRIMARY KEY, parent INT, text VARCHAR(200), FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE)')
  await at.query('CREATE TABLE looped (id INT PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES looped (id))')
  await at.query('CREATE TABLE keyless (a INT, b TIMESTAMP(6) NOT NULL DEFAULT NOW(6))')
  await at.query('INSERT INTO parent SELECT seq, MD5(seq) FROM seq_1_to_200')
  await at.query("INSERT INTO child SELECT seq, 1 + seq % 200, REPEAT('x', seq % 100) FROM seq_1_to_500")
  await at.query('INSERT INTO looped VALUES (1, NULL), (2, 1), (3, 2)')
  await at.query('INSERT INTO keyless (a) SELECT seq % 10 FROM seq_1_to_100')
}

async function around(database: string): Promise<void> {
  await target.query(`CREATE TABLE ${database}.around (id INT PRIMARY KEY, parent INT, CONSTRAINT around_parent FOREIGN KEY (parent) REFERENCES parent (id))`)
  await target.query(`INSERT INTO ${database}.around VALUES (1, 2)`)
}

/** A definition, upserts, deletes, a cascade, and a table that was not there. */
async function change({ at }: Project): Promise<void> {
  await at.query('ALTER TABLE parent ADD COLUMN more INT DEFAULT 5')
  await at.query("UPDATE child SET text = 'new' WHERE id % 7 = 0")
  await at.query('DELETE FROM parent WHERE id % 9 = 4')
  await at.query("INSERT INTO parent (name) VALUES ('new')")
  await at.query('DELETE FROM keyless WHERE a = 3 LIMIT 2')
  await at.query('CREATE TABLE late (id INT PRIMARY KEY, child INT, FOREIGN KEY (child) REFERENCES child (id))')
  await at.query('INSERT INTO late VALUES (1, 1)')
}
