import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { processExists } from '@dbsync/core'
import { JOB_LOG_FILE, type JobStatus } from './job-log.ts'

/** What the log knows of a job. */
export type JobHistory = {
  /** Since when the schedule knows it. */
  readonly installedAt: Date | undefined
  readonly lastStart: Date | undefined
  readonly lastEnd: { readonly at: Date; readonly status: JobStatus; readonly exit: number | null } | undefined
  /** How often in a row, up to now, it was held up (locked or stopped). */
  readonly heldUp: number
  /** Runs that began and did not end: still going on, or killed. */
  readonly open: readonly { readonly id: string; readonly at: Date; readonly pid: number; readonly host: string }[]
}

const TAIL_BYTES = 1024 * 1024

const NOTHING: JobHistory = { installedAt: undefined, lastStart: undefined, lastEnd: undefined, heldUp: 0, open: [] }

/** Reads the end of the log. What was written before that is forgotten. */
export async function readHistory(directory: string): Promise<(job: string) => JobHistory> {
  const path = join(directory, JOB_LOG_FILE)
  const jobs = new Map<string, JobHistory>()
  const change = (job: string, to: (history: JobHistory) => Partial<JobHistory>): void => {
    const old = jobs.get(job) ?? NOTHING
    jobs.set(job, { ...old, ...to(old) })
  }
  for (const line of [...(await tail(`${path}.1`)), ...(await tail(path))]) {
    const at = new Date(String(line.time))
    const job = String(line.job)
    if (line.msg === 'schedule.installed' && Array.isArray(line.jobs)) {
      // An installation that is repeated changes nothing: what was missed before it stays missed.
      for (const name of line.jobs) change(String(name), ({ installedAt }) => ({ installedAt: installedAt ?? at }))
    } else if (line.msg === 'job.started') {
      const started = { id: String(line.id), at, pid: Number(line.pid), host: String(line.host) }
      change(job, (old) => ({ lastStart: at, open: [...old.open, started] }))
    } else if (line.msg === 'job.ended') {
      const status = String(line.status) as JobStatus
      change(job, (old) => ({
        lastEnd: { at, status, exit: typeof line.exit === 'number' ? line.exit : null },
        heldUp: status === 'locked' || status === 'stopped' ? old.heldUp + 1 : 0,
        open: old.open.filter(({ id }) => id !== line.id),
      }))
    }
  }
  return (job) => jobs.get(job) ?? NOTHING
}

/** Runs of this machine that ended without a word: killed, or the machine went down. */
export const killedRuns = ({ open }: JobHistory): JobHistory['open'] => open.filter(({ pid, host }) => host === hostname() && !processExists(pid))

type Line = Readonly<Record<string, unknown>>

/** The whole lines at the end of the file; a line that a full disk cut off is left out. */
async function tail(path: string): Promise<readonly Line[]> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const start = Math.max(0, size - TAIL_BYTES)
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - start), position: start })
    const lines = buffer.subarray(0, bytesRead).toString('utf8').split('\n')
    return (start === 0 ? lines : lines.slice(1)).flatMap(parsed)
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return []
    throw error
  }
}

function parsed(line: string): readonly Line[] {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? [value as Line] : []
  } catch {
    return []
  }
}
