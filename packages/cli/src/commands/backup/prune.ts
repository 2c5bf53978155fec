import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { BackupPruneOutput } from '../../outputs.ts'
import { selecting, targetsFlag } from '../../selection-flags.ts'

export default class BackupPrune extends BaseCommand {
  static override summary = 'Remove the backup points that the settings do not keep.'

  static override description =
    'A run does the same after it has succeeded. Kept are the newest points (keep_last) and the newest of each day and week (keep_daily, keep_weekly), unless they are too old (max_age); always the newest point and the newest one that was proved. Files of other tools stay.'

  static override examples = ['<%= config.bin %> <%= command.id %> --dry-run']

  static override flags = {
    ...projectFlags,
    'dry-run': Flags.boolean({ summary: 'Show what would be removed, and remove nothing.' }),
    target: targetsFlag,
  }

  async run(): Promise<BackupPruneOutput> {
    const { flags } = await this.parse(BackupPrune)
    const { pruneBackups } = await import('../../services/backup.ts')
    const { prunedText } = await import('../../render/backup.ts')
    const project = selecting(this.projectFlags(flags), flags)
    const outcome = await pruneBackups(this.config, project, flags['dry-run'], await this.session())
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => prunedText(outcome, flags['dry-run']))
    return this.redacted({ points: outcome.points, warnings: outcome.warnings })
  }
}
