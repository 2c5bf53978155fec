import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export type Measured = { readonly seconds: number; readonly peakMiB: number; readonly stdout: string }

export type MeasureOptions = {
  readonly cwd?: string
  /** Exit codes that are no failure; 0 alone where nothing is said. */
  readonly codes?: readonly number[]
}

/** Runs a program to its end. `peakMiB` is the largest resident set of the process itself, as the system counted it. */
export async function measure(command: string, args: readonly string[], options: MeasureOptions = {}): Promise<Measured> {
  const { codes = [0], cwd } = options
  const started = performance.now()
  const child = spawn(command, args, { ...(cwd === undefined ? {} : { cwd }), stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  let peakMiB = 0
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const poll = setInterval(() => {
    peakMiB = Math.max(peakMiB, residentPeak(child.pid))
  }, 20)
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  clearInterval(poll)
  if (code === null || !codes.includes(code)) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`)
  return { seconds: (performance.now() - started) / 1000, peakMiB, stdout }
}

function residentPeak(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export const spread = (values: readonly number[]): string => `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`
