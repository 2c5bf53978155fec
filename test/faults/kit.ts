import { randomInt } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerClient } from '@dbsync/testkit'
import type { Outcome, RunningProgram } from '../dbsync.ts'
import { said } from '../dbsync.ts'
import type { Project, ReportedTable } from '../project.ts'

/** As much of a report as these tests look at. */
export type Report = {
  readonly status: string
  readonly unplanned?: readonly { readonly database: string; readonly table?: string; readonly error: { readonly code: string } }[]
  readonly tables: readonly (ReportedTable & {
    readonly retries: number
    readonly warnings: readonly string[]
    readonly error?: { readonly code: string; readonly kind: string; readonly message: string; readonly hint?: string }
  })[]
  readonly totals: { readonly retries: number; readonly outcomes: Readonly<Record<string, number>> }
}

/** The report of a run that came as far as to have one. */
export function reportOf(outcome: Outcome): Report {
  const { report } = (outcome.json ?? {}) as { readonly report?: Report }
  if (report === undefined) throw new Error(`there is no report\n${said(outcome)}`)
  return report
}

/** The error that ended a command with `--json`. */
export function errorOf(outcome: Outcome): { readonly code: string; readonly kind: string; readonly message: string; readonly hint?: string } {
  const { error } = (outcome.json ?? {}) as { readonly error?: ReturnType<typeof errorOf> }
  if (error === undefined) throw new Error(`there is no error\n${said(outcome)}`)
  return error
}

export const run = (work: Project, ...args: readonly string[]): Promise<Outcome> => work.dbsync('run', '--json', ...args)

/** Tables t1, t2, … of 2,000 rows, each with a column that shows changes. */
export async function fill({ at }: Project, tables: number): Promise<void> {
  for (let n = 1; n <= tables; n++) {
    await at.query(`CREATE TABLE t${n} (id INT PRIMARY KEY, text VARCHAR(200), updated_at DATETIME NOT NULL DEFAULT NOW() ON UPDATE NOW())`)
    await at.query(`INSERT INTO t${n} (id, text) SELECT seq, REPEAT('x', seq % 90) FROM seq_1_to_2000`)
  }
}

/** The project's params.json with one end at another port. */
export async function through(work: Project, end: 'source' | 'target', port: number): Promise<void> {
  const { copy } = work.params.targets as { readonly copy: object }
  await work.write('params.json', end === 'source' ? { ...work.params, db_port: port } : { ...work.params, targets: { copy: { ...copy, port } } })
}

/** Starts a run and waits until it has begun with its first table. */
export async function startedRun(work: Project, ...args: readonly string[]): Promise<RunningProgram> {
  const log = () => work.read('logs/incremental-sync.log').catch(() => '')
  const plans = (text: string) => text.split('"run.planned"').length
  const before = plans(await log())
  const running = work.start('run', '--json', ...args)
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(3)) {
    const text = await log()
    if (plans(text) > before && text.lastIndexOf('"table.started"') > text.lastIndexOf('"run.planned"')) return running
  }
  throw new Error('no table was started within 30 s')
}

/** Ends the connections of a user, as a server does that is told to; how many there were. */
export async function killConnections(server: ServerClient, user: string): Promise<number> {
  const rows = await server.query('SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ?', [user])
  // One that is gone by itself meanwhile is as good.
  for (const { id } of rows) await server.query('KILL CONNECTION ?', [Number(id)]).catch(() => {})
  return rows.length
}

/** Numbers from 0 to `below`, always the same for one seed; set DBSYNC_SEED to see a failure again. */
export function seeded(): { readonly seed: number; next(below: number): number } {
  const seed = Number(process.env.DBSYNC_SEED ?? randomInt(2 ** 31))
  process.stdout.write(`seed ${seed}\n`)
  let state = seed
  return {
    seed,
    next(below) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 8) % below
    },
  }
}

type Place = { readonly host: string; readonly port: number }

/** What happens to the first statement that has these words: so many bytes of its answer still arrive, and then the connection ends like this. */
export type Strike = { readonly words: string; readonly after: number; readonly how: 'reset' | 'cut' | 'half-close' | 'black-hole' | 'nothing' }

export interface Relay extends AsyncDisposable {
  readonly port: number
  readonly struck: boolean
  /** Bytes of the answer to the statement, as far as it came. */
  readonly answered: number
  /** From now on another server is behind the address; what is open is cut. */
  move(server: Place): void
}

/** A relay in front of a server that knows statements: it can strike at one of them, or become the address of another server. */
export async function startRelay(server: Place, strike?: Strike): Promise<Relay> {
  const open = new Set<Socket>()
  let upstreamPlace = server
  let struck = false
  let answered = 0
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ ...upstreamPlace, allowHalfOpen: true })
    // Of this connection: whether its statement is the one, and whether it is cut off by now.
    let hit = false
    let over = false
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.setNoDelay(true)
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
      socket.on('error', () => socket.destroy())
    }
    client.on('data', (bytes) => {
      // The next statement: the answer was whole.
      if (hit && !over) hit = false
      if (strike !== undefined && !struck && bytes.includes(strike.words)) struck = hit = true
      if (!over || strike?.how !== 'black-hole') upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (over) return
      if (!hit || strike === undefined) return void client.write(bytes)
      const room = strike.after - answered
      answered += bytes.length
      if (bytes.length <= room) return void client.write(bytes)
      over = true
      client.write(bytes.subarray(0, Math.max(0, room)))
      if (strike.how === 'reset') for (const socket of [client, upstream]) socket.resetAndDestroy()
      else if (strike.how === 'cut') for (const socket of [client, upstream]) socket.destroySoon()
      else if (strike.how === 'half-close') client.end()
    })
    client.on('end', () => upstream.end())
    upstream.on('end', () => client.end())
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the relay has no port')
  return {
    port: address.port,
    get struck() {
      return struck
    },
    get answered() {
      return answered
    },
    move(other) {
      upstreamPlace = other
      for (const socket of open) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

/** Passes the first statement with these words on and cuts the connection then: done, and the answer lost. */
export const losesAnswer = (server: Place, words: string): Promise<Relay> => startRelay(server, { words, after: 0, how: 'reset' })
