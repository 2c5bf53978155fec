import { BaseCommand } from '../base-command.ts'
import type { TargetsOutput } from '../outputs.ts'

export default class Targets extends BaseCommand {
  static override summary = 'List the sources, targets and state stores that are installed, with their options.'

  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> plugins install @dbsync/plugin-duckdb-target']

  async run(): Promise<TargetsOutput> {
    await this.parse(Targets)
    const { loadRegistry } = await import('../registry.ts')
    const { installedProviders } = await import('../services/targets.ts')
    const { targetsText } = await import('../render/targets.ts')
    const installed = installedProviders(await loadRegistry(this.config))
    this.log(await targetsText(installed, process.stdout.columns))
    return { installed }
  }
}
