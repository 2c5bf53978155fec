import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand, projectFlags } from '../../base-command.ts'
import type { JobOutput, ScheduleRunOutput } from '../../outputs.ts'
import type { JobOutcome } from '../../services/schedule-run.ts'

export default class ScheduleRun extends BaseCommand {
  static override summary = 'Run a job: what the timer calls, and the same by hand.'

  static override description =
    `Runs the job with its own mode, databases, tables and targets, writes how it went to logs/db-backup.log, and sends an alert when it failed.

Exit codes are those of the run; an alert that cannot be sent changes nothing. 4 means that another run held the lock: that is told only from the second time in a row.`

  static override examples = ['<%= config.bin %> <%= command.id %> daily', '<%= config.bin %> <%= command.id %> daily --full']

  static override args = { job: Args.string({ description: 'Name of the job under `schedules`.' }) }

  static override flags = {
    ...projectFlags,
    full: Flags.boolean({ summary: 'Copy every table in full this once.', exclusive: ['missed'] }),
    quiet: Flags.boolean({ summary: 'Print nothing unless the job fails.' }),
    missed: Flags.boolean({ summary: 'Run every enabled job that was due and did not run, such as after a start of the machine.' }),
  }

  async run(): Promise<ScheduleRunOutput> {
    const { args, flags } = await this.parse(ScheduleRun)
    if ((args.job === undefined) === (flags.missed !== true)) this.error('Give either the name of a job or --missed.', { exit: 2 })
    const { runJob, runMissed } = await import('../../services/schedule-run.ts')
    const session = await this.session()
    const request = { project: this.projectFlags(flags), full: flags.full, json: this.jsonEnabled() || flags.quiet }
    if (args.job !== undefined) {
      const outcome = await runJob(this.config, args.job, request, session)
      await this.#show(outcome, flags.quiet)
      process.exitCode = outcome.exit
      return this.#json(outcome)
    }
    const outcomes = await runMissed(this.config, request, session)
    for (const outcome of outcomes) await this.#show(outcome, flags.quiet)
    process.exitCode = outcomes.find(({ exit }) => exit !== 0)?.exit ?? 0
    if (outcomes.length === 0 && !flags.quiet) this.log('No job was missed.')
    return { jobs: await Promise.all(outcomes.map((outcome) => this.#json(outcome))) }
  }

  async #show(outcome: JobOutcome, quiet: boolean): Promise<void> {
    if (this.jsonEnabled() || (quiet && outcome.exit === 0)) return
    const { jobText } = await import('../../render/schedule.ts')
    for (const warning of outcome.warnings) await this.warning(warning)
    if (outcome.failure !== undefined) process.stderr.write(`${outcome.failure.text}\n`)
    await this.show(() => jobText(outcome))
  }

  async #json({ result, failure, ...outcome }: JobOutcome): Promise<JobOutput> {
    const { resultJson } = await import('../../render/schedule.ts')
    return this.redacted({
      ...outcome,
      ...(result === undefined ? {} : { result: resultJson(result) }),
      ...(failure === undefined ? {} : { error: failure.json }),
    })
  }
}
