import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { type Job, SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'

/** Where scheduled jobs run, and with what. */
export type Installation = {
  /** The project's folder, absolute. */
  readonly directory: string
  /** The very Node and program that install the jobs, absolute. */
  readonly node: string
  readonly program: string
  /** `--params` and `--config` as they were given. */
  readonly params: string | undefined
  readonly config: string | undefined
}

/** Twelve characters that stand for the project: its folder and, where they are named, its files. Two projects never touch each other's jobs. */
export function projectId({ directory, params, config }: Installation): string {
  const files = [params, config].map((file) => (file === undefined ? null : resolve(directory, file)))
  return createHash('sha256')
    .update(JSON.stringify([directory, ...files]))
    .digest('hex')
    .slice(0, 12)
}

/** What runs one job, word by word. No secrets: they stay in the project's files. */
export const jobWords = (installation: Installation, job: Pick<Job, 'name'>): readonly string[] => [...commandWords(installation), '--', job.name]

/** What runs every job that was due while the machine was off. */
export const missedWords = (installation: Installation): readonly string[] => [...commandWords(installation), '--missed']

const commandWords = ({ node, program, params, config }: Installation): readonly string[] => [
  node,
  program,
  'schedule',
  'run',
  '--quiet',
  ...(params === undefined ? [] : [`--params=${params}`]),
  ...(config === undefined ? [] : [`--config=${config}`]),
]

/** A crontab and a unit file are made of lines: a path with a line end in it cannot be written there. */
export function checkInstallation(installation: Installation): void {
  for (const path of [installation.directory, installation.node, installation.program, installation.params, installation.config]) {
    if (path === undefined || !/[\p{Cc}\p{Surrogate}\ufffd]/u.test(path)) continue
    throw new SyncError('SCHEDULE_PATH' satisfies CliCode, `The path ${JSON.stringify(path)} holds a character that no schedule can hold.`, {
      kind: 'config',
      hint: `Rename the folder or file ${JSON.stringify(basename(path))}: no control characters, and valid UTF-8.`,
    })
  }
}
