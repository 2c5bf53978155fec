import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../base-command.ts'
import type { DoctorOutput } from '../outputs.ts'

export default class Doctor extends BaseCommand {
  static override summary = 'Look for what is wrong with the set-up, and say how to put it right.'

  static override description =
    `Looks at configuration, plugins, source, targets, clocks, tables, backup points, state, schedule and alerts. Writes nothing, and needs no more rights than a run. What is broken keeps nothing else from being looked at.

Every line is ok, a note, a warning (it works, and will cost time or safety), a failure (runs fail, or data is in danger) or unchecked, with the statement, command or setting that puts it right.

--alert-test does one other thing instead: it sends a test alert to every place under \`alerts\` in sync-config.json and says how each one answered.

Exit codes: 0 no failure, whatever the warnings; 2 the configuration cannot be used; 3 a run could not start (connection, privileges); 1 any other failure; 70 a fault of dbsync; 130 or 143 stopped by a signal. With --alert-test: 0 all answered well; 1 one did not, or no alert is configured; 2 usage or configuration.`

  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --alert-test']

  static override flags = { ...projectFlags, 'alert-test': Flags.boolean({ summary: 'Send a test alert to every configured place, and check nothing else.' }) }

  async run(): Promise<DoctorOutput> {
    const { flags } = await this.parse(Doctor)
    return flags['alert-test'] ? this.#alertTest(flags) : this.#examine(flags)
  }

  async #examine(flags: Parameters<BaseCommand['projectFlags']>[0]): Promise<DoctorOutput> {
    const { doctor } = await import('../services/doctor.ts')
    const { doctorText } = await import('../render/doctor.ts')
    const outcome = await doctor(this.config, this.projectFlags(flags), await this.session())
    process.exitCode = outcome.exit
    const shown = await this.redacted(outcome)
    this.log(doctorText(shown, process.stdout.columns ?? 100))
    return shown
  }

  async #alertTest(flags: Parameters<BaseCommand['projectFlags']>[0]): Promise<DoctorOutput> {
    const { alertTest } = await import('../services/alert-test.ts')
    const { alertTestText } = await import('../render/alert-test.ts')
    const outcome = await alertTest(this.projectFlags(flags), await this.session())
    process.exitCode = outcome.exit
    await this.show(() => alertTestText(outcome))
    return this.redacted({ alerts: outcome.answers })
  }
}
