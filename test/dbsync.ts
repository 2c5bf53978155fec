import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { outputFault } from './output-schema.ts'

/** The built program, as an installation has it. */
const BINARY = fileURLToPath(new URL('../packages/cli/bin/run.js', import.meta.url))

export type Outcome = {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
  /** Standard output as JSON; `undefined` where it is none. */
  readonly json: unknown
}

export type ProgramOptions = {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

export interface RunningProgram {
  readonly process: ChildProcess
  readonly ended: Promise<Outcome>
}

/** Runs `dbsync` and waits for its end, whatever the exit code. */
export const dbsync = (args: readonly string[], options: ProgramOptions): Promise<Outcome> => startDbsync(args, options).ended

export function startDbsync(args: readonly string[], { cwd, env = {} }: ProgramOptions): RunningProgram {
  // Nothing of the user who runs the tests: neither their plugins nor their DB_HOST.
  const home = join(cwd, '.home')
  const child = spawn(process.execPath, [BINARY, ...args], {
    cwd,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      DBSYNC_DATA_DIR: join(home, 'data'),
      DBSYNC_CACHE_DIR: join(home, 'cache'),
      DBSYNC_CONFIG_DIR: join(home, 'config'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { process: child, ended: outcome(child, args) }
}

type Child = ChildProcess & { readonly stdout: NodeJS.ReadableStream; readonly stderr: NodeJS.ReadableStream }

const secrets = new Set<string>()

/** From now on no program that a test starts may print this: so every test proves that secrets stay hidden. */
export const keepSecret = (canary: string): void => void secrets.add(canary)

/** Throws where `--json` printed something that the command's published schema does not allow: so every test proves the schemas. */
async function outcome(child: Child, args: readonly string[]): Promise<Outcome> {
  const [[code, signal], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  const ended = { code: (code ?? signal) as number | NodeJS.Signals, stdout, stderr, json: parsed(stdout) }
  for (const secret of secrets) {
    if (stdout.includes(secret) || stderr.includes(secret)) throw new Error(`dbsync ${args.join(' ')} printed a password: ${said(ended)}`)
  }
  const fault = outputFault(args, ended)
  if (fault !== undefined) throw new Error(`${fault}\n--- stderr\n${stderr.slice(-2000)}`)
  return ended
}

function parsed(stdout: string): unknown {
  try {
    return JSON.parse(stdout)
  } catch {
    return undefined
  }
}

/** For the message of a failed expectation: what the program said. */
export const said = ({ code, stdout, stderr }: Outcome): string => `exit ${code}\n--- stdout\n${stdout.slice(-4000)}\n--- stderr\n${stderr.slice(-4000)}`
