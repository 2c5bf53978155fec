import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../base-command.ts'
import type { StatusOutput } from '../outputs.ts'
import type { StatusOutcome } from '../services/status.ts'

const WATCH_MS = 2_000
const CLEAR = '\u001b[H\u001b[2J'

export default class Status extends BaseCommand {
  static override summary = 'Show what is running, the last runs, and how old each table is.'

  static override description = `Reads the state only: connects to neither source nor target.

Exit codes: 0 healthy; 1 the last run failed, was killed or found differences, or a table failed; 6 a table is older than --max-age allows; 2 usage or configuration.`

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --max-age 2h',
    '<%= config.bin %> <%= command.id %> --run latest',
    '<%= config.bin %> <%= command.id %> --run latest --report report.html',
  ]

  static override flags = {
    ...projectFlags,
    'max-age': Flags.custom<number>({
      parse: async (text) => (await import('@dbsync/core')).parseDuration(text),
      summary: 'Exit with 6 when a table was last synced longer ago, such as 90s, 45m, 2h or 1d.',
      helpValue: 'TIME',
    })(),
    watch: Flags.boolean({ summary: 'Show it anew every two seconds, until Ctrl-C.', exclusive: ['json', 'run'] }),
    run: Flags.string({ summary: 'One run or verification, whole: its id, the beginning of it, or `latest`.', helpValue: 'ID' }),
    report: Flags.string({ summary: 'Write this run into one HTML page.', helpValue: 'FILE', dependsOn: ['run'] }),
  }

  async run(): Promise<StatusOutput | undefined> {
    const { flags } = await this.parse(Status)
    const project = this.projectFlags(flags)
    if (flags.run !== undefined) return await this.#one(flags.run, flags.report, project)
    const { status } = await import('../services/status.ts')
    const { statusText } = await import('../render/status.ts')
    const { fit } = await import('../render/fit.ts')
    const session = await this.session()
    const { signal } = session.interrupt
    const read = () => status(this.config, { project, maxAgeMs: flags['max-age'] }, session)
    const show = async (outcome: StatusOutcome) => fit(await this.redacted(await statusText(outcome, new Date())), process.stdout.columns)
    if (flags.watch) {
      const { setTimeout: sleep } = await import('node:timers/promises')
      while (!signal.aborted) {
        process.stdout.write(`${CLEAR}${await show(await read())}\n`)
        await sleep(WATCH_MS, undefined, { signal }).catch(() => {})
      }
      return undefined
    }
    const outcome = await read()
    process.exitCode = outcome.exit
    for (const warning of outcome.warnings) await this.warning(warning)
    if (!this.jsonEnabled()) this.log(await show(outcome))
    const { status: found, exit: _, zone: _zone, ...rest } = outcome
    const brief = (records: StatusOutcome['runs']) => records.map(({ report: _report, verification: _verification, rates: _rates, ...record }) => record)
    return this.redacted({ ...found, ...rest, running: brief(rest.running), runs: brief(rest.runs) })
  }

  async #one(wanted: string, file: string | undefined, project: ReturnType<BaseCommand['projectFlags']>): Promise<StatusOutput> {
    const { rememberedRun } = await import('../services/status.ts')
    const { rememberedText } = await import('../render/remembered.ts')
    const record = await rememberedRun(this.config, project, wanted, await this.session())
    if (file !== undefined) {
      const { writePage } = await import('../page/write-page.ts')
      await writePage(file, await this.redacted(record))
    }
    await this.show(() => rememberedText(record, new Date()))
    return this.redacted(record)
  }
}
