import type { ChangedCell, RowDifference, ShownCell, TableVerification, VerifyReport } from '@dbsync/core'
import type { VerifyOutput } from '../outputs.ts'
import { printable, printableLines } from '../printable.ts'
import type { VerifyOutcome } from '../services/verify.ts'
import { columns } from './columns.ts'
import { duration, number, plural, rows } from './format.ts'
import { labelOf, tableLabels } from './labels.ts'
import { foundText } from './outcome.ts'
import { list, reportText, unplannedText } from './report.ts'

type Label = (id: string) => string

export async function verifyText(outcome: VerifyOutcome, now: Date): Promise<string> {
  const labels = tableLabels(outcome.plan)
  const label: Label = (id) => labelOf(labels, id)
  const { report, repair } = outcome
  const sections = [...(await verificationSections(report, label)), list('Warnings', outcome.warnings.map(printable))]
  if (repair !== undefined) {
    sections.push('The repair', await reportText(repair.report, { warnings: [], notCopied: [] }, label, now))
    sections.push('After the repair', ...(await verificationSections(repair.after, label)))
  }
  return sections.filter((section) => section !== '').join('\n\n')
}

/** One object, the same keys whatever was found; `repair` only where there was one. */
export function verifyJson({ report, repair, warnings }: VerifyOutcome): VerifyOutput {
  const status = repair === undefined ? report.status : repair.after.status
  return { status, report, ...(repair === undefined ? {} : { repair: repair.report, after: repair.after }), warnings }
}

/** One verification, without a repair. */
export async function verificationText(report: VerifyReport, label: Label): Promise<string> {
  return (await verificationSections(report, label)).filter((section) => section !== '').join('\n\n')
}

async function verificationSections(report: VerifyReport, label: Label): Promise<readonly string[]> {
  return [
    headline(report),
    await tableSection(report.tables, label),
    ...report.tables.filter(({ schema, differences }) => schema.length + differences.length > 0).map((table) => differencesText(table, label)),
    unplannedText(report.unplanned),
    list(
      'Not compared',
      report.tables.flatMap(({ id, error }) => {
        if (error === undefined) return []
        const hint = error.hint === undefined ? '' : `\n    Next: ${printableLines(error.hint, '          ')}`
        return [`${label(id)}: ${printableLines(error.message, '    ')} [${printable(error.code)}]${hint}`]
      }),
    ),
  ]
}

function headline({ run, status, level, ms, tables, totals }: VerifyReport): string {
  const equal = tables.filter(({ outcome }) => outcome === 'equal').length
  const verdict =
    equal === tables.length ? `all ${plural(tables.length, 'table')} are equal` : `${number(equal)} of ${plural(tables.length, 'table')} are equal`
  const found = foundText(totals)
  const speed = `${rows(totals.rowsCompared)} compared, ${number(totals.rowsCompared / Math.max(ms / 1000, 0.001))} rows/s`
  const ending = status === 'cancelled' ? 'was stopped' : 'finished'
  return `The verification ${printable(run)} by ${level} ${ending} after ${duration(ms)}: ${verdict}${found === '' ? '' : `; ${found}`} (${speed}).`
}

async function tableSection(tables: readonly TableVerification[], label: Label): Promise<string> {
  return await columns(
    [{ head: 'Table' }, { head: 'Outcome' }, { head: 'By' }, { head: 'Compared', align: 'right' }, { head: 'Time', align: 'right' }, { head: 'Differences' }],
    tables.map((table) => [label(table.id), table.outcome, table.level, number(table.rowsCompared), duration(table.ms), foundText(table)]),
  )
}

function differencesText({ id, schema, differences, missing, extra, changed, notSynced }: TableVerification, label: Label): string {
  const all = missing + extra + changed + notSynced
  const shown = differences.reduce((sum, { copies }) => sum + (copies === undefined ? 1 : Math.abs(copies.source - copies.target)), 0)
  const lines = [...schema.map(printable), ...differences.map(differenceText)]
  return list(label(id), all > shown ? [...lines, `… and ${rows(all - shown)} more; --limit shows more of them`] : lines)
}

const KINDS = { missing: 'missing', extra: 'extra', changed: 'changed' } as const

function differenceText({ kind, key, columns: changed, copies, notSynced }: RowDifference): string {
  const which = key.map(({ name, value }) => `${printable(name)}=${shown(value)}`).join(', ')
  const counts = copies === undefined ? '' : ` (${number(copies.source)} at the source, ${number(copies.target)} at the target)`
  const cells = changed.map((cell) => changedText(cell)).join('; ')
  return `${notSynced ? 'not synced yet' : KINDS[kind]}  ${which}${counts}${cells === '' ? '' : `: ${cells}`}`
}

const changedText = ({ name, source, target }: ChangedCell): string => `${printable(name)} is ${shown(source)} at the source, ${shown(target)} at the target`

/** NULL and the text 'NULL' differ. */
const shown = (value: ShownCell['value']): string => (value === null ? 'NULL' : `'${printable(value)}'`)
