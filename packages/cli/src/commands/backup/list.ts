import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { BackupListOutput } from '../../outputs.ts'
import { selecting, targetsFlag } from '../../selection-flags.ts'

export default class BackupList extends BaseCommand {
  static override summary = 'Show the backup points of the targets, newest first.'

  static override description =
    'Dumps of mysqldump or mariadb-dump that lie in the folder (*.sql.gz) are shown too: they have no manifest, so nothing proves them.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = { ...projectFlags, target: targetsFlag }

  async run(): Promise<BackupListOutput> {
    const { flags } = await this.parse(BackupList)
    const { listBackups } = await import('../../services/backup.ts')
    const { pointsText } = await import('../../render/backup.ts')
    const outcome = await listBackups(this.config, selecting(this.projectFlags(flags), flags), await this.session())
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => pointsText(outcome, new Date(), process.stdout.columns))
    return this.redacted({ points: outcome.points, warnings: outcome.warnings })
  }
}
