import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../base-command.ts'

export default class Status extends BaseCommand {
  static override summary = 'Show when each table was last synced, and how.'

  static override description = 'Reads the state only: connects to neither source nor target.'

  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --max-age 2h']

  static override flags = {
    ...projectFlags,
    'max-age': Flags.custom<number>({
      parse: async (text) => (await import('@dbsync/core')).parseDuration(text),
      summary: 'Exit with 6 when a table was last synced longer ago, such as 90s, 45m, 2h or 1d.',
      helpValue: 'TIME',
    })(),
  }

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Status)
    const { status } = await import('../services/status.ts')
    const { statusText } = await import('../render/status.ts')
    const { STALE_EXIT_CODE } = await import('../failure.ts')
    const outcome = await status(this.config, this.projectFlags(flags), flags['max-age'], await this.session())
    process.exitCode = outcome.isStale ? STALE_EXIT_CODE : 0
    for (const warning of outcome.warnings) await this.warning(warning)
    this.log(await this.redacted(await statusText(outcome.status, outcome.stale, new Date())))
    return this.redacted({ ...outcome.status, stale: outcome.stale, isStale: outcome.isStale, warnings: outcome.warnings })
  }
}
