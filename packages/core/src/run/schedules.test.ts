import { expect, test } from 'vitest'
import type { Config } from '../config/config.ts'
import { plainConfig } from '../config/testing.ts'
import { memoryDatabase, memorySource, memoryStore, memoryTarget, putTable, type Row } from '../memory/index.ts'
import type { TableSchema } from '../model/schema.ts'
import { verifyRun } from '../verify/verify-run.ts'
import { executeRun } from './execute.ts'
import { planRun } from './prepare.ts'

/*
 * Histories of transactions against runs by time, from a seed: transactions that stay open while others commit, equal times, times in the future, NULL, rows
 * that change without their time, deletes, a clock that is set. After each run the copy lacks nothing that was promised; a verification finds exactly what it
 * lacks besides; a comparison of the whole table makes it equal. DBSYNC_SCHEDULES says how many, DBSYNC_SEED which.
 */
const COUNT = Number(process.env['DBSYNC_SCHEDULES'] ?? 120)
const SEED = Number(process.env['DBSYNC_SEED'] ?? Math.floor(Math.random() * 1e9))
const DAY = Date.parse('2026-03-01T00:00:00Z') / 1000

type Kind = { readonly type: 'timestamp' | 'datetime'; readonly visible: boolean; readonly lookback: number; readonly steps: boolean }
type Stored = { readonly v: number; readonly stamp: number | null }
/** `stamp` is of the write; `moved`: it tells that the row has changed. */
type Write = { readonly row: Stored | undefined; readonly stamp: number | null; readonly moved: boolean }
type Transaction = { readonly began: number; readonly writes: Map<number, Write> }

test(`${COUNT} schedules of transactions (seed ${SEED})`, { timeout: 3_600_000 }, async () => {
  let [runs, hidden, found] = [0, 0, 0]
  for (let i = 0; i < COUNT; i++) {
    const random = randomOf(SEED + i * 7919)
    const kind: Kind = {
      type: random(2) === 0 ? 'timestamp' : 'datetime',
      visible: random(2) === 0,
      lookback: [0, 1, 10, 60][random(4)] ?? 0,
      steps: random(4) === 0,
    }
    const history = new History(kind, random)
    try {
      const seen = await history.live()
      runs += seen.runs
      hidden += seen.hidden
      found += seen.found
    } catch (error) {
      throw new Error(`schedule ${i} of seed ${SEED}, ${JSON.stringify(kind)}:\n${history.log.join('\n')}`, { cause: error })
    }
  }
  process.stdout.write(`${COUNT} schedules, seed ${SEED}: ${runs} runs, ${hidden} changes beyond the promise, ${found} rows found by verify, none lost\n`)
  expect(runs).toBeGreaterThan(COUNT)
})

class History {
  readonly log: string[] = []
  readonly #kind: Kind
  readonly #random: (below: number) => number
  readonly #schema: TableSchema
  readonly #source = memoryDatabase('source')
  readonly #target = memoryDatabase('target')
  readonly #store = memoryStore()
  readonly #config: Config
  readonly #rows = new Map<number, Stored>()
  #open: Transaction[] = []
  /** Rows of which a change is not promised to arrive by time. */
  #hidden = new Set<number>()
  #now = DAY
  /** The latest time that a run has seen. */
  #latest = 0
  #runs = 0
  #beyond = 0

  constructor(kind: Kind, random: (below: number) => number) {
    this.#kind = kind
    this.#random = random
    const stamp = { name: 'updated_at', type: { kind: kind.type, fraction: 0 }, nullable: true, stamped: 'on-update' } as const
    const int = (name: string) => ({ name, type: { kind: 'int', bits: 32 }, nullable: false }) as const
    this.#schema = {
      ...{ table: { database: 'shop', name: 't' }, columns: [int('id'), int('v'), stamp], key: ['id'] },
      ...{ uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true },
    }
    this.#config = { ...plainConfig, backupBeforeSync: false, verifyAfterSync: false, lookbackMinutes: kind.lookback, allow: ['deletes'], retryDelayMs: 1 }
  }

  async live(): Promise<{ readonly runs: number; readonly hidden: number; readonly found: number }> {
    for (let id = 0; id < this.#random(30); id++) this.#rows.set(id, { v: 0, stamp: this.#now - this.#random(100_000) })
    await this.#run({})
    for (let step = 5 + this.#random(40); step > 0; step--) {
      this.#pass()
      const what = this.#random(11)
      if (what < 3) this.#begin()
      else if (what < 6) this.#write()
      else if (what < 8) this.#end()
      else if (what < 10) await this.#usualRun()
      else await this.#justInTime()
    }
    while (this.#open.length > 0) this.#end()
    await this.#usualRun()
    const found = await this.#verify()
    await this.#run({ mode: 'reconcile' })
    demand(this.#differing(), [], 'rows that differ')
    return { runs: this.#runs, hidden: this.#beyond, found }
  }

  /** Time goes on, or does not: several things happen in one second. Now and then somebody sets the clock. */
  #pass(): void {
    this.#now += [0, 0, 1, 5, 30, 90, 400, 2000][this.#random(8)] ?? 0
    if (this.#kind.steps && this.#random(8) === 0) this.#now += (this.#random(2) === 0 ? -1 : 1) * this.#random(4000)
  }

  /** A transaction is open for almost as long as the lookback, and what others have just committed is the position. */
  async #justInTime(): Promise<void> {
    this.#begin()
    const held = this.#open.length - 1
    this.#now += Math.max(0, this.#kind.lookback * 60 - this.#random(30))
    this.#begin()
    this.#end(held + 1, true)
    await this.#usualRun()
    this.#end(held, true)
    await this.#usualRun()
  }

  async #usualRun(): Promise<void> {
    await this.#run({})
    this.#expectPromised()
  }

  #begin(): void {
    this.#open.push({ began: this.#now, writes: new Map() })
    this.log.push(`${this.#now - DAY} begin`)
    this.#write(this.#open.length - 1)
  }

  #write(which = this.#random(this.#open.length)): void {
    const transaction = this.#open[which]
    if (transaction === undefined) return
    for (let rows = 1 + this.#random(4); rows > 0; rows--) {
      const id = this.#random(40)
      // Somebody else holds the row.
      if (this.#open.some((other) => other !== transaction && other.writes.has(id))) continue
      const write = this.#change(transaction.writes.has(id) ? transaction.writes.get(id)?.row : this.#rows.get(id))
      const before = transaction.writes.get(id)
      // A change that moved the time before this one is still told by it.
      transaction.writes.set(id, before?.moved === true && !write.moved && write.row !== undefined ? { ...write, moved: true, stamp: before.stamp } : write)
      this.log.push(`${this.#now - DAY} ${id} becomes ${JSON.stringify(write.row)}${write.moved ? '' : ', and its time does not tell'}`)
    }
  }

  #change(row: Stored | undefined): Write {
    const v = this.#random(1000)
    const kind = this.#random(12)
    if (row === undefined || kind < 7) return { row: { v, stamp: this.#now }, stamp: this.#now, moved: true }
    if (kind < 9) return { row: undefined, stamp: null, moved: true }
    if (kind === 9) return { row: { v, stamp: null }, stamp: null, moved: true }
    if (kind === 10) return { row: { v, stamp: this.#now + 1_000_000 }, stamp: this.#now + 1_000_000, moved: true }
    return { row: { v, stamp: row.stamp }, stamp: row.stamp, moved: false }
  }

  /** A commit, or a rollback. */
  #end(which = this.#random(this.#open.length), commits = this.#random(6) > 0): void {
    const [transaction] = this.#open.splice(which, 1)
    if (transaction === undefined) return
    this.log.push(
      `${this.#now - DAY} ${commits ? 'commit' : 'rollback'} of what began at ${transaction.began - DAY}: ${[...transaction.writes.keys()].join(', ')}`,
    )
    if (!commits) return
    for (const [id, { row, stamp, moved }] of transaction.writes) {
      if (row === undefined) this.#rows.delete(id)
      else this.#rows.set(id, row)
      if (row === undefined) continue
      if (this.#promised(stamp, moved)) this.#hidden.delete(id)
      else {
        this.#hidden.add(id)
        this.#beyond++
      }
    }
  }

  /** Whether the next run by time must find a row with this time that is committed now. */
  #promised(stamp: number | null, moved: boolean): boolean {
    if (!moved) return false
    if (stamp === null) return true
    if (this.#kind.visible && !this.#kind.steps) return true
    return stamp >= Math.max(this.#latest, this.#now) - this.#kind.lookback * 60
  }

  async #run(more: Partial<Config>): Promise<void> {
    await using prepared = await this.#prepare(more)
    const report = await executeRun(prepared, { signal: new AbortController().signal, listeners: [] })
    demand(report.status, 'ok', 'the status')
    this.#runs++
    this.#latest = Math.max(this.#latest, this.#now)
    const strategy = report.tables[0]?.strategy
    this.log.push(`${this.#now - DAY} run: ${strategy}, ${this.#differing().length} rows differ`)
    if (strategy !== 'time') {
      demand(this.#differing(), [], 'rows that differ')
      this.#hidden = new Set()
    }
  }

  #prepare(more: Partial<Config>, purpose?: 'verify') {
    putTable(
      this.#source,
      this.#schema,
      [...this.#rows].map(([id, { v, stamp }]): Row => [String(id), String(v), stamp === null ? null : text(stamp)]),
    )
    const began = this.#open.filter(({ writes }) => writes.size > 0).map((transaction) => transaction.began)
    const settled = Math.min(this.#now, ...began) - 1
    const clock = (at: number) => ({ utc: text(at), local: text(at) })
    this.#source.clock = { ...clock(this.#now), ...(this.#kind.visible ? { settled: clock(settled) } : {}) }
    const endpoints = { source: memorySource(this.#source), targets: new Map([['copy', memoryTarget(this.#target)]]), state: this.#store }
    const options = { run: `run-${this.#runs}`, signal: new AbortController().signal, lock: purpose === undefined }
    return planRun(endpoints, { ...this.#config, ...more }, purpose === undefined ? options : { ...options, purpose })
  }

  /** Only what was not promised may be missing; and rows that are gone, where as many that are hidden make up for them. */
  #expectPromised(): void {
    const differing = this.#differing()
    const unseen = differing.filter((id) => this.#hidden.has(id))
    const kept = differing.filter((id) => !this.#rows.has(id))
    const lost = differing.filter((id) => !this.#hidden.has(id) && !kept.includes(id))
    demand(lost, [], 'lost rows')
    const notArrived = unseen.filter((id) => !this.#copy().has(id))
    demand(kept.length, notArrived.length, 'rows that are gone at the source')
  }

  async #verify(): Promise<number> {
    const differing = this.#differing()
    await using prepared = await this.#prepare({}, 'verify')
    const { totals } = await verifyRun(prepared, { signal: new AbortController().signal, listeners: [], limit: 100 })
    const { missing, extra, changed, notSynced } = totals
    demand(missing + extra + changed + notSynced, differing.length, 'rows that verify finds')
    return differing.length
  }

  #copy(): ReadonlyMap<number, string> {
    const rows = this.#target.databases.get('shop')?.get('t')?.rows ?? []
    return new Map(rows.map((row) => row.map((cell) => (cell === null ? null : String(cell)))).map(([id, ...cells]) => [Number(id), JSON.stringify(cells)]))
  }

  /** Ids of the rows in which source and copy differ. */
  #differing(): readonly number[] {
    const copy = this.#copy()
    const ids = new Set([...copy.keys(), ...this.#rows.keys()])
    return [...ids].filter((id) => {
      const row = this.#rows.get(id)
      return copy.get(id) !== (row === undefined ? undefined : JSON.stringify([String(row.v), row.stamp === null ? null : text(row.stamp)]))
    })
  }
}

function demand(found: unknown, wanted: unknown, what: string): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(found)}, and not ${JSON.stringify(wanted)}`)
}

const text = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')

/** Numbers below a bound, the same for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed | 0
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}
