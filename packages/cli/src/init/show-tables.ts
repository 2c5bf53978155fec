import { type Finding, nameMatcher, type Outlook, type TableSchema, type Target, tableName, tableOutlook } from '@dbsync/core'
import { printable, printableLines } from '../printable.ts'
import { columns } from '../render/columns.ts'
import { bytes, number, plural } from '../render/format.ts'
import type { Known } from './answers.ts'
import { type Desk, listOf } from './desk.ts'

const SHOWN = 12
const LONGEST_NAME = 34

const HOW = { time: 'by time', digest: 'by digest', full: 'in full' } as const

/** How runs will keep each table in step, once it was copied. Without a target: as for one that can do everything. */
export function outlooks(tables: readonly TableSchema[], known: Known, desk: Desk, target?: Target): readonly Outlook[] {
  const { clock = { utc: '', local: '' }, digests = false } = desk.source ?? {}
  const config = { tableRules: [], mode: 'incremental', forceFullTables: listOf(desk, 'forceFullTables') ?? [], lookbackMinutes: known.lookback ?? 10 } as const
  return tables.map((schema) => tableOutlook(config, { clock, digests }, schema, target))
}

/** `3 tables: 1 by time, 2 by digest` */
export function tally(looks: readonly Outlook[]): string {
  const groups = [...Map.groupBy(looks, ({ strategy }) => strategy)].map(([strategy, members]) => `${number(members.length)} ${HOW[strategy]}`)
  return `${plural(looks.length, 'table')}: ${groups.join(', ')}`
}

export async function showTables(tables: readonly TableSchema[], known: Known, desk: Desk): Promise<void> {
  const looks = outlooks(tables, known, desk)
  const largest = tables.map((schema, index) => ({ schema, look: looks[index] })).toSorted((a, b) => sizeOf(b.schema) - sizeOf(a.schema))
  const cells = largest
    .slice(0, SHOWN)
    .map(({ schema, look }) => [
      cut(printable(tableName(schema.table))),
      schema.estimate === undefined ? '' : number(schema.estimate.rows),
      bytes(sizeOf(schema)),
      look === undefined ? '' : `${HOW[look.strategy]}: ${printable(look.reason)}`,
    ])
  const heads = [{ head: 'Table' }, { head: 'About rows', align: 'right' }, { head: 'Size', align: 'right' }, { head: 'Kept in step' }] as const
  desk.say('')
  desk.say((await columns(heads, cells, desk.width)).replaceAll(/^/gm, '  '))
  if (tables.length > SHOWN) desk.say(`  … and ${plural(tables.length - SHOWN, 'smaller table')}`)
  desk.say(`  ${tally(looks)}`)
  if (looks.some(({ strategy }) => strategy === 'time'))
    desk.tell('  By time: rows that are newer move; what timestamps do not show is found by comparing now and then.')
  if (looks.some(({ strategy }) => strategy === 'digest')) desk.tell('  By digest: both ends are compared by checksums, and only what differs moves.')
  await sayFindings(known, desk)
}

const sizeOf = ({ estimate }: TableSchema): number => estimate?.bytes ?? 0

const cut = (name: string): string => (name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name)

/** Rights and the like, where something is wrong with them. */
async function sayFindings(known: Known, desk: Desk): Promise<void> {
  const { source } = desk
  const names = [...new Set(databasesOf(known, desk))]
  const request = { databases: names, objects: [], backups: false, connections: 5, tables: [], signal: desk.session.interrupt.signal }
  const examined = await source?.source.examine?.(request)
  const rights = examined?.findings.filter(({ id, level }) => id === 'rights' && level === 'ok') ?? []
  for (const { message } of rights) desk.tell(`✓ ${printable(message)}`)
  sayProblems(examined?.findings ?? [], desk)
}

const databasesOf = ({ databases = [] }: Known, desk: Desk): readonly string[] => [...(desk.source?.tables.keys() ?? [])].filter(nameMatcher(databases))

/** `true`: runs would fail. */
export function sayProblems(findings: readonly Finding[], desk: Desk): boolean {
  for (const finding of findings) {
    const { level, message, fix } = finding
    if (level !== 'failure' && level !== 'warning') continue
    desk.findings.push(finding)
    desk.tell(`${level === 'failure' ? '✗' : '!'} ${printableLines(message)}`)
    if (fix?.by === 'sql') for (const statement of fix.statements) desk.say(`    ${printable(statement)}`)
  }
  return findings.some(({ level }) => level === 'failure')
}
