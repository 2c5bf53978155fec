import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../base-command.ts'
import type { AnyQuestion } from '../init/question.ts'
import { THEMES } from '../init/themes.ts'
import type { InitOutput } from '../outputs.ts'

const questions = THEMES.flatMap((theme) => theme.questions)

/** One flag for every question. */
const answerFlags = Object.fromEntries(questions.map((question) => [question.flag, flagOf(question)]))

function flagOf({ id, summary, helpValue = 'VALUE', several }: AnyQuestion) {
  const options = { summary, helpValue, helpGroup: 'ANSWERS' }
  if (id === 'backup' || id === 'verify') return Flags.boolean({ summary, allowNo: true, helpGroup: 'ANSWERS' })
  return several === undefined ? Flags.string(options) : Flags.string({ ...options, multiple: true, multipleNonGreedy: true })
}

export default class Init extends BaseCommand {
  static override summary = 'Set up the configuration of this folder, question by question.'

  static override description =
    `Asks for source, tables, targets and habits, tries every answer at once, shows the plan of the first run, and writes params.json and sync-config.json, and .env for passwords. What the folder's files say already is offered as the answer, and stays where it is not changed. Files that are there change only after the difference was shown and agreed to.
Without a terminal, with --yes or with --json nobody is asked: flags, files and defaults have to answer everything.

Exit codes: 0 written; 1 declined, or tables of the first run failed; 2 answers are missing or wrong, or a file is there and --overwrite is not given; 3 no connection, or a missing right; 5 the first run found a difference; 70 a fault of dbsync; 130 or 143 stopped: nothing was written.`

  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> --yes --source mysql://dbsync@db.example.com/shop --source-password env:SOURCE_PASSWORD --target 'mysql://dbsync@127.0.0.1/{database}_copy?password=env:TARGET_PASSWORD' --run",
  ]

  static override flags = {
    ...answerFlags,
    params: Flags.string({ summary: 'Write the connections to this file; a new one begins as a copy of params.json.', helpValue: 'FILE', helpGroup: 'FILES' }),
    config: Flags.string({
      summary: 'Write the behaviour to this file; a new one begins as a copy of sync-config.json.',
      helpValue: 'FILE',
      helpGroup: 'FILES',
    }),
    profile: Flags.string({ summary: 'Write params.NAME.json and sync-config.NAME.json.', helpValue: 'NAME', helpGroup: 'FILES', env: 'DBSYNC_PROFILE' }),
    secrets: Flags.option({
      summary: 'Where passwords of addresses go: into .env, or into params.json as they are.',
      options: ['env-file', 'plain'] as const,
      default: 'env-file' as const,
    })(),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
    overwrite: Flags.boolean({ summary: 'Without questions: change files that are there.' }),
    run: Flags.boolean({ summary: 'Start the first run, or with --no-run do not; left out: asked.', allowNo: true }),
  }

  async run(): Promise<InitOutput> {
    const { flags } = await this.parse(Init)
    const { init } = await import('../services/init.ts')
    const { initJson, initText } = await import('../render/init.ts')
    const values = new Map<string, unknown>(Object.entries(flags))
    const given = new Map(
      questions.flatMap(({ flag }) => {
        const value = values.get(flag)
        return value === undefined ? [] : [[flag, (Array.isArray(value) ? value : [value]).map(String)] as const]
      }),
    )
    const outcome = await init(
      this.config,
      {
        cwd: process.cwd(),
        env: process.env,
        chosen: { params: flags.params, config: flags.config, profile: flags.profile },
        silent: flags.yes || this.jsonEnabled() || !process.stdin.isTTY || !process.stderr.isTTY,
        json: this.jsonEnabled(),
        given,
        secretsGo: flags.secrets,
        overwrite: flags.overwrite,
        run: flags.run,
        schemas: this.#schemas(),
      },
      await this.session(),
    )
    process.exitCode = outcome.run?.exit ?? 0
    if (!this.jsonEnabled()) for (const warning of outcome.warnings) await this.warning(warning)
    const chosen = (['params', 'config', 'profile'] as const).flatMap((name) => (flags[name] === undefined ? [] : [`--${name}`, flags[name]]))
    await this.show(() => initText(outcome, chosen))
    return this.redacted(initJson(outcome))
  }

  /** In the published package, and in a working copy. */
  #schemas(): string {
    const own = join(this.config.root, 'schemas')
    return existsSync(join(own, 'params.schema.json')) ? own : join(this.config.root, '..', 'core', 'schemas')
  }
}
