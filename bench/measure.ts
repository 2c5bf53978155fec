import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export type Measured = {
  readonly seconds: number
  /** The largest resident set among the process and its children, as the system counted it. */
  readonly peakMiB: number
  /** Seconds of CPU of the process and its children. */
  readonly cpu: number
  readonly stdout: string
}

export type MeasureOptions = {
  readonly cwd?: string
  /** Exit codes that are no failure; 0 alone where nothing is said. */
  readonly codes?: readonly number[]
}

const CPU = /^dbsync-bench-cpu (\d+\.\d+) (\d+\.\d+)$/m

/** Runs a program to its end, with a shell beside it that counts its CPU time. */
export async function measure(command: string, args: readonly string[], options: MeasureOptions = {}): Promise<Measured> {
  const { codes = [0], cwd } = options
  const started = performance.now()
  const timed = ['-c', 'TIMEFORMAT=\'dbsync-bench-cpu %U %S\'; time "$0" "$@"', command, ...args]
  const child = spawn('bash', timed, { ...(cwd === undefined ? {} : { cwd }), stdio: ['ignore', 'pipe', 'pipe'] })
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
    peakMiB = Math.max(peakMiB, ...descendants(child.pid).map(residentPeak))
  }, 20)
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  clearInterval(poll)
  const seconds = (performance.now() - started) / 1000
  if (code === null || !codes.includes(code)) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`)
  const [, user = 0, system = 0] = CPU.exec(stderr) ?? []
  return { seconds, peakMiB, cpu: Number(user) + Number(system), stdout }
}

/** Seconds of CPU that a process has used so far. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function descendants(pid: number | undefined): readonly number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean))
    return children.flatMap((child) => [Number(child), ...descendants(Number(child))])
  } catch {
    return []
  }
}

function residentPeak(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export const spread = (values: readonly number[]): string => `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`
