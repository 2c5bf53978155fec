import { printable } from '../printable.ts'
import type { ShownDatabase, StateShown } from '../services/state-show.ts'
import { columns } from './columns.ts'
import { ago, number } from './format.ts'

export async function stateText({ databases }: StateShown, now: Date): Promise<string> {
  if (databases.length === 0) return 'The state knows no database yet.'
  const overview = await overviewText(databases, now)
  const details = await Promise.all(databases.flatMap(({ name, details: tables }) => (tables === undefined ? [] : [tablesText(name, tables, now)])))
  return [overview, ...details].join('\n\n')
}

const overviewText = (databases: readonly ShownDatabase[], now: Date): Promise<string> =>
  columns(
    [
      { head: 'Database' },
      { head: 'Tables', align: 'right' },
      { head: 'Last sync' },
      { head: 'Mode' },
      { head: 'Rows moved', align: 'right' },
      { head: 'Successes', align: 'right' },
      { head: 'Failures', align: 'right' },
      { head: 'Newest' },
    ],
    databases.map((database) => [
      printable(database.name),
      number(database.tables),
      ago(database.lastSync, now),
      database.mode ?? '',
      number(database.rows),
      number(database.successes),
      number(database.failures),
      database.newest.map(({ table, lastSync }) => `${printable(table)} (${ago(lastSync, now)})`).join(', '),
    ]),
  )

async function tablesText(name: string, tables: NonNullable<ShownDatabase['details']>, now: Date): Promise<string> {
  const text = await columns(
    [
      { head: 'Table' },
      { head: 'Status' },
      { head: 'Mode' },
      { head: 'Last sync' },
      { head: 'Rows moved', align: 'right' },
      { head: 'Targets' },
      { head: 'Error' },
    ],
    tables.map((table) => [
      printable(table.name),
      table.status,
      table.mode,
      ago(table.lastSync, now),
      number(table.rows),
      Object.keys(table.targets).map(printable).join(', '),
      printable(table.error ?? ''),
    ]),
  )
  return `${printable(name)}\n${text}`
}
