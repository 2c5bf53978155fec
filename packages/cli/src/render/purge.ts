import type { PurgePlan } from '@dbsync/core'
import type { PurgeOutput } from '../outputs.ts'
import { printable, printableLines } from '../printable.ts'
import type { PurgeOutcome } from '../services/purge.ts'
import { columns } from './columns.ts'
import { number, plural, rows } from './format.ts'
import { list } from './report.ts'

export async function purgeText(outcome: PurgeOutcome): Promise<string> {
  if (outcome.kind === 'purge') {
    const { report } = outcome
    const where = new Set(report.parts.map(({ target }) => target))
    return [
      await tablesText(report),
      `Purged ${named(report)}: ${rows(report.rows)} deleted at ${[...where].map(printable).join(', ')}, and nothing is left there. The state forgot what it knew of it.`,
    ]
      .filter((text) => text !== '')
      .join('\n\n')
  }
  const { plan } = outcome
  const statements = plan.parts.flatMap(({ leftovers, tables }) => [...leftovers, ...tables.flatMap((table) => table.statements)])
  return [
    await planText(plan),
    list(
      'Statements',
      statements.map((sql) => `${printableLines(sql, '    ')};`),
    ),
    'Nothing was changed.',
  ]
    .filter((text) => text !== '')
    .join('\n\n')
}

/** What `--json` prints: one object, the same keys whatever happened. */
export function purgeJson({ warnings, ...outcome }: PurgeOutcome): PurgeOutput {
  const { databases, inState, parts } = outcome.kind === 'purge' ? outcome.report : outcome.plan
  const count = parts.flatMap(({ tables }) => tables).reduce((sum, table) => sum + table.rows, 0)
  return { status: outcome.kind === 'purge' ? 'ok' : 'planned', databases, inState, rows: count, parts, warnings }
}

/** What will go, for whoever has to say yes to it. */
export async function planText(plan: PurgePlan): Promise<string> {
  const staged = plan.parts.reduce((sum, { leftovers }) => sum + leftovers.length, 0)
  return [
    `${named(plan)} will be gone for good:`,
    await tablesText(plan),
    list('Also', [
      ...(staged === 0 ? [] : [`${plural(staged, 'staging table')} of runs that were killed`]),
      ...plan.inState.map((name) => `the positions of ${printable(name)} in the state`),
    ]),
  ]
    .filter((text) => text !== '')
    .join('\n\n')
}

const named = ({ databases }: PurgePlan): string => databases.map(printable).join(', ')

async function tablesText({ parts }: PurgePlan): Promise<string> {
  const lines = parts.flatMap(({ target, database, tables }) =>
    tables.map(({ table, rows: count }) => [printable(target), printable(database), printable(table), number(count)]),
  )
  if (lines.length === 0) return ''
  return await columns([{ head: 'Target' }, { head: 'Database' }, { head: 'Table' }, { head: 'Rows', align: 'right' }], lines)
}
