import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../base-command.ts'
import type { PurgeOutput } from '../outputs.ts'
import { namedDatabasesFlag, targetsFlag } from '../selection-flags.ts'

export default class Purge extends BaseCommand {
  static override summary = 'Remove a database, a tenant that leaves, from targets whose tables are shared.'

  static override description =
    `Deletes every row that the shared tables have of the database, what killed runs left of it, and its positions in the state; nothing of any other database. Needs nothing of the source, and the database need not be configured any more. Where a target keeps databases of their own (MySQL), nothing is dropped: drop them there.
A purge that was stopped is finished by the same command.

Exit codes: 0 nothing of it is left; 1 not confirmed, or rows were left; 2 usage or configuration, no such database; 3 nothing could start (connection, privileges); 4 a run holds the lock; 70 a fault of dbsync; 130 or 143 stopped by a signal.`

  static override examples = ['<%= config.bin %> <%= command.id %> --database shop7 --dry-run', '<%= config.bin %> <%= command.id %> --database shop7 --yes']

  static override flags = {
    ...projectFlags,
    database: namedDatabasesFlag,
    target: targetsFlag,
    'dry-run': Flags.boolean({ summary: 'Show the tables, their rows and the statements, and remove nothing.', exclusive: ['yes'] }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
  }

  async run(): Promise<PurgeOutput> {
    const { flags } = await this.parse(Purge)
    if (flags.database === undefined) this.error('Which database is to go? Name it with --database.')
    const { purge } = await import('../services/purge.ts')
    const { purgeJson, purgeText } = await import('../render/purge.ts')
    const outcome = await purge(
      this.config,
      {
        project: this.projectFlags(flags),
        databases: flags.database,
        targets: flags.target,
        dryRun: flags['dry-run'],
        yes: flags.yes,
        json: this.jsonEnabled(),
      },
      await this.session(),
    )
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => purgeText(outcome))
    return this.redacted(purgeJson(outcome))
  }
}
