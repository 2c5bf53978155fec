import { basename } from 'node:path'
import type { StateMigrateOutput } from '../outputs.ts'
import { printable } from '../printable.ts'
import type { MigrateOutcome } from '../services/state-migrate.ts'
import { columns } from './columns.ts'
import { number, plural } from './format.ts'
import { list } from './report.ts'

/** More tables than this are told in numbers. */
const NAMED = 50

export async function migrationText(outcome: MigrateOutcome): Promise<string> {
  const { plan, report, kind, aside } = outcome
  const files = plan.databases.reduce((sum, { files: some }) => sum + some.length, 0)
  const done = kind === 'migrated'
  const result =
    files === 0
      ? 'There is no state file of an older tool to take over.'
      : done
        ? `Took over ${plural(files, 'file')} of ${plural(plan.databases.length, 'database')} for ${targetsText(outcome)}, and moved them to ${printable(aside)}.`
        : `Would take over ${plural(files, 'file')} of ${plural(plan.databases.length, 'database')} for ${targetsText(outcome)}, and move them to ${printable(aside)}.`
  const left = plan.left.map(({ path, kind: why, reason }) => `${printable(basename(path))} (${why}): ${printable(reason)}`)
  return [
    await tablesText(report),
    files === 0
      ? ''
      : `${zoneText(outcome)}\nThe next run compares each of these tables once, where its target can be compared; elsewhere it goes on by time from there.`,
    list('Left where they are', left),
    done || files === 0 ? result : `${result}\nNothing was changed.`,
  ]
    .filter((text) => text !== '')
    .join('\n\n')
}

/** What `--json` prints: one object, the same keys whatever happened. */
export function migrationJson({ kind, plan, report, aside, warnings }: MigrateOutcome): StateMigrateOutput {
  return {
    status: kind,
    timezone: plan.zone,
    timezoneAssumed: plan.assumedZone,
    targets: plan.targets.map(({ name }) => name),
    databases: report.databases.map(({ database, tables }) => ({
      name: database,
      tables: tables.map(({ path, table, taken, state }) => ({
        name: table,
        file: path,
        taken,
        status: state.sync_status,
        mode: state.sync_mode,
        lastSync: state.last_sync_time,
        position: state.position,
      })),
    })),
    moved: report.moved,
    left: plan.left,
    backup: aside,
    warnings,
  }
}

const targetsText = ({ plan }: MigrateOutcome): string => `the target ${plan.targets.map(({ name }) => printable(name)).join(', ')}`

const zoneText = ({ plan }: MigrateOutcome): string =>
  plan.assumedZone
    ? `Times that name no zone are read in ${printable(plan.zone)}, the zone of this machine. In case it is another one, positions are taken 26 hours earlier; --timezone says which it is.`
    : `Times that name no zone are read in ${printable(plan.zone)}.`

const TAKEN = { new: 'taken over', newer: 'taken over: it is newer', older: 'the state is as new already' } as const

async function tablesText({ databases }: MigrateOutcome['report']): Promise<string> {
  const lines = databases.flatMap(({ database, tables }) =>
    tables.map(({ table, state, taken, path }) => [
      printable(database),
      printable(table),
      state.sync_status,
      state.last_sync_time === null ? 'never' : state.last_sync_time.replace(/\.000Z$/, 'Z'),
      printable(basename(path)),
      TAKEN[taken],
    ]),
  )
  if (lines.length === 0) return ''
  const heads = ['Database', 'Table', 'Status', 'Last sync (UTC)', 'File', 'Outcome'].map((head) => ({ head }))
  const text = await columns(heads, lines.slice(0, NAMED))
  return lines.length <= NAMED ? text : `${text}\n… and ${number(lines.length - NAMED)} more; --json names them all.`
}
