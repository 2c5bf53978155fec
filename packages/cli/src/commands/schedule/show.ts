import { BaseCommand } from '../../base-command.ts'
import type { ScheduleShowOutput } from '../../outputs.ts'
import { scheduleFlags, thisProgram } from '../../schedule-flags.ts'

export default class ScheduleShow extends BaseCommand {
  static override summary = 'Show the jobs: configured, installed, next and last run.'

  static override description = 'Changes nothing. Past runs are those in logs/db-backup.log.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = scheduleFlags

  async run(): Promise<ScheduleShowOutput> {
    const { flags } = await this.parse(ScheduleShow)
    const { showSchedules } = await import('../../services/schedule-show.ts')
    const { showText } = await import('../../render/schedule.ts')
    const outcome = await showSchedules(this.config, { project: this.projectFlags(flags), ...thisProgram(), with: flags.with }, await this.session())
    for (const warning of outcome.warnings) await this.warning(warning)
    this.log(await showText(outcome, new Date()))
    return outcome
  }
}
