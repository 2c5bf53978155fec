import { setTimeout as sleep } from 'node:timers/promises'
import { type Outcome, said, startDbsync } from '../dbsync.ts'
import type { Project } from '../project.ts'
import type { Log } from './log.ts'

/** Nothing here takes longer than seconds: what does, hangs. */
const HANGS_AFTER_MS = 180_000

export type Command = {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Ends it with this signal so long after its start, unless it has ended by then. */
  readonly stop?: { readonly signal: NodeJS.Signals; readonly afterMs: number }
  /** Exit codes besides 0. */
  readonly exits?: readonly number[]
  /** Error codes that may come with them; `any`: the command only tells what has happened to others. */
  readonly codes?: readonly string[] | 'any'
}

export type Ended = Outcome & { readonly ms: number; readonly errors: readonly string[] }

/** Runs commands one by one or together, logs each with its end, and throws at the first end that nothing explains. */
export type Runner = (command: Command) => Promise<Ended>

export function runner(work: Project, log: Log): Runner {
  return async ({ args, env = {}, stop, exits = [], codes = [] }) => {
    const started = performance.now()
    const running = startDbsync([...args, '--json'], { cwd: work.directory, env })
    const ended = new AbortController()
    const end = running.ended.finally(() => ended.abort())
    let hung = false
    const stopping = after(stop?.afterMs, ended.signal, () => running.process.kill(stop?.signal))
    const hanging = after(HANGS_AFTER_MS, ended.signal, () => {
      hung = true
      running.process.kill('SIGKILL')
    })
    const outcome = await end
    await Promise.all([stopping, hanging])

    const ms = performance.now() - started
    const errors = errorsIn(outcome.json)
    const codesSeen = [...new Set(errors.map(({ code }) => code))]
    const how = stop === undefined ? '' : ` (${stop.signal} after ${stop.afterMs} ms)`
    const what = `dbsync ${[...args, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)].join(' ')}${how}`
    log.line(
      `${what} -> ${outcome.code} in ${(ms / 1000).toFixed(1)} s${errors.length === 0 ? '' : `: ${errors.map(({ code, message }) => `${code} ${message}`).join(' | ')}`}`,
    )

    const refuse = (why: string) => {
      log.attach(`${outcome.stdout}\n${outcome.stderr}`)
      throw new Error(`${what}: ${why}\n${said(outcome)}`)
    }
    if (hung) refuse(`no end after ${HANGS_AFTER_MS / 1000} s`)
    if (STACK.test(outcome.stderr) || STACK.test(outcome.stdout)) refuse('a stack trace')
    const allowed: readonly (number | NodeJS.Signals)[] = [0, ...exits, ...(stop === undefined ? [] : endsOf(stop.signal))]
    if (!allowed.includes(outcome.code)) refuse(`exit ${outcome.code} is not expected here`)
    // Who was stopped may say so, whatever else there is.
    if (codes === 'any') return { ...outcome, ms, errors: [] }
    const known = [...codes, ...(stop === undefined ? [] : ['CANCELLED', 'MYSQL_CANCELLED'])]
    const unknown = codesSeen.filter((code) => !known.includes(code))
    if (unknown.length > 0) refuse(`${unknown.join(', ')} is not expected here`)
    if ([1, 3, 4].includes(outcome.code as number) && codesSeen.length === 0) refuse(`exit ${outcome.code} without an error that says why`)
    return { ...outcome, ms, errors: codesSeen }
  }
}

const endsOf = (signal: NodeJS.Signals): readonly (number | NodeJS.Signals)[] =>
  // Before Node listens to them, the other two end it as they end any program.
  signal === 'SIGKILL' ? [signal] : [signal, signal === 'SIGINT' ? 130 : 143]

const STACK = /\n\s+at .*[:(][^\n]*\.[jt]s:\d+:\d+/

async function after(ms: number | undefined, ended: AbortSignal, action: () => void): Promise<void> {
  if (ms === undefined) return
  try {
    await sleep(ms, undefined, { signal: ended })
  } catch {
    return
  }
  action()
}

type ErrorShown = { readonly code: string; readonly message: string; readonly hint?: string }

/** Every error and refusal of a command, wherever it stands. */
export function errorsIn(json: unknown): readonly ErrorShown[] {
  if (typeof json !== 'object' || json === null) return []
  return Object.entries(json).flatMap(([key, value]) => (isError(key, value) ? [value] : errorsIn(value)))
}

const isError = (key: string, value: unknown): value is ErrorShown =>
  (key === 'error' || key === 'refused') && typeof value === 'object' && value !== null && 'code' in value
