import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { StateMigrateOutput } from '../../outputs.ts'
import { targetsFlag } from '../../selection-flags.ts'

export default class StateMigrate extends BaseCommand {
  static override summary = 'Take over the state files of an older tool, one for each table.'

  static override description =
    `Reads every <status_dir>/<database>_<table>.json, writes what it says into the state of its database, and moves it to backup_single_table_files there. What the state knows already stays where it is newer. A file whose database is not certain, or that cannot be read, stays and is named. A migration that was stopped is finished by the same command.
The first run after it compares each of these tables once, where the target can be compared, and moves only what differs. Elsewhere it goes on by time, from the last sync less the lookback.

Exit codes: 0 done, or there was nothing to do; 1 files were left that may be state files; 2 usage or configuration; 4 a run holds the lock; 70 a fault of dbsync; 130 or 143 stopped by a signal.`

  static override examples = ['<%= config.bin %> <%= command.id %> --preview', '<%= config.bin %> <%= command.id %> --timezone Europe/Berlin']

  static override flags = {
    ...projectFlags,
    preview: Flags.boolean({ summary: 'Show what would be done, and write nothing.' }),
    timezone: Flags.string({
      summary: "Zone of times that do not name one: Europe/Berlin, UTC, +02:00. Without it this machine's, and positions are taken 26 hours earlier.",
      helpValue: 'ZONE',
    }),
    target: targetsFlag,
  }

  async run(): Promise<StateMigrateOutput> {
    const { flags } = await this.parse(StateMigrate)
    const { migrateState } = await import('../../services/state-migrate.ts')
    const { migrationJson, migrationText } = await import('../../render/state-migrate.ts')
    const request = { project: this.projectFlags(flags), preview: flags.preview, timezone: flags.timezone, targets: flags.target }
    const outcome = await migrateState(this.config, request, await this.session())
    process.exitCode = outcome.exit
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => migrationText(outcome))
    return this.redacted(migrationJson(outcome))
  }
}
