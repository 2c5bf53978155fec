import { difference } from '../init/diff.ts'
import type { FirstRun } from '../init/first-run.ts'
import type { FileDraft } from '../init/write-files.ts'
import type { InitOutput } from '../outputs.ts'
import { printable } from '../printable.ts'
import type { InitOutcome } from '../services/init.ts'
import { bytes, duration, number, plural } from './format.ts'
import { runJson, runText } from './run-outcome.ts'

const SHOWN = 5
const WAYS: Readonly<Record<string, string>> = { full: 'copied in full', digest: 'compared with what is there', time: 'by time', skip: 'left alone' }

/** What the first run will do. Rows and sizes are the server's own estimates. */
export function firstRunText({ targets, warnings, estimateMs }: FirstRun): string {
  const lines = targets.flatMap(({ name, tables, rows, bytes: size, strategies, refused }) => {
    const ways = Object.entries(strategies).map(([kind, count]) => `${number(count)} ${WAYS[kind] ?? kind}`)
    return [
      `  ${printable(name)}: ${plural(tables, 'table')} (${ways.join(', ')}), about ${number(rows)} rows, ${bytes(size)}`,
      ...shorten(refused.map((message) => `  ✗ ${printable(message)}`)),
    ]
  })
  const notes = shorten(warnings.map((warning) => `  ! ${printable(warning)}`))
  return [...lines, `  Estimated time: ${estimateMs < 5000 ? 'a few seconds' : `about ${duration(estimateMs)}, more over a slow line`}`, ...notes].join('\n')
}

const shorten = (lines: readonly string[]): readonly string[] =>
  lines.length <= SHOWN ? lines : [...lines.slice(0, SHOWN), `  … and ${lines.length - SHOWN} more`]

/** New files whole, others as what changes in them. Values of `.env` stay hidden. */
export function changesText(files: readonly FileDraft[]): string {
  return files
    .map(({ name, before, text }) => {
      const title = `${printable(name)}${before === undefined ? ' (new)' : ''}`
      const lines = before === undefined ? text.replace(/\n$/, '').split('\n') : difference(before, text)
      const shown = name === '.env' ? lines.map((line) => line.replace(/^([-+ ]{0,2}\s*(?:export\s+)?[\w.-]+\s*=).+/, '$1***')) : lines
      return [title, ...shown.map((line) => `  ${printable(line)}`)].join('\n')
    })
    .join('\n')
}

/** `chosen`: the flags that name the files to every other command, such as `--profile staging`. */
export async function initText({ files, schedules, run }: InitOutcome, chosen: readonly string[]): Promise<string> {
  const changed = files.filter(({ action }) => action !== 'unchanged')
  const written =
    changed.length === 0 ? 'Nothing had to be written.' : `Written: ${changed.map(({ name, action }) => `${printable(name)} (${action})`).join(', ')}.`
  const command = (...words: readonly string[]) => ['dbsync', ...words, ...chosen.map(printable)].join(' ')
  const commands: readonly (readonly [string, string])[] = [
    ...(run === undefined
      ? ([
          [command('run', '--dry-run'), 'what the first run would do, with every statement'],
          [command('run'), 'the first run'],
        ] as const)
      : []),
    ...(schedules.length > 0 ? ([[command('schedule', 'install'), 'has cron or systemd run the jobs']] as const) : []),
  ]
  const width = Math.max(...commands.map(([line]) => line.length))
  const next = commands.map(([line, meaning]) => `  ${line.padEnd(width)}   ${meaning}`)
  const parts = [written, ...(next.length === 0 ? [] : [`Next:\n${next.join('\n')}`]), ...(run === undefined ? [] : [await runText(run, new Date())])]
  return parts.join('\n\n')
}

export const initJson = ({ run, ...outcome }: InitOutcome): InitOutput => ({ ...outcome, ...(run === undefined ? {} : { run: runJson(run) }) })
