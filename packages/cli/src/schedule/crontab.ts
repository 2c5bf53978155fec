import { SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { cronBlock, cronKey, cronLines, MISSED_KEY, takeApart } from './cron-block.ts'
import { execute } from './execute.ts'
import type { SchedulePlan, Scheduler } from './scheduler.ts'

/** The user's own crontab, through the program `crontab`. */
export function cronScheduler(user: string): Scheduler {
  const place = `the crontab of ${user}`
  return {
    kind: 'cron',
    place,
    print: (plan) => [{ path: place, text: cronBlock(plan) }],
    keyOf: (_, job) => cronKey(job.name),
    wanted: cronLines,
    async installed(plan, signal) {
      const { lines } = takeApart(await read(signal), plan.id)
      return lines.map((text) => ({ key: keyOfLine(text, plan), text }))
    },
    async install(plan, signal) {
      const old = await read(signal)
      const { before, lines, after } = takeApart(old, plan.id)
      // A crontab's last line ends with a line end; one that was made otherwise may not.
      const gap = before === '' || before.endsWith('\n') ? '' : '\n'
      const changed = await replace(old, `${before}${gap}${asBytes(cronBlock(plan))}${after}`, signal)
      return { changed: changed || lines.length === 0, notes: [] }
    },
    async remove(plan, signal) {
      const old = await read(signal)
      const { before, lines, after } = takeApart(old, plan.id)
      await replace(old, `${before}${after}`, signal)
      return lines.map((text) => keyOfLine(text, plan))
    },
  }
}

/** Of a job that is not configured any more: all that stands behind ` -- `. */
function keyOfLine(line: string, { jobs }: SchedulePlan): string {
  if (line.startsWith(`${MISSED_KEY} `)) return MISSED_KEY
  return jobs.map(({ name }) => cronKey(name)).find((key) => line.endsWith(key)) ?? line.slice(Math.max(0, line.lastIndexOf(' -- ')))
}

/** The crontab byte for byte (as Latin-1: it is in no certain encoding). Empty where the user has none. */
async function read(signal: AbortSignal): Promise<string> {
  const { code, stdout, stderr } = await execute('crontab', ['-l'], { signal })
  if (code === 0) return stdout
  // Debian, cronie and BusyBox each have words of their own for "there is none"; anything else must not look like an empty one.
  if (/no crontab for/i.test(stderr) || /can't open .*No such file/i.test(stderr)) return ''
  throw failed('could not be read', stderr)
}

/** `crontab` itself replaces the file in one step. What it kept is read back: a full disk has been seen to leave less. */
async function replace(old: string, wanted: string, signal: AbortSignal): Promise<boolean> {
  if (wanted === old) return false
  const args = wanted === '' ? ['-r'] : ['-']
  const { code, stderr } = await execute('crontab', args, { signal, input: Buffer.from(wanted, 'latin1') })
  if (code !== 0) throw failed('was not changed', stderr)
  if ((await read(signal)) !== wanted) throw failed('is not what was written: somebody else changed it at the same moment, or it was not stored whole', '')
  return true
}

const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const failed = (what: string, stderr: string) =>
  new SyncError('SCHEDULE_CRONTAB' satisfies CliCode, `The crontab ${what}${stderr === '' ? '.' : `: ${stderr.trim().slice(0, 500)}`}`, {
    kind: 'config',
    hint: 'Look at it with `crontab -l`. `dbsync schedule install --print` shows the lines to put there by hand.',
  })
