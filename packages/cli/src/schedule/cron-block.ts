import { SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { jobWords, missedWords } from './installation.ts'
import type { SchedulePlan } from './scheduler.ts'

/** At boot the databases and the network may not be up yet. */
const BOOT_DELAY_SECONDS = 60

export type CronLine = { readonly key: string; readonly text: string }

/** The key of the line that catches up after a start of the machine. */
export const MISSED_KEY = '@reboot'

/** The lines of the project's block. Nothing where there is no job. */
export function cronLines({ installation, jobs }: SchedulePlan): readonly CronLine[] {
  if (jobs.length === 0) return []
  const command = (words: readonly string[]) => `cd ${cronWord(installation.directory)} && exec ${words.map(cronWord).join(' ')}`
  return [
    ...jobs.map((job) => ({ key: cronKey(job.name), text: `${job.cron} ${command(jobWords(installation, job))}` })),
    { key: MISSED_KEY, text: `${MISSED_KEY} sleep ${BOOT_DELAY_SECONDS}; ${command(missedWords(installation))}` },
  ]
}

/** How the line of a job ends. */
export const cronKey = (job: string): string => ` -- ${cronWord(job)}`

/** The project's block as it stands in the crontab. */
export function cronBlock(plan: SchedulePlan): string {
  const lines = cronLines(plan)
  if (lines.length === 0) return ''
  const note = `${JSON.stringify(plan.installation.directory)}: written by \`dbsync schedule install\`, taken away by \`dbsync schedule remove\``
  return [`${begin(plan.id)} ${note}`, ...lines.map(({ text }) => text), end(plan.id), ''].join('\n')
}

/** A crontab taken apart: what belongs to the project, and everything else as it was. */
export type TakenApart = { readonly before: string; readonly lines: readonly string[]; readonly after: string }

/**
 * Finds the project's block. Anything between the marks that dbsync does not write, or a mark without its other half, is an error: taking the
 * block away could take somebody's line with it.
 */
export function takeApart(crontab: string, id: string): TakenApart {
  const lines = crontab.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const starts = lines.flatMap((line, index) => (line.startsWith(`${begin(id)} `) ? [index] : []))
  const ends = lines.flatMap((line, index) => (line.trimEnd() === end(id) ? [index] : []))
  const [start, stop] = [starts[0], ends[0]]
  if (start === undefined && stop === undefined) return { before: crontab, lines: [], after: '' }
  if (start === undefined || stop === undefined || starts.length > 1 || ends.length > 1 || stop < start)
    throw damaged(id, 'its first and last line are not there once each, in this order')
  const inside = lines.slice(start + 1, stop).map((line) => line.replace(/\n$/, ''))
  const foreign = inside.find((line) => !/ schedule run --quiet( |$)/.test(line))
  if (foreign !== undefined) throw damaged(id, 'it holds a line that dbsync did not write')
  return { before: lines.slice(0, start).join(''), lines: inside, after: lines.slice(stop + 1).join('') }
}

const begin = (id: string) => `# >>> dbsync ${id}`
const end = (id: string) => `# <<< dbsync ${id}`

const damaged = (id: string, why: string) =>
  new SyncError('SCHEDULE_DAMAGED' satisfies CliCode, `The part of the crontab that belongs to this project was changed by hand: ${why}.`, {
    kind: 'config',
    hint: `Run \`crontab -e\`, move your own lines out, delete the lines from "${begin(id)}" to "${end(id)}", and run \`dbsync schedule install\` again.`,
  })

/**
 * A word for the shell that also passes through cron. `%` ends a command there unless a backslash precedes it; some programs take that backslash
 * away, some leave it to the shell: outside quotes both end well. Two backslashes are one to some and two to others, so they never stand together.
 */
export function cronWord(word: string): string {
  if (/^[\w@+=:,./-]+$/.test(word)) return word
  const escaped = word.replace(/['%\\]/g, (char) => (char === "'" ? `'"'"'` : char === '%' ? "'\\%'" : "\\''"))
  return `'${escaped}'`
}
