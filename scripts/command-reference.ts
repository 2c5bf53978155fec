import { globSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { table } from './markdown.ts'
import { schemaFile } from './output-schemas.ts'

const ROOT = join(import.meta.dirname, '..')
const COMMANDS = 'packages/cli/src/commands'

export const COMMAND_REFERENCE = join(ROOT, 'docs', 'commands.md')

type Flag = {
  readonly summary?: string
  readonly type: 'boolean' | 'option'
  readonly helpValue?: string
  readonly char?: string
  readonly options?: readonly string[]
  readonly default?: unknown
  readonly allowNo?: boolean
  readonly hidden?: boolean
  readonly env?: string
}

type Arg = { readonly name?: string; readonly description?: string; readonly required?: boolean }

type Command = {
  readonly summary?: string
  readonly description?: string
  readonly examples?: readonly (string | { readonly command: string; readonly description?: string })[]
  readonly flags?: Readonly<Record<string, Flag>>
  readonly args?: Readonly<Record<string, Arg>>
  readonly hidden?: boolean
}

const INTRODUCTION = `# Commands

<!-- Made from packages/cli/src/commands: change them there, then run \`node scripts/docs.ts\`. -->

Every command takes \`--help\`, and \`--json\`: data on stdout as one object, errors in it under \`error\`. A JSON Schema for each command says what
that object holds: it is linked from the command, and lies in the folder \`schemas\` of the package, where \`error.schema.json\` is the part about errors
alone. Without \`--json\` data goes to stdout, progress, warnings and errors go to stderr.
`

const EXITS: readonly (readonly string[])[] = [
  ['0', 'Done: every table is what the report says it is.'],
  ['1', 'Something failed or was refused, and the rest was done. `status`: the last run failed.'],
  ['2', 'The command line or the configuration is wrong. Nothing was done.'],
  ['3', 'Nothing could start: no connection, or a missing right.'],
  ['4', 'Another run holds the lock.'],
  ['5', 'Source and target differ.'],
  ['6', '`status --max-age`: a table is older than allowed.'],
  ['70', 'A fault of dbsync.'],
  ['130 or 143', 'Stopped by SIGINT or SIGTERM.'],
]

/** `docs/commands.md` as it should be. */
export async function commandReference(): Promise<string> {
  const files = globSync('**/*.ts', { cwd: join(ROOT, COMMANDS) })
    .filter((file) => !file.endsWith('.test.ts'))
    .sort()
  const sections: string[] = []
  for (const file of files) {
    const { default: command } = (await import(pathToFileURL(join(ROOT, COMMANDS, file)).href)) as { readonly default: Command }
    if (command.hidden !== true)
      sections.push(
        commandText(
          file
            .replace(/\.ts$/, '')
            .replaceAll('/', ' ')
            .replace(/ index$/, ''),
          command,
        ),
      )
  }
  return `${[INTRODUCTION.trimEnd(), table(['Exit code', 'Meaning'], EXITS), ...sections].join('\n\n')}\n`
}

function commandText(id: string, { summary = '', description, examples = [], flags = {}, args = {} }: Command): string {
  const named = Object.entries(args).map(([name, arg]) => ({ ...arg, name: (arg.name ?? name).toUpperCase() }))
  const usage = ['dbsync', id, ...named.map(({ name, required }) => (required === true ? name : `[${name}]`))].join(' ')
  const rows = [
    ...named.map(({ name, description: text = '' }) => [`\`${name}\``, text]),
    ...Object.entries(flags)
      .filter(([, { hidden }]) => hidden !== true)
      .map(([name, flag]) => [`\`${flagText(name, flag)}\``, meaningOf(flag)]),
  ]
  const schema = schemaFile(id.replaceAll(' ', '/'))
  const shown = examples.map((example) => (typeof example === 'string' ? example : example.command)).map((text) => commandLine(text, id))
  return [
    `## ${usage}`,
    summary,
    ...(description === undefined ? [] : [description]),
    ...(rows.length === 0 ? [] : [table(['Flag', 'Meaning'], rows)]),
    ...(shown.length === 0 ? [] : [`\`\`\`sh\n${shown.join('\n')}\n\`\`\``]),
    `What \`--json\` prints: [${schema}](../packages/cli/schemas/${schema})`,
  ].join('\n\n')
}

const flagText = (name: string, { type, helpValue, allowNo, char }: Flag): string =>
  `${char === undefined ? '' : `-${char}, `}--${allowNo === true ? '[no-]' : ''}${name}${type === 'option' ? ` ${helpValue ?? 'VALUE'}` : ''}`

function meaningOf({ summary = '', options, default: usual, env }: Flag): string {
  const known = typeof usual === 'string' || typeof usual === 'number' ? `Default ${usual}.` : ''
  const choices = options === undefined ? '' : `One of ${options.map((option) => `\`${option}\``).join(', ')}.`
  return [summary, choices, known, env === undefined ? '' : `Also \`${env}\`.`].filter((part) => part !== '').join(' ')
}

/** As it is typed: oclif fills these in when it prints help. */
const commandLine = (text: string, id: string): string => text.replaceAll('<%= config.bin %>', 'dbsync').replaceAll('<%= command.id %>', id)
