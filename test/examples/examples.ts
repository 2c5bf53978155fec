import { createRequire } from 'node:module'
import { join } from 'node:path'

const CLI = join(import.meta.dirname, '..', '..', 'packages', 'cli')

type Command = { readonly id: string; readonly aliases: readonly string[]; readonly hidden: boolean; readonly pluginName: string }

type OclifConfig = { readonly Config: { load(options: object): Promise<{ readonly commands: readonly Command[] }> } }
type OclifHelp = { readonly CommandHelp: new (command: Command, config: object, options: object) => { generate(): string } }

/** A command and the command lines under EXAMPLES in its help, as they are printed. */
export type Examples = { readonly command: string; readonly plugin: string; readonly lines: readonly string[] }

/** Of every command of the built program, those of its plugins included. */
export async function helpExamples(): Promise<readonly Examples[]> {
  const load = createRequire(join(CLI, 'package.json'))
  const { Config } = load('@oclif/core/config') as OclifConfig
  const { CommandHelp } = load('@oclif/core/help') as OclifHelp
  const config = await Config.load({ root: CLI })
  const commands = config.commands.filter(({ id, aliases, hidden }) => !hidden && !aliases.includes(id))
  return commands.map((command) => {
    const shown = { ...command, id: command.id.replaceAll(':', ' ') }
    const [, examples = ''] = new CommandHelp(shown, config, { maxWidth: 10_000, stripAnsi: true }).generate().split(/^EXAMPLES$/m)
    return { command: shown.id, plugin: command.pluginName, lines: [...examples.matchAll(/^\s+\$ (.*?)\s*$/gm)].map(([, line = '']) => line) }
  })
}
