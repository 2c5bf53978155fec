import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type JournalRig, journalRig } from './journal-rig.ts'
import { type KilledRun, ROWS, TABLES } from './killed-run.ts'
import { openPoint } from './point.ts'

/** Runs that are killed. */
const TRIALS = Number(process.env['DBSYNC_JOURNAL_KILLS'] ?? 12)
const ROUNDS = 2
const COMMITS = ROUNDS * TABLES.length
const never = new AbortController().signal
const SCRIPT = fileURLToPath(new URL('killed-run.ts', import.meta.url))

let j: JournalRig
let seed = Number(process.env['DBSYNC_SEED'] ?? Date.now() % 100_000)
beforeAll(async () => {
  j = await journalRig()
  const { server, database } = j.rig
  for (const user of users()) {
    await server.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'secret'`)
    await server.query(`GRANT ALL ON \`${database}\`.* TO ${user}@'%'`)
  }
  await j.rig.at('target', ...TABLES, ...ROWS)
})
afterAll(async () => {
  for (const run of started) run.stop()
  for (const run of started) await run.kill()
  for (const user of users()) await j.rig.server.query(`DROP USER ${user}@'%'`)
  await j[Symbol.asyncDispose]()
})

/** Two that take turns: while one run is looked at, the next one gets ready. */
const users = () => [`${j.rig.database}_a`, `${j.rig.database}_b`] as const

const started = new Set<Run>()

class Run {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: string[] = []
  readonly #user: string
  readonly #closed: Promise<unknown>

  /** `fileKiB`: the largest file that the system lets it write. */
  constructor(fileKiB?: number) {
    const { server, database } = j.rig
    this.#user = users()[seed % 2] ?? ''
    const options = { host: server.host, port: server.port, user: this.#user, password: 'secret' }
    const settings: KilledRun = { options, database, folder: j.folder, seed: seed++, rounds: ROUNDS }
    const node = [process.execPath, '--conditions=dbsync-source', SCRIPT, JSON.stringify(settings)]
    const limited = ['bash', '-c', `trap '' XFSZ; ulimit -f ${fileKiB}; exec "$@"`, 'bash', ...node]
    const [command = '', ...args] = fileKiB === undefined ? node : limited
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#lines.push(line))
    this.#closed = once(this.#child, 'close')
    started.add(this)
  }

  go(): void {
    this.#child.stdin.write('go\n')
  }

  /** How it ended by itself. */
  async ended(): Promise<string> {
    await this.#closed
    return this.#lines.at(-1) ?? ''
  }

  stop(): void {
    this.#child.kill('SIGKILL')
  }

  /** Returns when what the server still does for it is over too. */
  async kill(): Promise<void> {
    this.stop()
    await this.#closed
    while ((await j.rig.server.query('SELECT id FROM information_schema.processlist WHERE user = ?', [this.#user])).length > 0) await sleep(2)
  }

  /** Resolves when it only waits for `go`. */
  async ready(): Promise<void> {
    await this.#says('ready', 1)
  }

  async commits(count: number): Promise<void> {
    await this.#says('committed', count)
  }

  async #says(line: string, times: number): Promise<void> {
    while (this.#lines.filter((one) => one === line).length < times && this.#child.exitCode === null) await sleep(1)
  }
}

async function newest(): Promise<string> {
  const [point] = await j.points()
  if (point === undefined) throw new Error('no journal')
  return point.name
}

test('a run that is killed at any moment can be undone', { timeout: 60_000 + TRIALS * 10_000 }, async () => {
  process.stdout.write(`Journals of killed runs: DBSYNC_SEED=${seed}\n`)
  const undisturbed = new Run()
  await undisturbed.ready()
  const began = performance.now()
  undisturbed.go()
  expect(await undisturbed.ended()).toBe('done')
  const lasts = performance.now() - began
  const found = new Map<string, number>()
  let next = new Run()
  for (let trial = 0; trial < TRIALS; trial++) {
    for (const point of await j.points()) await j.backups.drop(point)
    await j.remember('before')
    const run = next
    await run.ready()
    run.go()
    await run.commits(Math.floor((COMMITS * trial) / TRIALS))
    await sleep((Math.random() * lasts) / COMMITS)
    await run.kill()
    next = new Run()
    // A journal without a commit is in no list.
    const [point] = await j.points()
    const segments = point === undefined ? 0 : (await openPoint(point.path)).segments.length
    const phase = point !== undefined && !point.unfinished ? 'finished' : `in commit ${segments} of ${COMMITS}`
    found.set(phase, (found.get(phase) ?? 0) + 1)
    if (segments > 0) await j.expectBack(await newest(), 'before')
    await j.expectUntouched('before', point?.manifest?.tables.map(({ name }) => name) ?? [])
    await j.rig.target.run(await j.rig.target.leftovers(j.rig.database), never)
  }
  process.stdout.write(`${[...found].map(([phase, count]) => `${String(count).padStart(4)}  ${phase}`).join('\n')}\n`)
})

test('a disk that is full ends the run before its commit', async () => {
  for (const point of await j.points()) await j.backups.drop(point)
  await j.remember('before')
  const run = new Run(8)
  await run.ready()
  run.go()
  expect(await run.ended()).toBe('JOURNAL_WRITE')
  const [point] = await j.points()
  expect(point).toMatchObject({ unfinished: true })
  const touched = point?.manifest?.tables.map(({ name }) => name) ?? []
  expect(touched.length).toBeGreaterThan(0)
  await j.expectBack(await newest(), 'before')
  await j.expectUntouched('before', touched)
})
