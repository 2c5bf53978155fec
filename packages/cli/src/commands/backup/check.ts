import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { BackupCheckOutput } from '../../outputs.ts'
import { selecting, targetsFlag } from '../../selection-flags.ts'

export default class BackupCheck extends BaseCommand {
  static override summary = 'Prove that backup points can be used.'

  static override description =
    `Reads every byte: checksums, the end of the file, every statement, the rows of every table. With --restore it also restores the point into a scratch database on the target's server, which is dropped again, and compares all rows with what they were.

Verdicts: proved (restored and compared), intact (every checksum fits), unproved (readable, with nothing to compare it with), damaged.

Exit codes: 0 none is damaged; 1 one is; 2 usage or configuration; 3 nothing could start (connection, privileges); 70 a fault of dbsync; 130 or 143 stopped by a signal.`

  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> latest --restore']

  static override args = {
    point: Args.string({ description: 'Name or path of a point, the id of the run that it was made for, or latest. Left out: every point.' }),
  }

  static override flags = {
    ...projectFlags,
    restore: Flags.boolean({ summary: 'Restore it into a scratch database and compare the rows.' }),
    target: targetsFlag,
  }

  async run(): Promise<BackupCheckOutput> {
    const { args, flags } = await this.parse(BackupCheck)
    const { checkBackups } = await import('../../services/backup.ts')
    const { checkedText } = await import('../../render/backup.ts')
    const project = selecting(this.projectFlags(flags), flags)
    const outcome = await checkBackups(this.config, { project, point: args.point, restore: flags.restore }, await this.session())
    process.exitCode = outcome.exit
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => checkedText(outcome))
    return this.redacted({ points: outcome.points, warnings: outcome.warnings })
  }
}
