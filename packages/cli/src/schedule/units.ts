import { createHash } from 'node:crypto'
import type { Job } from '@dbsync/core'
import { jobWords } from './installation.ts'
import { onCalendar } from './on-calendar.ts'
import type { SchedulePlan } from './scheduler.ts'

/** The two files of a job; `base` is their name without `.service` and `.timer`. */
export type Units = { readonly base: string; readonly service: string; readonly timer: string }

/** How every file of ours begins. */
export const MARK = '# Written by `dbsync schedule install`'

export const unitPrefix = (id: string): string => `dbsync-${id}-`

/** A name that says itself stands as it is. Others get a dot, which no plain one has, and a hash, so that no two are the same. */
export function unitBase(id: string, job: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/.test(job)) return unitPrefix(id) + job
  const readable = job
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)
  return `${unitPrefix(id)}${readable}.${createHash('sha256').update(job).digest('hex').slice(0, 12)}`
}

export type UnitOptions = {
  /** The account that the job runs as, where the units are the system's; the manager's own otherwise. */
  readonly user?: string | undefined
}

export function unitsOf({ id, installation }: SchedulePlan, job: Job, { user }: UnitOptions): Units {
  const { directory } = installation
  const mark = `${MARK} for ${JSON.stringify(directory)}; taken away by \`dbsync schedule remove\`.`
  const about = `dbsync ${job.command} ${JSON.stringify(job.name)} (${JSON.stringify(directory)})`
  return {
    base: unitBase(id, job.name),
    service: text([
      mark,
      '[Unit]',
      `Description=${percent(about)}`,
      'Wants=network-online.target',
      'After=network-online.target',
      '',
      '[Service]',
      'Type=oneshot',
      ...(user === undefined ? [] : [`User=${user}`]),
      // A blank or a backslash at the end of a line would be lost: a slash after it changes nothing.
      `WorkingDirectory=${percent(/[\s\\]$/.test(directory) ? `${directory}/` : directory)}`,
      `ExecStart=${execWords(jobWords(installation, job))}`,
      // A dump of its memory would hold passwords and rows.
      'LimitCORE=0',
      // Only dbsync itself is asked to stop: it ends its own children.
      'KillMode=mixed',
    ]),
    timer: text([
      mark,
      '[Unit]',
      `Description=${percent(`When to run: ${about}`)}`,
      '',
      '[Timer]',
      ...onCalendar(job.cron).map((calendar) => `OnCalendar=${calendar}`),
      // What was due while the machine was off is done once when it is on again.
      'Persistent=true',
      'AccuracySec=1s',
      '',
      '[Install]',
      'WantedBy=timers.target',
    ]),
  }
}

const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`

/** systemd replaces `%n` and the like nearly everywhere. */
const percent = (value: string): string => value.replaceAll('%', '%%')

/** The colon keeps systemd from replacing `$NAME`; older versions do not know it, so it stands there only where it is needed. */
function execWords(words: readonly string[]): string {
  const quoted = words.map((word) => (/^[\w@+=:,./-]+$/.test(word) ? word : `"${percent(word.replace(/["\\]/g, '\\$&'))}"`))
  return `${words.some((word) => word.includes('$')) ? ':' : ''}${quoted.join(' ')}`
}
