import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { StateShowOutput } from '../../outputs.ts'
import { selectionFlags } from '../../selection-flags.ts'

export default class StateShow extends BaseCommand {
  static override summary = 'Show what the state knows of each database.'

  static override description = 'Reads the state only: connects to neither source nor target.'

  static override examples = ['<%= config.bin %> <%= command.id %> --overview', '<%= config.bin %> <%= command.id %> --database shop1']

  static override flags = {
    ...projectFlags,
    overview: Flags.boolean({ summary: 'One line for each database, without its tables.' }),
    database: selectionFlags.database,
  }

  async run(): Promise<StateShowOutput> {
    const { flags } = await this.parse(StateShow)
    const { showState } = await import('../../services/state-show.ts')
    const { stateText } = await import('../../render/state-show.ts')
    const request = { project: this.projectFlags(flags), databases: flags.database, tables: !flags.overview }
    const outcome = await showState(this.config, request, await this.session())
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => stateText(outcome, new Date()))
    return this.redacted(outcome)
  }
}
