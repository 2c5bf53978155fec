import * as Flags from '@oclif/core/flags'
import { allowFlag } from '../allow-flag.ts'
import { BaseCommand, projectFlags } from '../base-command.ts'
import type { RunOutput } from '../outputs.ts'
import { selection, selectionFlags } from '../selection-flags.ts'
import { talkFlags, talkOf } from '../talk.ts'

export default class Run extends BaseCommand {
  static override summary = 'Bring the targets in step with the source.'

  static override description = `Reads both ends, decides for every table how to sync it, does it, and reports what each table is guaranteed to be afterwards.

Exit codes: 0 every table reached its guarantee; 1 some tables failed or were refused; 2 usage or configuration; 3 nothing could start (connection, privileges); 4 another run holds the lock; 5 a table was synced and is not equal when it is verified; 70 a fault of dbsync; 130 or 143 stopped by a signal.`

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --dry-run',
    "<%= config.bin %> <%= command.id %> --full --database shop --table 'order*'",
  ]

  static override flags = {
    ...projectFlags,
    full: Flags.boolean({ summary: 'Copy every table in full.', exclusive: ['incremental', 'reconcile'] }),
    incremental: Flags.boolean({ summary: 'Move only what changed, whatever the configuration says.', exclusive: ['reconcile'] }),
    reconcile: Flags.boolean({ summary: 'Compare every table as a whole, and move what differs: finds what no timestamp shows.' }),
    allow: allowFlag,
    'allow-destructive': Flags.boolean({ summary: 'Drop tables and columns that are gone at the source: the same as --allow destructive.' }),
    backup: Flags.boolean({
      summary: 'Make a backup point before the first write, or with --no-backup make none, whatever the configuration says.',
      allowNo: true,
    }),
    strict: Flags.boolean({ summary: 'A value that a target has no place for (a zero date in BigQuery) fails its table; otherwise it becomes NULL, counted.' }),
    'dry-run': Flags.boolean({ summary: 'Show what would be done, with the statements, and write nothing.' }),
    ...selectionFlags,
    ...talkFlags,
    report: Flags.string({ summary: 'Write the report into one HTML page, too.', helpValue: 'FILE', exclusive: ['dry-run'] }),
    parallel: Flags.integer({ summary: 'Tables at the same time.', min: 1, max: 256, helpValue: 'N' }),
  }

  async run(): Promise<RunOutput> {
    const { flags } = await this.parse(Run)
    const { run } = await import('../services/run.ts')
    const { runJson, runText } = await import('../render/run-outcome.ts')
    const session = await this.session()
    const overrides = {
      ...(flags.full
        ? { mode: 'full' as const }
        : flags.incremental
          ? { mode: 'incremental' as const }
          : flags.reconcile
            ? { mode: 'reconcile' as const }
            : {}),
      allow: [...(flags.allow ?? []), ...(flags['allow-destructive'] ? (['destructive'] as const) : [])],
      ...selection(flags),
      ...(flags.backup === undefined ? {} : { backup: flags.backup }),
      ...(flags.strict ? { strict: true } : {}),
      ...(flags.parallel === undefined ? {} : { parallel: flags.parallel }),
    }
    const project = { ...this.projectFlags(flags), overrides }
    const outcome = await run(this.config, { project, dryRun: flags['dry-run'], json: this.jsonEnabled(), talk: talkOf(flags), page: flags.report }, session)
    process.exitCode = outcome.exit
    if (!(flags.quiet && outcome.exit === 0)) await this.show(() => runText(outcome, new Date()))
    return this.redacted(runJson(outcome))
  }
}
