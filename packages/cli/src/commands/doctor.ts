import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../base-command.ts'

export default class Doctor extends BaseCommand {
  static override summary = 'Try out what is needed only when something goes wrong.'

  static override description = `--alert-test sends a test alert to every place under \`alerts\` in sync-config.json and says how each one answered.

Exit codes: 0 all answered well; 1 one did not, or no alert is configured; 2 usage or configuration.`

  static override examples = ['<%= config.bin %> <%= command.id %> --alert-test']

  static override flags = { ...projectFlags, 'alert-test': Flags.boolean({ summary: 'Send a test alert to every configured place.' }) }

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Doctor)
    if (!flags['alert-test']) {
      const checks = [{ flag: '--alert-test', does: 'Send a test alert to every configured place.' }]
      this.log(
        [
          'What can be tried out:',
          ...checks.map(({ flag, does }) => `  dbsync doctor ${flag}   ${does}`),
          'The configuration is checked by: dbsync config validate',
        ].join('\n'),
      )
      return { checks }
    }
    const { alertTest } = await import('../services/alert-test.ts')
    const { alertTestText } = await import('../render/alert-test.ts')
    const outcome = await alertTest(this.projectFlags(flags), await this.session())
    process.exitCode = outcome.exit
    this.log(await this.redacted(alertTestText(outcome)))
    return this.redacted({ alerts: outcome.answers })
  }
}
