import * as Flags from '@oclif/core/flags'

/** How much is said on the way: nothing at all unless something is wrong, or everything that goes into the log. Left out: progress, and the report. */
export type Talk = 'quiet' | 'verbose'

export const talkFlags = {
  quiet: Flags.boolean({ summary: 'Print nothing unless something is wrong: for cron.', exclusive: ['verbose'] }),
  verbose: Flags.boolean({ summary: 'Print what is logged, line by line, and log what is only of use when something is sought.' }),
}

export const talkOf = ({ quiet, verbose }: { readonly quiet: boolean; readonly verbose: boolean }): Talk | undefined =>
  quiet ? 'quiet' : verbose ? 'verbose' : undefined
