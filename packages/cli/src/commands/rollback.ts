import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { allowFlag } from '../allow-flag.ts'
import { BaseCommand, projectFlags } from '../base-command.ts'
import type { RollbackOutput } from '../outputs.ts'

export default class Rollback extends BaseCommand {
  static override summary = 'Put the tables of a target back to a backup point.'

  static override description =
    `Checks the whole point, makes a point of the present state, builds the tables beside the live ones and lets them change places: definitions, rows, triggers and foreign keys, all at once. Positions go back too, so that the next run goes on from there. Needs nothing of the source.
A rollback that was stopped is finished by the same command; until then no run writes to its databases.

Exit codes: 0 everything is as it was; 1 the point is damaged, a guard refused, or something has to be put right by hand; 2 usage or configuration; 3 nothing could start (connection, privileges); 4 a run or another rollback holds the lock; 70 a fault of dbsync; 130 or 143 stopped by a signal.`

  static override examples = [
    '<%= config.bin %> <%= command.id %> --list',
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> backup_point_20261121_020000 --yes',
  ]

  static override args = {
    point: Args.string({
      description: 'Name or path of a backup point, the id of the run that it was made for, or latest: the newest that no rollback made.',
      default: 'latest',
      noCacheDefault: true,
    }),
  }

  static override flags = {
    ...projectFlags,
    list: Flags.boolean({ summary: 'Show the points, newest first, and do nothing.', exclusive: ['dry-run', 'yes'] }),
    'dry-run': Flags.boolean({ summary: 'Check the point and show what would change, with the statements, and write nothing.' }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
    target: Flags.string({ summary: 'The target; needed where several are configured.', helpValue: 'NAME' }),
    database: Flags.string({ summary: 'Where the tables of a file belong that names no database.', helpValue: 'NAME' }),
    allow: allowFlag,
  }

  async run(): Promise<RollbackOutput> {
    const { args, flags } = await this.parse(Rollback)
    const { rollback } = await import('../services/rollback.ts')
    const { rollbackJson, rollbackText } = await import('../render/rollback.ts')
    const session = await this.session()
    const outcome = await rollback(
      this.config,
      {
        project: { ...this.projectFlags(flags), overrides: flags.allow === undefined ? {} : { allow: flags.allow } },
        point: args.point,
        mode: flags.list ? 'list' : flags['dry-run'] ? 'dry-run' : 'rollback',
        target: flags.target,
        database: flags.database,
        yes: flags.yes,
        json: this.jsonEnabled(),
      },
      session,
    )
    process.exitCode = outcome.exit
    for (const warning of outcome.warnings) await this.warning(warning)
    await this.show(() => rollbackText(outcome, new Date(), process.stdout.columns))
    return this.redacted(rollbackJson(outcome))
  }
}
