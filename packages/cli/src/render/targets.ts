import { printable } from '../printable.ts'
import type { InstalledProvider } from '../services/targets.ts'
import { columns } from './columns.ts'

/** What the configuration can name, with the settings that each one takes. `width`: that of the terminal, where there is one. */
export async function targetsText(installed: readonly InstalledProvider[], width?: number): Promise<string> {
  const sections = await Promise.all(
    installed.map(async ({ role, type, summary, plugin, version, options }) => {
      const title = `${role} "${printable(type)}": ${printable(summary)}\n  from ${printable(plugin)} ${printable(version)}`
      if (options.length === 0) return `${title}\n  It takes no options.`
      const text = await columns(
        [{ head: 'Option' }, { head: 'Kind' }, { head: 'Required' }, { head: 'Default' }, { head: 'What it is' }],
        options.map((option) => [
          printable(option.name),
          option.choices === undefined ? option.kind : printable(option.choices.join('|')),
          option.required === true ? 'yes' : '',
          option.default === undefined ? '' : printable(String(option.default)),
          printable(option.description),
        ]),
        width === undefined ? undefined : width - 2,
      )
      return `${title}\n${text.replaceAll(/^/gm, '  ')}`
    }),
  )
  return sections.length === 0 ? 'No plugin brings a source, a target or a state store.' : sections.join('\n\n')
}
