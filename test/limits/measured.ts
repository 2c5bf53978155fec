import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ServerClient } from '@dbsync/testkit'
import { dbsync, type Outcome, said } from '../dbsync.ts'
import { ALL } from './size.ts'

/** MiB for JavaScript's heap: a program that keeps a table in memory does not get through. */
const HEAP = 256

/** One run of the program, and what it cost. */
export type Measured = Outcome & {
  readonly seconds: number
  /** The largest resident set. */
  readonly peakMiB: number
  /** The longest time in which the program could draw nothing. */
  readonly blockedMs: number
  readonly cpuSeconds: number
  /** Statements that each server was sent. */
  readonly statements: { readonly source: number; readonly target: number }
}

export type Place = {
  readonly directory: string
  readonly servers: { readonly source: ServerClient; readonly target?: ServerClient }
  readonly env?: Readonly<Record<string, string>>
}

const PROBE = fileURLToPath(new URL('probe.ts', import.meta.url))

/** Runs `dbsync` with a small heap and says what it cost. Throws unless it exits with one of `codes`. Nobody else may use the servers meanwhile. */
export async function measured({ directory, servers, env }: Place, args: readonly string[], codes: readonly number[] = [0]): Promise<Measured> {
  const file = join(directory, 'probe.json')
  const { source, target } = servers
  const before = { source: await questions(source), target: await questions(target) }
  const started = performance.now()
  const options = `--max-old-space-size=${HEAP} --import=${PROBE}`
  const outcome = await dbsync(args, { cwd: directory, env: { ...env, NODE_OPTIONS: options, DBSYNC_LIMITS_PROBE: file } })
  const seconds = (performance.now() - started) / 1000
  if (!codes.includes(Number(outcome.code))) throw new Error(`dbsync ${args.join(' ')}: ${said(outcome)}`)
  const cost = JSON.parse(await readFile(file, 'utf8')) as Pick<Measured, 'peakMiB' | 'blockedMs' | 'cpuSeconds'>
  const statements = { source: (await questions(source)) - before.source, target: (await questions(target)) - before.target }
  return { ...outcome, ...cost, seconds, statements }
}

/** A line for whoever asked for the figures. */
export function say(what: string, { seconds, peakMiB, blockedMs, cpuSeconds, statements }: Measured, tables?: number): void {
  const each = tables === undefined ? '' : `, ${((seconds * 1000) / tables).toFixed(1)} ms a table`
  const sent = tables === undefined ? '' : `, statements a table ${(statements.source / tables).toFixed(2)} + ${(statements.target / tables).toFixed(2)}`
  const line = `limits: ${what}: ${seconds.toFixed(1)} s${each} (${cpuSeconds.toFixed(1)} s of CPU), peak ${peakMiB.toFixed(0)} MiB, blocked for ${blockedMs.toFixed(0)} ms at most${sent}`
  if (ALL) process.stdout.write(`${line}\n`)
}

async function questions(server: ServerClient | undefined): Promise<number> {
  if (server === undefined) return 0
  const [row] = await server.query("SHOW GLOBAL STATUS LIKE 'Questions'")
  return Number(row?.['Value'])
}
