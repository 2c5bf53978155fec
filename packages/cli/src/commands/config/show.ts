import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { ConfigShowOutput } from '../../outputs.ts'

export default class ConfigShow extends BaseCommand {
  static override summary = 'Show the configuration in force, without its secrets.'

  static override description = 'Files, environment and defaults put together, as a run would see them. Fetches no secret and connects to nothing.'

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --sources',
    '<%= config.bin %> <%= command.id %> --profile staging',
  ]

  static override flags = { ...projectFlags, sources: Flags.boolean({ summary: 'Beside each value, where it comes from.' }) }

  async run(): Promise<ConfigShowOutput> {
    const { flags } = await this.parse(ConfigShow)
    const { showConfig } = await import('../../services/show-config.ts')
    const { configText } = await import('../../render/config.ts')
    const outcome = await showConfig(this.config, this.projectFlags(flags))
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => configText(outcome, flags.sources))
    return this.redacted(outcome)
  }
}
