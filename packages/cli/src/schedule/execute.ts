import { spawn } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'

const LIMIT_MS = 60_000

export type Executed = {
  /** The exit code; null where a signal ended it. */
  readonly code: number | null
  /** As Latin-1: byte for byte. */
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of the system, without a shell, its messages in English. Throws where it is not there. */
export async function execute(
  program: string,
  args: readonly string[],
  { signal, input, env }: { readonly signal: AbortSignal; readonly input?: Uint8Array; readonly env?: NodeJS.ProcessEnv },
): Promise<Executed> {
  const child = spawn(program, args, {
    env: { ...process.env, ...env, LC_ALL: 'C' },
    stdio: 'pipe',
    signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
  })
  // A program that does not read to the end says why by its exit code.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = new Promise<number | null>((done, fail) => {
    child.once('error', fail)
    child.once('close', done)
  })
  try {
    const [code, stdout, stderr] = await Promise.all([ended, buffer(child.stdout), buffer(child.stderr)])
    return { code, stdout: stdout.toString('latin1'), stderr: stderr.toString('utf8') }
  } catch (cause) {
    if (signal.aborted) throw signal.reason
    const reason = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT' ? 'it is not installed' : String(cause)
    throw new SyncError('SCHEDULE_PROGRAM' satisfies CliCode, `The program ${program} could not be run: ${reason}.`, {
      kind: 'config',
      hint: 'Install it, or choose another scheduler with `--with`. `dbsync schedule install --print` shows what would be written.',
      cause,
    })
  }
}
