import type { DatabaseStatus, RunRecord } from '@dbsync/core'
import { printable } from '../printable.ts'
import { clock } from '../schedule/times.ts'
import type { StatusOutcome } from '../services/status.ts'
import { columns } from './columns.ts'
import { ago, duration, number, plural, rate } from './format.ts'
import { labelsOfIds } from './labels.ts'
import { list } from './report.ts'

/** So many of the last runs are shown; `--json` has them all. */
const LAST_RUNS = 8

/** What is going on, what was, and the state of every table, by database. */
export async function statusText(outcome: StatusOutcome, now: Date): Promise<string> {
  const { databases } = outcome.status
  const synced = databases.filter(({ tables }) => tables.length > 0)
  const sections = [
    headline(outcome),
    list(
      'Running now',
      outcome.running.flatMap((record) => runningLines(record, now)),
    ),
    await runsSection(outcome.runs),
    list(
      'Next',
      outcome.next.map(({ job, at }) => `${printable(job)}: ${clock(new Date(at), outcome.zone)} (in ${duration(Date.parse(at) - now.getTime())})`),
    ),
    ...(await Promise.all(synced.map((database) => databaseSection(database, now)))),
    list('Older than allowed', outcome.stale.map(printable)),
    list('Wrong', outcome.failures.map(printable)),
  ]
  return sections.filter((section) => section !== '').join('\n\n')
}

function headline({ health, status: { databases }, failures, stale }: StatusOutcome): string {
  const tables = databases.reduce((sum, database) => sum + database.tables.length, 0)
  if (tables === 0 && failures.length === 0) return 'Nothing has been synced yet.'
  const extent = `${plural(tables, 'table')} of ${plural(databases.length, 'database')}`
  if (health === 'failing') return `Failing: ${plural(failures.length, 'thing is wrong', 'things are wrong')}; see below. ${extent}.`
  return health === 'stale' ? `Stale: ${number(stale.length)} of ${extent} are older than allowed.` : `Healthy: ${extent}.`
}

/** What the report says, where there is one: on the way a row counts in each phase. */
const rowsOf = ({ report, verification, rows }: RunRecord): number => report?.totals.rowsRead ?? verification?.totals.rowsCompared ?? rows

function runningLines({ run, kind, mode, startedAt, tables, rows, rates, working, process: { host, pid } }: RunRecord, now: Date): readonly string[] {
  const label = labelsOfIds(working.map(({ id }) => id))
  const speed = rates.rows.length === 0 ? '' : `, ${rate((rates.rows.at(-1) as number) / (rates.everyMs / 1000))}`
  return [
    `${kind === 'run' ? `${mode} run` : 'verification'} ${printable(run)}, for ${duration(now.getTime() - Date.parse(startedAt))}, process ${pid} on ${printable(host)}`,
    `  ${number(tables.done)} of ${plural(tables.total, 'table')}, ${plural(rows, 'row')}${speed}`,
    ...working.map(
      ({ id, phase, rows: so, total }) => `  ${label(id)}: ${phase}, ${number(so)}${total === undefined ? '' : ` of about ${number(total)}`} rows`,
    ),
  ]
}

async function runsSection(runs: readonly RunRecord[]): Promise<string> {
  const shown = runs.slice(0, LAST_RUNS)
  if (shown.length === 0) return ''
  const text = await columns(
    [
      { head: 'Last runs' },
      { head: 'What' },
      { head: 'Ended' },
      { head: 'Tables', align: 'right' },
      { head: 'Rows', align: 'right' },
      { head: 'Time', align: 'right' },
    ],
    shown.map((record) => {
      const { run, kind, mode, status, tables, startedAt, finishedAt } = record
      const time = finishedAt === null ? '' : duration(Date.parse(finishedAt) - Date.parse(startedAt))
      const ended = status === 'running' ? 'killed' : status
      return [printable(run), kind === 'run' ? mode : 'verify', ended, `${number(tables.done)}/${number(tables.total)}`, number(rowsOf(record)), time]
    }),
  )
  const rest = runs.length - shown.length
  return rest === 0 ? text : `${text}\n… and ${number(rest)} more; --json names them all.`
}

async function databaseSection({ name, tables }: DatabaseStatus, now: Date): Promise<string> {
  const text = await columns(
    [{ head: 'Table' }, { head: 'Status' }, { head: 'Mode' }, { head: 'Last sync' }, { head: 'Rows moved', align: 'right' }, { head: 'Compared in full' }],
    tables.map((table) => [printable(table.name), table.status, table.mode, ago(table.lastSync, now), number(table.rows), ago(table.comparedAt, now)]),
  )
  return `${printable(name)}\n${text}`
}
