import type { StateResetOutput } from '../outputs.ts'
import { printable } from '../printable.ts'
import type { ForgottenTable, ResetOutcome } from '../services/state-reset.ts'
import { columns } from './columns.ts'
import { number, plural } from './format.ts'

/** More tables than this are told in numbers. */
const NAMED = 50

const NEXT = { full: 'copied in full', compare: 'compared', 'not selected': 'nothing', unknown: 'not known' } as const

export async function resetText({ kind, tables }: ResetOutcome): Promise<string> {
  const result = kind === 'preview' ? 'Nothing was changed.' : `The state forgot how far ${plural(tables.length, 'table')} had come. No table was changed.`
  return `${await resetTablesText(tables)}\n\n${result}`
}

export const resetJson = ({ kind, tables, warnings }: ResetOutcome): StateResetOutput => ({ status: kind, tables, warnings })

/** The tables, with what the next run will do. */
export async function resetTablesText(tables: readonly ForgottenTable[]): Promise<string> {
  const heads = ['Target', 'Table', 'Last sync', 'The next run', 'Why'].map((head) => ({ head }))
  const lines = tables.map(({ target, database, table, lastSync, next, reason }) => [
    printable(target),
    printable(`${database}.${table}`),
    lastSync ?? 'never',
    NEXT[next],
    printable(reason),
  ])
  const text = await columns(heads, lines.slice(0, NAMED))
  return lines.length <= NAMED ? text : `${text}\n… and ${number(lines.length - NAMED)} more; --json names them all.`
}
