import { BaseCommand } from '../../base-command.ts'
import type { ScheduleRemoveOutput } from '../../outputs.ts'
import { scheduleFlags, thisProgram } from '../../schedule-flags.ts'

export default class ScheduleRemove extends BaseCommand {
  static override summary = 'Take away what `schedule install` has written for this project.'

  static override description = 'A run that is going on is left alone. Jobs that were installed with --params or --config are found with the same flags only.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = scheduleFlags

  async run(): Promise<ScheduleRemoveOutput> {
    const { flags } = await this.parse(ScheduleRemove)
    const { removeSchedules } = await import('../../services/schedule-remove.ts')
    const { removeText } = await import('../../render/schedule.ts')
    const outcome = await removeSchedules(this.config, { project: this.projectFlags(flags), ...thisProgram(), with: flags.with }, await this.session())
    for (const warning of outcome.warnings) await this.warning(warning)
    this.log(removeText(outcome))
    return outcome
  }
}
