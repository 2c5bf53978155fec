import type { ImportPlan } from '@dbsync/core'
import type { StateImportOutput } from '../outputs.ts'
import { printable } from '../printable.ts'
import type { ExportOutcome } from '../services/state-export.ts'
import type { ImportOutcome } from '../services/state-import.ts'
import { columns } from './columns.ts'
import { number, plural } from './format.ts'
import { list } from './report.ts'

export const exportText = ({ file, databases, tables }: ExportOutcome): string =>
  `Wrote the state of ${plural(databases, 'database')} with ${plural(tables, 'table')} to ${printable(file)}.`

export async function importText({ kind, file, plan }: ImportOutcome): Promise<string> {
  if (plan.writes.length === 0) return `The state is the same as in ${printable(file)} already.`
  const result = kind === 'preview' ? 'Nothing was changed.' : `Imported ${printable(file)}.`
  return `${await importPlanText(plan)}\n\n${result}`
}

export function importJson({ kind, file, plan, warnings }: ImportOutcome): StateImportOutput {
  return { status: kind, file, exportedAt: plan.exportedAt, changed: plan.writes.length > 0, databases: plan.databases, lastRun: plan.lastRun, warnings }
}

/** What changes, for whoever has to say yes to it. */
export async function importPlanText({ databases, lastRun, exportedAt }: ImportPlan): Promise<string> {
  const heads = [{ head: 'Database' }, ...['New tables', 'Changed', 'Gone', 'The same'].map((head) => ({ head, align: 'right' as const }))]
  const lines = databases.map(({ name, added, changed, removed, same }) => [
    printable(name),
    ...[added.length, changed.length, removed.length, same].map(number),
  ])
  const gone = databases.flatMap(({ name, removed }) => removed.map((table) => printable(`${name}.${table}`)))
  return [
    `The export of ${printable(exportedAt)} would make of the state:`,
    lines.length === 0 ? '' : await columns(heads, lines),
    list('The state would know nothing of', gone),
    lastRun ? 'The note of the last run is replaced too.' : '',
  ]
    .filter((text) => text !== '')
    .join('\n\n')
}
