import { hostname } from 'node:os'
import { join } from 'node:path'
import { errorJson } from '@dbsync/core'
import type { Alert } from '../alerts/alert.ts'
import type { AlertAnswer } from '../alerts/send.ts'
import { openLogFile } from '../log-file.ts'
import { redactTexts } from '../redact-texts.ts'

export const JOB_LOG_FILE = join('logs', 'db-backup.log')

/** `locked` and `stopped`: not done, and nothing is broken. `killed`: it began and never ended. */
export type JobStatus = 'ok' | 'failed' | 'locked' | 'stopped' | 'killed'

/** One end of a job, as its line says it. */
export type JobEnd = {
  readonly job: string
  readonly id: string
  readonly status: JobStatus
  readonly exit: number | null
  readonly ms?: number
  /** The run in logs/incremental-sync.log. */
  readonly run?: string | null
  readonly summary?: string
  /** Those that went wrong. */
  readonly tables?: Alert['tables']
}

/** The log of scheduled jobs: what began, how it ended, who was told. It is also what `schedule show` knows of past runs. */
export type JobLog = {
  /** Absent where no log can be written. */
  readonly path?: string
  started(line: { readonly job: string; readonly id: string; readonly full: boolean }): void
  ended(line: JobEnd, error?: unknown): void
  told(job: string | null, answers: readonly AlertAnswer[]): void
  installed(jobs: readonly string[], scheduler: string): void
  removed(scheduler: string): void
  close(): void
}

export async function openJobLog(directory: string, redact: (text: string) => string, onLost: (message: string) => void): Promise<JobLog> {
  const file = await openLogFile({ path: join(directory, JOB_LOG_FILE), base: { pid: process.pid, host: hostname() }, onLost })
  if (file === undefined) return { started: () => {}, ended: () => {}, told: () => {}, installed: () => {}, removed: () => {}, close: () => {} }
  const { path, logger, close } = file
  return {
    path,
    started: (line) => logger.info(line, 'job.started'),
    ended: (line, error) => {
      const fields = redactTexts(error === undefined ? line : { ...line, error: errorJson(error) }, redact)
      if (line.status === 'ok') logger.info(fields, 'job.ended')
      else if (line.status === 'failed' || line.status === 'killed') logger.error(fields, 'job.ended')
      else logger.warn(fields, 'job.ended')
    },
    told: (job, answers) => {
      for (const answer of answers) {
        const fields = redactTexts({ job, ...answer }, redact)
        if (answer.ok) logger.info(fields, 'alert.sent')
        else logger.error(fields, 'alert.failed')
      }
    },
    installed: (jobs, scheduler) => logger.info({ jobs, scheduler }, 'schedule.installed'),
    removed: (scheduler) => logger.info({ scheduler }, 'schedule.removed'),
    close,
  }
}
