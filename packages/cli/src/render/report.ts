import { type RunBackup, type RunReport, type TableOutcome, type TableReport, type Unplanned, unplannedName, type Verified } from '@dbsync/core'
import { printable, printableLines } from '../printable.ts'
import { columns } from './columns.ts'
import { ago, bytes, duration, number, plural, rate } from './format.ts'
import { guaranteeText } from './guarantee.ts'
import { madeText } from './outcome.ts'

/** More tables than this are told in groups: only those that something happened to are named. */
const NAMED = 50

const OUTCOMES: readonly TableOutcome[] = ['synced', 'unchanged', 'refused', 'failed', 'cancelled']

/** What a report does not hold itself. */
export type ReportNotes = { readonly warnings: readonly string[]; readonly notCopied: readonly string[]; readonly objects?: string }

/** The report as text for stdout. `label` names a table; failures come last, where they are seen. */
export async function reportText(report: RunReport, notes: ReportNotes, label: (id: string) => string, now: Date): Promise<string> {
  const sections = [
    headline(report),
    await tableSection(report.tables, label),
    totalsText(report),
    guaranteesText(report.tables, now),
    verifiedText(report.tables),
    notes.objects ?? '',
    list('Definitions changed', definitionLines(report.tables, label)),
    list('Kept before the first write', report.backups.map(keptText)),
    list('Not copied', notes.notCopied),
    list('Warnings', [
      ...notes.warnings.map(printable),
      ...report.tables.flatMap((table) => table.warnings.map((warning) => `${label(table.id)}: ${printable(warning)}`)),
    ]),
    unplannedText(report.unplanned),
    failuresText(report.tables, label),
  ]
  return sections.filter((section) => section !== '').join('\n\n')
}

function definitionLines(tables: readonly TableReport[], label: (id: string) => string): readonly string[] {
  const lines = tables.flatMap(({ id, definition = [] }) => definition.map((text) => `${label(id)}: ${printable(text)}`))
  return lines.length <= NAMED ? lines : [...lines.slice(0, NAMED), `… and ${number(lines.length - NAMED)} more; --json names them all.`]
}

function headline({ run, status, mode, ms, tables, unplanned }: RunReport): string {
  const there = tables.filter(({ outcome }) => outcome === 'synced' || outcome === 'unchanged').length
  const verdict = there === tables.length && status === 'ok' ? `all ${plural(tables.length, 'table')}` : `${number(there)} of ${plural(tables.length, 'table')}`
  const ending = status === 'cancelled' ? 'was stopped' : 'finished'
  const without = unplanned === undefined ? '' : ` ${leftOutText(unplanned)} left out.`
  return `The ${mode} run ${printable(run)} ${ending} after ${duration(ms)}: ${verdict} reached the guarantee stated below.${without}`
}

/** `1 database was`, `2 tables were`, `1 database and 2 tables were`. */
function leftOutText(unplanned: readonly Unplanned[]): string {
  const tables = unplanned.filter(({ table }) => table !== undefined).length
  const databases = unplanned.length - tables
  const named = [databases === 0 ? [] : plural(databases, 'database'), tables === 0 ? [] : plural(tables, 'table')].flat()
  return `${named.join(' and ')} ${unplanned.length === 1 ? 'was' : 'were'}`
}

async function tableSection(tables: readonly TableReport[], label: (id: string) => string): Promise<string> {
  const named =
    tables.length <= NAMED
      ? tables
      : tables
          .filter(({ outcome }) => outcome === 'synced')
          .toSorted((a, b) => b.ms - a.ms)
          .slice(0, NAMED)
  if (named.length === 0) return ''
  const text = await columns(
    [
      { head: 'Table' },
      { head: 'Outcome' },
      { head: 'How' },
      { head: 'Read', align: 'right' },
      { head: 'Changed', align: 'right' },
      { head: 'Rows/s', align: 'right' },
      { head: 'Time', align: 'right' },
    ],
    named.map((table) => [
      label(table.id),
      table.outcome,
      table.strategy,
      number(table.rowsRead),
      changedText(table),
      number(table.rowsRead / Math.max(table.ms / 1000, 0.001)),
      duration(table.ms),
    ]),
  )
  const rest = tables.length - named.length
  return rest === 0 ? text : `${text}\n… and ${plural(rest, 'table')} more; --json names them all.`
}

/** `+12 ~3 -1`: inserted, updated, deleted. */
function changedText({ inserted, updated, deleted }: TableReport): string {
  const parts = [['+', inserted] as const, ['~', updated] as const, ['-', deleted] as const].filter(([, count]) => count > 0)
  return parts.length === 0 ? 'nothing' : parts.map(([sign, count]) => `${sign}${number(count)}`).join(' ')
}

function totalsText({ totals }: RunReport): string {
  const outcomes = OUTCOMES.filter((outcome) => totals.outcomes[outcome] > 0).map((outcome) => `${number(totals.outcomes[outcome])} ${outcome}`)
  const errors = Object.entries(totals.errors).map(([kind, count]) => `${number(count)} ${kind}`)
  const changed = (['inserted', 'updated', 'deleted', 'skipped'] as const).map((what) => `${number(totals[what])} ${what}`)
  const wire = totals.wire === undefined ? '' : `; over the wire ${bytes(totals.wire.source)} at the source, ${bytes(totals.wire.targets)} at the targets`
  return [
    `Tables   ${outcomes.length === 0 ? 'none' : outcomes.join(', ')}`,
    `Rows     ${number(totals.rowsRead)} read, ${changed.join(', ')}`,
    `Speed    ${rate(totals.rowsPerSecond)}`,
    `Data     ${bytes(totals.bytes)} of rows read${wire}`,
    `Retries  ${number(totals.retries)}${errors.length === 0 ? '' : `; errors: ${errors.join(', ')}`}`,
  ].join('\n')
}

/** Tables of one guarantee in one line, with the age of the oldest full comparison among them. */
function guaranteesText(tables: readonly TableReport[], now: Date): string {
  const groups = new Map<string, TableReport[]>()
  for (const table of tables) {
    if (table.guarantee === undefined) continue
    const text = guaranteeText(table.guarantee)
    groups.set(text, [...(groups.get(text) ?? []), table])
  }
  const lines = [...groups].map(([text, members]) => {
    const oldest = earliest(members.map(({ comparedAt }) => comparedAt))
    const last = oldest === null ? 'some of them were never compared in full' : comparedText(ago(oldest, now), members.length)
    return `${plural(members.length, 'table')}: ${text} (${last})`
  })
  return list('Guarantees', lines)
}

/** What was looked at again after it was written, in one line for each way. */
function verifiedText(tables: readonly TableReport[]): string {
  const groups = Map.groupBy(
    tables.filter(({ verified }) => verified?.equal === true),
    ({ verified, outcome }) => wayOf(verified as Verified, outcome),
  )
  return list(
    'Verified',
    [...groups].map(
      ([way, members]) =>
        `${plural(members.length, 'table')}: ${way} (${plural(
          members.reduce((sum, { verified }) => sum + (verified?.rows ?? 0), 0),
          'row',
        )})`,
    ),
  )
}

function wayOf({ level, scope }: Verified, outcome: TableOutcome): string {
  if (scope === 'written') return 'the rows that were written were read back, and the rows of both ends counted'
  if (outcome === 'unchanged' && level === 'digest') return 'equal by digest, nothing to write'
  const checksum = 'both ends equal by a quick sum of each table'
  return { count: 'as many rows at both ends', checksum, digest: 'both ends equal by digest', rows: 'both ends equal, row by row' }[level]
}

const comparedText = (age: string, members: number): string =>
  members === 1 || age === 'just now' ? `compared in full ${age}` : `compared in full ${age} or later`

/** ISO times sort as text; one that is missing is older than all. */
const earliest = (times: readonly (string | null)[]): string | null =>
  times.reduce((oldest, time) => (oldest === null || time === null ? null : time < oldest ? time : oldest))

/** Databases that were left out as a whole, and tables by themselves. */
export const unplannedText = (unplanned: readonly Unplanned[] = []): string =>
  list(
    'Left out',
    unplanned.map(({ target, error, ...place }) => {
      const where = target === undefined ? '' : ` (target ${printable(target)})`
      const hint = error.hint === undefined ? '' : `\n    Next: ${printableLines(error.hint, '          ')}`
      return `${printable(unplannedName(place))}${where}: ${printableLines(error.message, '    ')} [${printable(error.code)}]${hint}`
    }),
  )

function failuresText(tables: readonly TableReport[], label: (id: string) => string): string {
  const failures = tables.filter(({ outcome }) => outcome === 'failed' || outcome === 'refused')
  return list(
    'Not synced',
    failures.map(({ id, outcome, error }) => {
      const hint = error?.hint === undefined ? '' : `\n    Next: ${printableLines(error.hint, '          ')}`
      return `${label(id)} ${outcome}: ${printableLines(error?.message ?? 'no reason was given', '    ')}${error === undefined ? '' : ` [${printable(error.code)}]`}${hint}`
    }),
  )
}

const keptText = (backup: RunBackup): string =>
  `${madeText(backup)}; ${printable(backup.consistency)}\n    Undo: dbsync rollback ${printable(backup.name)} --target ${printable(backup.target)}`

export const list = (title: string, lines: readonly string[]): string => (lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n'))
