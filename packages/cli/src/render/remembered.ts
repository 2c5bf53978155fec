import type { RunRecord } from '@dbsync/core'
import { printable } from '../printable.ts'
import { rateChart } from './chart.ts'
import { ago } from './format.ts'
import { labelsOfIds } from './labels.ts'
import { reportText } from './report.ts'
import { verificationText } from './verify.ts'

/** One run that is remembered, whole, with its speed over time. */
export async function rememberedText(record: RunRecord, now: Date): Promise<string> {
  const sections = [await endText(record, now), rateChart(record.rates)]
  return sections.filter((section) => section !== '').join('\n\n')
}

async function endText({ run, kind, mode, status, startedAt, report, verification, error }: RunRecord, now: Date): Promise<string> {
  if (report !== undefined) {
    const label = labelsOfIds(report.tables.map(({ id }) => id))
    return await reportText(report, { warnings: report.warnings, notCopied: [] }, label, now)
  }
  if (verification !== undefined) return await verificationText(verification, labelsOfIds(verification.tables.map(({ id }) => id)))
  const what = kind === 'run' ? `The ${mode} run ${printable(run)}` : `The verification ${printable(run)}`
  const began = `began ${ago(startedAt, now)}`
  if (status === 'running') return `${what} ${began} and has no report yet.`
  const hint = error?.hint === undefined ? '' : `\n  Next: ${printable(error.hint)}`
  return `${what} ${began} and ended without a report: ${printable(error?.message ?? 'no reason was given')}${hint}`
}
