import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { StateImportOutput } from '../../outputs.ts'

export default class StateImport extends BaseCommand {
  static override summary = 'Put the state of an export back.'

  static override description =
    `Checks the whole file, shows what it changes, and asks. Each database in the file takes the place of what the state has of it; all others stay. Refused while a run is at work. One that was stopped is finished by the same command.
An older state than the true one is harmless: the next run reads more. One that is newer than the copies makes it miss rows: compare them then, with run --reconcile.`

  static override examples = ['<%= config.bin %> <%= command.id %> state.json --preview', '<%= config.bin %> <%= command.id %> state.json --yes']

  static override args = { file: Args.string({ required: true, description: 'File that an export has written.' }) }

  static override flags = {
    ...projectFlags,
    preview: Flags.boolean({ summary: 'Show what would change, and write nothing.', exclusive: ['yes'] }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
  }

  async run(): Promise<StateImportOutput> {
    const { args, flags } = await this.parse(StateImport)
    const { importFile } = await import('../../services/state-import.ts')
    const { importJson, importText } = await import('../../render/state-transfer.ts')
    const request = { project: this.projectFlags(flags), file: args.file, preview: flags.preview, yes: flags.yes, json: this.jsonEnabled() }
    const outcome = await importFile(this.config, request, await this.session())
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => importText(outcome))
    return this.redacted(importJson(outcome))
  }
}
