import { spawn } from 'node:child_process'
import { join } from 'node:path'

export type Ended = { readonly code: number | null; readonly output: string }

/** Runs a program to its end, or kills it and all that it started. With the Node of the workspace that it runs in. */
export async function command(
  program: string,
  args: readonly string[],
  { cwd, signal, env: more = {} }: { readonly cwd: string; readonly signal: AbortSignal; readonly env?: Readonly<Record<string, string>> },
): Promise<Ended> {
  signal.throwIfAborted()
  const env = { ...process.env, ...more, PATH: `${join(cwd, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` }
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  signal.addEventListener('abort', kill)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      output = (output + text).slice(-20_000)
    })
  }
  try {
    const { promise, resolve, reject } = Promise.withResolvers<number | null>()
    child.on('error', reject).on('close', resolve)
    return { code: await promise, output }
  } finally {
    signal.removeEventListener('abort', kill)
  }
}
