import { type BackupManifest, type BackupPoint, isRollbackNote, type RestorePreview, type RollbackPlan, type RollbackReport } from '@dbsync/core'
import type { RollbackOutput } from '../outputs.ts'
import { printable, printableLines } from '../printable.ts'
import type { RollbackOutcome } from '../services/rollback.ts'
import { columns, fittingColumns } from './columns.ts'
import { ago, bytes, duration, number, plural } from './format.ts'
import { list } from './report.ts'

/** `width`: of the terminal; some columns of the list stand in its way. */
export async function rollbackText(outcome: RollbackOutcome, now: Date, width?: number): Promise<string> {
  if (outcome.kind === 'list') return pointsText(outcome.points, outcome.target, now, width)
  if (outcome.kind === 'rollback') return reportText(outcome.report)
  const { plan } = outcome
  const statements =
    plan.kind === 'restore'
      ? list(
          'Statements',
          plan.preview.statements.map((sql) => `${printableLines(sql, '    ')}${sql.startsWith('--') ? '' : ';'}`),
        )
      : ''
  return sections([await planText(plan, outcome.target, now), statements, 'Nothing was changed.'])
}

/** What `--json` prints: one object, the same keys whatever happened. */
export function rollbackJson(outcome: RollbackOutcome): RollbackOutput {
  const { warnings } = outcome
  if (outcome.kind === 'list') return { status: 'listed', target: outcome.target, points: outcome.points, warnings }
  if (outcome.kind === 'dry-run') return { status: 'planned', target: outcome.target, plan: outcome.plan, warnings }
  return { status: outcome.report.missing.length === 0 ? 'ok' : 'partial', report: outcome.report, warnings }
}

/** What will happen, for whoever has to say yes to it. */
export async function planText(plan: RollbackPlan, target: string, now: Date): Promise<string> {
  if (plan.kind === 'finish') {
    const { point, databases } = plan.pending
    return `A rollback of ${databases.map(printable).join(', ')} to ${printable(point)} was stopped in the middle: it will be finished.`
  }
  const { point, check, preview } = plan
  const made = point.manifest?.run ? ` for the run ${printable(point.manifest.run)}` : ''
  const proof = {
    proved: 'it was restored and compared',
    intact: 'every checksum fits',
    unproved: 'unproved: there is no manifest to compare it with',
    damaged: 'damaged',
  }[check.verdict]
  return sections([
    `The target ${printable(target)} goes back to ${printable(point.name)}, made ${ago(point.madeAt, now)}${made} (${proof}).`,
    await changesText(preview),
    'A point of the present state is made first. The tables are built beside the live ones, and then all change places in one statement.',
    list('Not in the same moment', preview.apart.map(printable)),
    list(
      'Stays as it is: later points hold these tables and this one does not',
      plan.staying.map(({ database, name }) => printable(`${database}.${name}`)),
    ),
    list('Good to know', check.findings.map(printable)),
    preview.refused === undefined || plan.loseHistory ? '' : list('Refused', [printableLines(preview.refused.message, '    ')]),
  ])
}

const CHANGES = { replace: 'goes back', create: 'comes back', remove: 'is removed: it was not there', none: 'stays away' } as const

const changesText = (preview: RestorePreview): Promise<string> =>
  columns(
    [{ head: 'Table' }, { head: 'Rows now', align: 'right' }, { head: 'Rows then', align: 'right' }, { head: 'What happens' }],
    preview.tables.map(({ database, name, change, rowsNow, rowsThen }) => [
      printable(`${database}.${name}`),
      rowsNow === null ? '-' : number(rowsNow),
      rowsThen === null ? '-' : number(rowsThen),
      CHANGES[change],
    ]),
  )

async function reportText(report: RollbackReport): Promise<string> {
  const { point, target, outcome, tables, ms } = report
  const verdict = outcome === 'finished' ? 'The rollback that was stopped is finished' : 'Rolled back'
  return sections([
    `${verdict}: ${plural(tables.length, 'table')} of the target ${printable(target)} ${tables.length === 1 ? 'is' : 'are'} as in ${printable(point)}${report.proved ? '' : ' (unproved: it has no manifest)'}, after ${duration(ms)}.`,
    await columns(
      [{ head: 'Table' }, { head: 'Outcome' }, { head: 'Rows', align: 'right' }],
      tables.map((table) => [printable(`${table.database}.${table.name}`), table.outcome, table.outcome === 'removed' ? '-' : number(table.rows)]),
    ),
    report.positions === 'restored'
      ? 'The next run goes on from where it was then.'
      : 'Nothing is known of where these rows come from: the next run compares the tables as a whole.',
    list('Not in the same moment', report.apart.map(printable)),
    list(
      'To be put right by hand',
      report.missing.map((sentence) => printableLines(sentence, '    ')),
    ),
    `The state before is kept: dbsync rollback ${printable(report.before)}`,
  ])
}

async function pointsText(points: readonly BackupPoint[], target: string, now: Date, width: number | undefined): Promise<string> {
  if (points.length === 0) return `The target ${printable(target)} has no backup points.`
  return fittingColumns(
    [
      { head: 'Point' },
      { head: 'Made' },
      { head: 'Kind', spare: true },
      { head: 'Tables', align: 'right' },
      { head: 'Size', align: 'right' },
      { head: 'For', spare: true },
    ],
    points.map(({ name, madeAt, kind, manifest, bytes: size }) => [
      printable(name),
      ago(madeAt, now),
      kind,
      manifest === undefined ? '?' : number(manifest.tables.length),
      bytes(size),
      madeFor(manifest),
    ]),
    width,
  )
}

function madeFor(manifest: BackupManifest | undefined): string {
  if (manifest === undefined) return 'no manifest: unproved'
  if (manifest.run !== null) return printable(manifest.run)
  return isRollbackNote(manifest.state) ? 'before a rollback' : 'by hand'
}

const sections = (texts: readonly string[]): string => texts.filter((text) => text !== '').join('\n\n')
