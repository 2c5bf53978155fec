import * as Flags from '@oclif/core/flags'
import { allowFlag } from '../allow-flag.ts'
import { BaseCommand, projectFlags } from '../base-command.ts'
import type { VerifyOutput } from '../outputs.ts'
import { selection, selectionFlags } from '../selection-flags.ts'
import { talkFlags, talkOf } from '../talk.ts'

export default class Verify extends BaseCommand {
  static override summary = 'Compare the targets with the source, and show which rows differ.'

  static override description =
    `Reads both ends and writes to neither, unless --repair is given. Rows that change meanwhile are looked at again before they are called different.

Exit codes: 0 equal; 1 some tables could not be compared; 2 usage or configuration; 3 nothing could start (connection, privileges); 4 another run holds the lock (--repair only); 5 source and target differ, still after a repair; 70 a fault of dbsync; 130 or 143 stopped by a signal.`

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --level rows --table orders --limit 100',
    '<%= config.bin %> <%= command.id %> --repair',
  ]

  static override flags = {
    ...projectFlags,
    level: Flags.option({
      options: ['count', 'checksum', 'digest', 'rows'] as const,
      summary:
        'How: row counts, a quick sum of each table, hashes made in the servers, or every row read from both ends. By default as configured (verify_level).',
    })(),
    ...selectionFlags,
    ...talkFlags,
    parallel: Flags.integer({ summary: 'Tables at the same time.', min: 1, max: 256, helpValue: 'N' }),
    limit: Flags.integer({ summary: 'Rows that are shown of one table; all are counted.', min: 0, default: 20, helpValue: 'N' }),
    'max-rows-per-second': Flags.integer({ summary: 'Compare no faster than this, all tables together.', min: 1, helpValue: 'N', helpGroup: 'LOAD' }),
    'max-lag': Flags.custom<number>({
      parse: async (text) => (await import('@dbsync/core')).parseDuration(text),
      summary: 'Wait while a server that is a replica is further behind, such as 5s or 2m.',
      helpValue: 'TIME',
      helpGroup: 'LOAD',
    })(),
    repair: Flags.boolean({ summary: 'Move the rows that differ, with the locks, guards and backup point of a run, and verify again.' }),
    allow: allowFlag,
  }

  async run(): Promise<VerifyOutput> {
    const { flags } = await this.parse(Verify)
    if (flags.allow !== undefined && !flags.repair) this.error('--allow goes with --repair: without it nothing is written.')
    const { verify } = await import('../services/verify.ts')
    const { verifyJson, verifyText } = await import('../render/verify.ts')
    const session = await this.session()
    const overrides = {
      ...selection(flags),
      ...(flags.parallel === undefined ? {} : { parallel: flags.parallel }),
      ...(flags.allow === undefined ? {} : { allow: flags.allow }),
    }
    const outcome = await verify(
      this.config,
      {
        project: { ...this.projectFlags(flags), overrides },
        level: flags.level,
        maxRowsPerSecond: flags['max-rows-per-second'],
        maxLagSeconds: flags['max-lag'] === undefined ? undefined : flags['max-lag'] / 1000,
        limit: flags.limit,
        repair: flags.repair,
        json: this.jsonEnabled(),
        talk: talkOf(flags),
      },
      session,
    )
    process.exitCode = outcome.exit
    if (!(flags.quiet && outcome.exit === 0)) await this.show(() => verifyText(outcome, new Date()))
    return this.redacted(verifyJson(outcome))
  }
}
