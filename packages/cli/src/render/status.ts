import type { StatusReport } from '@dbsync/core'
import { printable } from '../printable.ts'
import { columns } from './columns.ts'
import { ago, number } from './format.ts'

/** The state of every table, by database. */
export async function statusText(status: StatusReport, stale: readonly string[], now: Date): Promise<string> {
  if (status.databases.every(({ tables }) => tables.length === 0)) return 'Nothing has been synced yet.'
  const sections = await Promise.all(
    status.databases.map(async ({ name, tables }) => {
      const text = await columns(
        [
          { head: 'Table' },
          { head: 'Status' },
          { head: 'Mode' },
          { head: 'Last sync' },
          { head: 'Rows', align: 'right' },
          { head: 'Compared in full' },
          { head: 'Error' },
        ],
        tables.map((table) => [
          printable(table.name),
          table.status,
          table.mode,
          ago(table.lastSync, now),
          number(table.rows),
          ago(table.comparedAt, now),
          printable(table.error ?? ''),
        ]),
      )
      return `${printable(name)}\n${text}`
    }),
  )
  return [...sections, ...(stale.length === 0 ? [] : [`Older than allowed: ${stale.map(printable).join(', ')}`])].join('\n\n')
}
