import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base-command.ts'
import type { ScheduleInstallOutput } from '../../outputs.ts'
import { scheduleFlags, thisProgram } from '../../schedule-flags.ts'

export default class ScheduleInstall extends BaseCommand {
  static override summary = 'Have the jobs of the configuration run by cron or systemd.'

  static override description =
    `Writes the enabled jobs under \`schedules\` in sync-config.json into the crontab, or a service and a timer of systemd for each. Touches nothing but its own part.
Run it again after every change of \`schedules\`, and after dbsync, Node.js or the folder has moved.`

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --with cron',
    '<%= config.bin %> <%= command.id %> --print --with systemd-system',
  ]

  static override flags = { ...scheduleFlags, print: Flags.boolean({ summary: 'Show what would be written, and write nothing.' }) }

  async run(): Promise<ScheduleInstallOutput> {
    const { flags } = await this.parse(ScheduleInstall)
    const { installSchedules, printSchedules } = await import('../../services/schedule-install.ts')
    const { installText, printText } = await import('../../render/schedule.ts')
    const session = await this.session()
    const request = { project: this.projectFlags(flags), ...thisProgram(), with: flags.with }
    if (flags.print) {
      const outcome = await printSchedules(this.config, request, session)
      this.log(printText(outcome))
      return outcome
    }
    const outcome = await installSchedules(this.config, request, session)
    for (const warning of outcome.warnings) await this.warning(warning)
    this.log(await installText(outcome))
    return outcome
  }
}
