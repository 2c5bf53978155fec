import type { Job } from './config.ts'

type Preset = Pick<Job, 'cron' | 'command' | 'mode'>

/** Jobs that need no more than `{}`. */
export const PRESETS: ReadonlyMap<string, Preset> = new Map<string, Preset>([
  ['hourly', { cron: '0 * * * *', command: 'run', mode: 'incremental' }],
  ['daily', { cron: '0 2 * * *', command: 'run', mode: 'incremental' }],
  ['verify-daily', { cron: '0 4 * * *', command: 'verify', mode: undefined }],
  ['full-weekly', { cron: '0 1 * * 0', command: 'run', mode: 'full' }],
])
