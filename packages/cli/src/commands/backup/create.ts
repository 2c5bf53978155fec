import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { BackupCreateOutput } from '../../outputs.ts'
import { selecting, selectionFlags } from '../../selection-flags.ts'

export default class BackupCreate extends BaseCommand {
  static override summary = 'Make a backup point of the targets as they are now.'

  static override description =
    `Writes the tables of each target as plain SQL, compressed, all of one moment, with a manifest beside it. Needs nothing of the source. dbsync rollback goes back to it; without dbsync, zcat FILE | mariadb DATABASE loads it.

Exit codes: 0 made; 1 it could not be written; 2 usage or configuration; 3 nothing could start (connection, privileges); 70 a fault of dbsync; 130 or 143 stopped by a signal.`

  static override examples = ['<%= config.bin %> <%= command.id %>', "<%= config.bin %> <%= command.id %> --database shop --table 'order*'"]

  static override flags = {
    ...projectFlags,
    all: Flags.boolean({ summary: 'Every table of these databases, also those that the configuration leaves out.' }),
    ...selectionFlags,
  }

  async run(): Promise<BackupCreateOutput> {
    const { flags } = await this.parse(BackupCreate)
    const { createBackups } = await import('../../services/backup.ts')
    const { createdText } = await import('../../render/backup.ts')
    const session = await this.session()
    const outcome = await createBackups(this.config, { project: selecting(this.projectFlags(flags), flags), all: flags.all, json: this.jsonEnabled() }, session)
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => createdText(outcome))
    return this.redacted({ points: outcome.points, warnings: outcome.warnings })
  }
}
