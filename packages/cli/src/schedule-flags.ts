import * as Flags from '@oclif/core/flags'
import { projectFlags } from './base-command.ts'

/** Flags of the commands that install, show and remove jobs. */
export const scheduleFlags = {
  ...projectFlags,
  with: Flags.option({
    summary: 'What runs the jobs. Left out: where they are installed already, else what the machine has.',
    options: ['cron', 'systemd-user', 'systemd-system'] as const,
  })(),
}

/** This Node and this program: what a timer is to call. */
export const thisProgram = (): { readonly node: string; readonly program: string } => ({ node: process.execPath, program: process.argv[1] ?? '' })
