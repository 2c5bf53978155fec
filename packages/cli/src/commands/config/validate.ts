import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { ConfigValidateOutput } from '../../outputs.ts'

export default class ConfigValidate extends BaseCommand {
  static override summary = 'Check the configuration against the installed plugins.'

  static override description = 'Reads the configuration as a run would and connects to nothing. Exits with 2 when something is wrong.'

  static override examples = ['<%= config.bin %> <%= command.id %>']

  static override flags = projectFlags

  async run(): Promise<ConfigValidateOutput> {
    const { flags } = await this.parse(ConfigValidate)
    const { validate } = await import('../../services/validate.ts')
    const { validateText } = await import('../../render/validate.ts')
    const outcome = await validate(this.config, this.projectFlags(flags))
    process.exitCode = outcome.valid ? 0 : 2
    await this.show(() => validateText(outcome))
    return this.redacted(outcome)
  }
}
