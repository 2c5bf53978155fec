import { printable } from '../printable.ts'
import type { ShownConfig } from '../services/show-config.ts'
import { columns } from './columns.ts'

/** Every value of the configuration, and with `sources` where it comes from. */
export async function configText({ files, values }: ShownConfig, sources: boolean): Promise<string> {
  const read = files.length === 0 ? 'No configuration file was found; the environment was read.' : `Read: ${files.map(printable).join(', ')}`
  const heads = [{ head: 'Setting' }, { head: 'Value' }, ...(sources ? [{ head: 'From' }] : [])]
  const rows = values.map(({ key, value, source }) => [
    printable(key),
    printable(typeof value === 'string' ? value : JSON.stringify(value)),
    ...(sources ? [printable(source)] : []),
  ])
  return `${read}\n\n${await columns(heads, rows)}`
}
