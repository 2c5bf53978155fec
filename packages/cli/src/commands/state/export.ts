import * as Args from '@oclif/core/args'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { StateExportOutput } from '../../outputs.ts'

export default class StateExport extends BaseCommand {
  static override summary = 'Write the state of all databases to one file.'

  static override description =
    'Positions, times and the last run, as JSON: for another machine, or to put them back. The file appears whole or not at all; an earlier export of that name is replaced, any other file is not. Refused while a run is at work.'

  static override examples = ['<%= config.bin %> <%= command.id %> state.json']

  static override args = { file: Args.string({ required: true, description: 'File to write.' }) }

  static override flags = projectFlags

  async run(): Promise<StateExportOutput> {
    const { args, flags } = await this.parse(StateExport)
    const { exportFile } = await import('../../services/state-export.ts')
    const { exportText } = await import('../../render/state-transfer.ts')
    const outcome = await exportFile(this.config, { project: this.projectFlags(flags), file: args.file }, await this.session())
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => exportText(outcome))
    return this.redacted(outcome)
  }
}
