import type { DatabasePlan, DryRun, PlannedBackup, Strategy, TablePlan, TargetPlan } from '@dbsync/core'
import { printable, printableLines } from '../printable.ts'
import { ago, bytes, number, plural, rows } from './format.ts'
import { guaranteeText } from './guarantee.ts'
import { labelOf, tableLabels } from './labels.ts'
import { notCopied } from './not-copied.ts'
import { keptText, objectFailure } from './objects.ts'
import { planText } from './plain.ts'
import { list, unplannedText } from './report.ts'

/** What a dry run prints: per table what would happen and why, with the statements that a run executes, in their order. */
export function dryRunText(dry: DryRun, warnings: readonly string[], now: Date): string {
  const labels = tableLabels(dry.plan)
  const previews = new Map(dry.tables.map((table) => [table.id, table]))
  const table = (plan: TablePlan): string => tableText(plan, labelOf(labels, plan.id), previews.get(plan.id), now)
  return [
    `Dry run: nothing was written. This would be the ${planText(dry.plan)}.`,
    `Source: ${printable(dry.plan.source.label)}, read as ${printable(dry.plan.source.consistency)}.`,
    list('Before the first of these', dry.backups.map(plannedText)),
    ...dry.plan.targets.flatMap((target) => target.databases.map((database) => databaseText(target, database, table))),
    list('Warnings', warnings.map(printable)),
    unplannedText(dry.plan.unplanned),
  ]
    .filter((section) => section !== '')
    .join('\n\n')
}

const plannedText = ({ target, kind, directory, tables }: PlannedBackup): string =>
  `a backup point of ${plural(tables, 'table')} of ${printable(target)} in ${printable(directory)}${kind === 'journal' ? ': a journal of what changes' : ''}`

function databaseText(target: TargetPlan, database: DatabasePlan, table: (plan: TablePlan) => string): string {
  return [
    `${printable(database.source)} → ${printable(target.name)}/${printable(database.target)}`,
    statements('  First', database.statements, '  '),
    ...database.tables.map(table),
    statements(
      '  Gone at the source, and dropped',
      (database.drops ?? []).flatMap((drop) => drop.statements),
      '  ',
    ),
    objectsText(database),
    database.targetOnly.length === 0 ? '' : `  Only at the target, kept as they are: ${database.targetOnly.map(printable).join(', ')}`,
    notCopied(database) === '' ? '' : `  Not copied: ${notCopied(database)}`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

/** Objects that are gone are dropped before the tables, the others are made after them; here they stand together. */
function objectsText({ objectPlan }: DatabasePlan): string {
  if (objectPlan === undefined) return ''
  const { kinds, unchanged, changes, kept } = objectPlan
  return [
    `  ${kinds.join(', ')}: ${number(unchanged)} unchanged, ${number(changes.length)} to change`,
    ...changes.map((object) => {
      if (object.refused !== undefined) return `  ${printable(`${object.type} ${object.name}`)} refused: ${objectFailure(object.refused)}`
      return statements(`  ${printable(`${object.type} ${object.name}`)}: ${object.action}`, object.statements, '  ')
    }),
    kept.length === 0 ? '' : `  ${keptText(kept)}`,
  ]
    .filter((line) => line !== '')
    .join('\n')
}

function tableText(plan: TablePlan, label: string, preview: DryRun['tables'][number] | undefined, now: Date): string {
  const refused = plan.refused ?? preview?.refused
  if (refused !== undefined) {
    const hint = refused.hint === undefined ? '' : `\n    next: ${printableLines(refused.hint, '          ')}`
    return `  ${label}: refused\n    ${printableLines(refused.message, '    ')}${hint}`
  }
  const estimate = plan.schema.estimate === undefined ? '' : `, about ${rows(plan.schema.estimate.rows)} at the source`
  const effects =
    preview === undefined
      ? ''
      : `\n    rows: ${preview.rows.estimated ? 'about ' : ''}${number(preview.rows.upserts)} to write, ${number(preview.rows.deletes)} to delete${costsText(preview.costs)}`
  return [
    `  ${label}: ${strategyText(plan.strategy)} (${printable(plan.reason)})${estimate}`,
    `    guarantee: ${guaranteeText(plan.guarantee)}${comparedText(plan, now)}${effects}`,
    ...(plan.differences ?? []).map((difference) => `    definition: ${printable(difference)}`),
    ...plan.warnings.map((warning) => `    warning: ${printable(warning)}`),
    statements('    before all tables', plan.before ?? [], '    '),
    statements('    statements', preview?.statements ?? plan.statements, '    '),
    statements(
      '    when all tables are done',
      (plan.after ?? []).flatMap((change) => change.statements),
      '    ',
    ),
  ]
    .filter((line) => line !== '')
    .join('\n')
}

function costsText(costs: DryRun['tables'][number]['costs']): string {
  if (costs === undefined || costs.jobs === 0) return ''
  return `\n    costs: ${plural(costs.jobs, 'job')}, about ${bytes(costs.bytesSent)} to send, at most ${bytes(costs.bytesRead)} to read`
}

function comparedText({ guarantee }: TablePlan, now: Date): string {
  return guarantee.level === 'exact' ? '' : ` (compared in full: ${ago(guarantee.since, now)})`
}

function strategyText(strategy: Strategy): string {
  switch (strategy.kind) {
    case 'full':
      return 'copied in full'
    case 'digest':
      return 'compared by digest, only what differs is written'
    case 'time':
      return `by time, ${strategy.columns.map((column) => `${printable(column)} since ${printable(strategy.since[column] ?? 'ever')}`).join(' or ')}`
  }
}

/** Statements keep their lines; each ends in a semicolon, so that they can be pasted. */
function statements(title: string, all: readonly string[], indent: string): string {
  if (all.length === 0) return ''
  const deeper = `${indent}  `
  return [`${title}:`, ...all.map((statement) => `${deeper}${printableLines(statement, deeper)}${statement.trimEnd().endsWith(';') ? '' : ';'}`)].join('\n')
}
