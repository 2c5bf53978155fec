import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { type Chance, chance } from '../corpus/random.ts'
import type { Project } from '../project.ts'
import { definitionChange } from './definitions.ts'
import type { Log } from './log.ts'
import { TABLES } from './tables.ts'

const WRITERS = 3

/** Everything that goes on at the source while dbsync is at work. */
export interface SourceLife extends AsyncDisposable {
  /** Changed rows so far. */
  rows(): number
  definitions(): number
  /** Resolves when nothing is open any more; whoever is at work finishes its transaction. */
  pause(): Promise<void>
  resume(): void
}

/** Makes the tables and begins to write: `seed` decides what, the machine how fast. */
export async function sourceLife(work: Project, seed: number, log: Log): Promise<SourceLife> {
  for (const sql of TABLES.flatMap(({ create }) => create)) await work.at.query(sql)
  const counts = { rows: 0, definitions: 0 }
  const gate = new Gate()

  const writers = Array.from({ length: WRITERS }, async (_, index) => {
    const at = await work.source.server.connect({ database: work.database })
    const mine = chance(seed + 1000 + index)
    try {
      while (await gate.enter()) {
        counts.rows += await transaction(at, mine).finally(() => gate.leave())
        await sleep(mine.below(50))
      }
    } finally {
      at.destroy()
    }
  })

  async function architect(): Promise<void> {
    const at = await work.source.server.connect({ database: work.database })
    const mine = chance(seed + 2000)
    try {
      // A run holds the definitions of the tables that it reads: who waits for one keeps everybody else from that table.
      await at.query('SET lock_wait_timeout = 3')
      while (await gate.enter()) {
        try {
          for (const sql of await definitionChange(at, work.database, mine)) {
            const done = await attempt(at, sql)
            if (done !== undefined) counts.definitions++
            log.line(`source: ${sql}${done === undefined ? '  -- refused' : ''}`)
          }
        } finally {
          gate.leave()
        }
        await sleep(300 + mine.below(4000))
      }
    } finally {
      at.destroy()
    }
  }
  const all = Promise.all([...writers, architect()])
  // Whatever fails here is heard when the gate is asked the next time.
  all.catch((error: unknown) => gate.fail(error))

  return {
    rows: () => counts.rows,
    definitions: () => counts.definitions,
    pause: () => gate.shut(),
    resume: () => gate.open(),
    async [Symbol.asyncDispose]() {
      gate.end()
      await all.catch(() => {})
    },
  }
}

async function transaction(at: Connection, mine: Chance): Promise<number> {
  await at.query('START TRANSACTION')
  let rows = 0
  for (let table = 0; table <= mine.below(3); table++) {
    for (const sql of mine.pick(TABLES).change(mine)) rows += (await attempt(at, sql)) ?? 0
  }
  // Now and then one stays open for a while: its rows appear later than their timestamps say.
  if (mine.below(20) === 0) await sleep(mine.below(1500))
  await at.query(mine.below(15) === 0 ? 'ROLLBACK' : 'COMMIT')
  return rows
}

/** Rows that were changed; `undefined` where the server refused: a column that is gone, a key, a lock. That is everyday life. */
async function attempt(at: Connection, sql: string): Promise<number | undefined> {
  try {
    const [result] = await at.query(sql)
    return (result as { readonly affectedRows?: number }).affectedRows ?? 0
  } catch (error) {
    const { errno, fatal } = error as { readonly errno?: number; readonly fatal?: boolean }
    if (errno === undefined || fatal === true || errno === SYNTAX_ERROR) throw new Error(`at the source: ${sql}`, { cause: error })
    return undefined
  }
}

const SYNTAX_ERROR = 1064

/** Lets many in, and can wait until all are out. */
class Gate {
  #state: 'open' | 'shut' | 'ended' = 'open'
  #inside = 0
  #failure: { readonly error: unknown } | undefined

  async enter(): Promise<boolean> {
    while (this.#state === 'shut') await sleep(5)
    if (this.#state === 'ended') return false
    this.#inside++
    return true
  }

  leave(): void {
    this.#inside--
  }

  open(): void {
    this.#check()
    if (this.#state === 'shut') this.#state = 'open'
  }

  async shut(): Promise<void> {
    this.#state = 'shut'
    while (this.#inside > 0 && this.#failure === undefined) await sleep(5)
    this.#check()
  }

  end(): void {
    this.#state = 'ended'
  }

  fail(error: unknown): void {
    this.#failure = { error }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
