import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { StateResetOutput } from '../../outputs.ts'
import { selectionFlags } from '../../selection-flags.ts'

export default class StateReset extends BaseCommand {
  static override summary = 'Forget how far tables have come: the next run compares them, or copies them in full.'

  static override description =
    'Shows for each table what the next run will do, as that run would plan it now, and asks. Changes the state only, no table. Without a selection it is every table that the state knows. Refused while a run is at work.'

  static override examples = [
    "<%= config.bin %> <%= command.id %> --database shop --table 'order*' --preview",
    '<%= config.bin %> <%= command.id %> --target copy --yes',
  ]

  static override flags = {
    ...projectFlags,
    ...selectionFlags,
    preview: Flags.boolean({ summary: 'Show what the next run would do, and write nothing.', exclusive: ['yes'] }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
  }

  async run(): Promise<StateResetOutput> {
    const { flags } = await this.parse(StateReset)
    const { resetState } = await import('../../services/state-reset.ts')
    const { resetJson, resetText } = await import('../../render/state-reset.ts')
    const selection = { databases: flags.database, tables: flags.table, targets: flags.target }
    const request = { project: this.projectFlags(flags), selection, preview: flags.preview, yes: flags.yes, json: this.jsonEnabled() }
    const outcome = await resetState(this.config, request, await this.session())
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => resetText(outcome))
    return this.redacted(resetJson(outcome))
  }
}
