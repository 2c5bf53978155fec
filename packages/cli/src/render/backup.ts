import type { BackupPoint } from '@dbsync/core'
import { printable } from '../printable.ts'
import type { BackupOutcome, Checked, Created, PointOf, Pruned } from '../services/backup.ts'
import { columns, fittingColumns } from './columns.ts'
import { ago, bytes, number, plural, rows } from './format.ts'
import { list } from './report.ts'

export const createdText = ({ points }: BackupOutcome<Created>): string =>
  points
    .map(({ point, target }) => {
      const made = point.manifest?.tables ?? []
      return [
        `Made ${printable(point.name)} of the target ${printable(target)}: ${plural(made.length, 'table')}, ${rows(rowsOf(point))}, ${bytes(point.bytes)}.`,
        `  ${printable(point.path)}`,
        `  ${printable(point.manifest?.consistency.detail ?? '')}`,
      ].join('\n')
    })
    .join('\n')

/** `width`: of the terminal; some columns stand in its way. */
export async function pointsText({ points }: BackupOutcome<Created>, now: Date, width?: number): Promise<string> {
  if (points.length === 0) return 'There are no backup points yet.'
  const several = new Set(points.map(({ target }) => target)).size > 1
  const table = await fittingColumns(
    [
      { head: 'Point' },
      ...(several ? [{ head: 'Target' }] : []),
      { head: 'Kind', spare: true },
      { head: 'Made' },
      { head: 'Size', align: 'right' as const },
      { head: 'Tables', align: 'right' as const },
      { head: 'Rows', align: 'right' as const },
      { head: 'Proved' },
      { head: 'For', spare: true },
    ],
    points.map(({ point, target }) => [
      printable(point.name),
      ...(several ? [printable(target)] : []),
      `${point.kind}${point.unfinished ? ', unfinished' : ''}`,
      ago(point.madeAt, now),
      bytes(point.bytes),
      point.manifest === undefined ? '?' : number(point.manifest.tables.length),
      point.manifest === undefined ? '?' : number(rowsOf(point)),
      provedText(point, now),
      point.manifest === undefined ? '?' : printable(point.manifest.run ?? 'by hand'),
    ]),
    width,
  )
  const apart = points.filter(({ point }) => point.manifest !== undefined && point.manifest.consistency.scope !== 'all')
  const notes = list(
    'Not of one moment',
    apart.map(({ point }) => `${printable(point.name)}: ${printable(point.manifest?.consistency.detail ?? '')}`),
  )
  return notes === '' ? table : `${table}\n\n${notes}`
}

export async function checkedText({ points }: BackupOutcome<Checked>): Promise<string> {
  if (points.length === 0) return 'There are no backup points to check.'
  const table = await columns(
    [{ head: 'Point' }, { head: 'Target' }, { head: 'Verdict' }, { head: 'Tables', align: 'right' }, { head: 'Rows', align: 'right' }],
    points.map(({ point, target, check }) => [
      printable(point.name),
      printable(target),
      check.verdict,
      number(check.tables.length),
      number(check.tables.reduce((sum, { rows: count }) => sum + count, 0)),
    ]),
  )
  const findings = points.flatMap(({ point, check }) => check.findings.map((finding) => `${printable(point.name)}: ${printable(finding)}`))
  return [table, list('Findings', findings)].filter((part) => part !== '').join('\n\n')
}

export function prunedText({ points }: BackupOutcome<Pruned>, dryRun: boolean): string {
  const gone = points.filter(({ keptFor }) => keptFor.length === 0)
  const name = ({ point, target }: PointOf<Pruned>) => `${printable(point.name)} of ${printable(target)}`
  return [
    list(
      dryRun ? 'Would be removed' : 'Removed',
      gone.map((one) => name(one)),
    ),
    list(
      'Kept',
      points.filter(({ keptFor }) => keptFor.length > 0).map((one) => `${name(one)} (${one.keptFor.join(', ')})`),
    ),
    points.length === 0 ? 'There are no backup points.' : gone.length === 0 ? 'Nothing is to be removed.' : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function provedText({ manifest }: BackupPoint, now: Date): string {
  if (manifest === undefined) return 'never: no manifest'
  return manifest.restoredAt === null ? 'not yet' : ago(manifest.restoredAt, now)
}

const rowsOf = ({ manifest }: BackupPoint): number => (manifest?.tables ?? []).reduce((sum, { rows: count }) => sum + count, 0)
