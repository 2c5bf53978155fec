import type { AlertAnswer } from '../alerts/send.ts'
import type { JobResult } from '../jobs/perform.ts'
import type { RunOutput, VerifyOutput } from '../outputs.ts'
import { printable, printableLines } from '../printable.ts'
import { clock } from '../schedule/times.ts'
import type { InstallOutcome, PrintOutcome } from '../services/schedule-install.ts'
import type { RemoveOutcome } from '../services/schedule-remove.ts'
import type { JobOutcome } from '../services/schedule-run.ts'
import type { ShownJob, ShowOutcome } from '../services/schedule-show.ts'
import { columns } from './columns.ts'
import { ago, duration, plural } from './format.ts'
import { runJson, runText } from './run-outcome.ts'
import { verifyJson, verifyText } from './verify.ts'

const when = (iso: string | null, zone: string): string => (iso === null ? 'never' : clock(new Date(iso), zone))

export async function installText({ place, changed, zone, jobs, disabled, movedFrom, notes }: InstallOutcome): Promise<string> {
  const verdict =
    jobs.length === 0
      ? `No job is enabled: nothing is installed in ${printable(place)}.`
      : `${changed ? 'Installed' : 'Already installed'} in ${printable(place)}: ${plural(jobs.length, 'job')}.`
  const table = await columns(
    [{ head: 'Job' }, { head: 'When' }, { head: 'Does' }, { head: 'Next run' }],
    jobs.map(({ name, cron, does, next }) => [printable(name), cron, does, when(next, zone)]),
  )
  return [
    verdict,
    ...(jobs.length === 0 ? [] : [table]),
    ...(disabled.length === 0 ? [] : [`Not installed, as they are disabled: ${disabled.map(printable).join(', ')}`]),
    ...(movedFrom.length === 0 ? [] : [`Taken away from ${movedFrom.map(printable).join(', ')}.`]),
    ...notes.map(printable),
  ].join('\n\n')
}

/** As it would be written: with `--with cron` nothing but lines of a crontab. */
export const printText = ({ scheduler, files }: PrintOutcome): string =>
  scheduler === 'cron' ? files.map(({ text }) => text.trimEnd()).join('\n') : files.map(({ path, text }) => `# ${path}\n${text}`).join('\n')

export const removeText = ({ removed }: RemoveOutcome): string =>
  removed.length === 0
    ? 'Nothing of this project was installed.'
    : removed.map(({ place, entries }) => `Taken away from ${printable(place)}: ${plural(entries, 'entry', 'entries')}.`).join('\n')

export async function showText({ place, zone, jobs, notConfigured, drift }: ShowOutcome, now: Date): Promise<string> {
  if (jobs.length === 0 && notConfigured.length === 0) return 'No job is configured, and none is installed.'
  const table = await columns(
    [{ head: 'Job' }, { head: 'When' }, { head: 'Does' }, { head: 'Installed' }, { head: 'Next run' }, { head: 'Last run' }],
    jobs.map((job) => [printable(job.name), job.cron, job.does, installedText(job), job.next === null ? '' : when(job.next, zone), lastText(job, now)]),
  )
  return [
    `Jobs in ${printable(place)}`,
    ...(jobs.length === 0 ? [] : [table]),
    ...(notConfigured.length === 0 ? [] : [`Installed, but not configured:\n${notConfigured.map((key) => `  ${printable(key.trim())}`).join('\n')}`]),
    ...(drift ? ['What is installed is not what is configured. Next: dbsync schedule install'] : []),
  ].join('\n\n')
}

function installedText({ enabled, installed }: ShownJob): string {
  if (!enabled) return installed === 'no' ? 'no (disabled)' : 'yes, though disabled'
  return { yes: 'yes', no: 'no', differs: 'yes, but differs', inactive: 'yes, but not active' }[installed]
}

function lastText({ last }: ShownJob, now: Date): string {
  if (last === null) return 'never'
  const status = last.status === 'failed' ? `failed (exit ${last.exit})` : last.status
  return `${ago(last.startedAt, now)}: ${status}`
}

export async function jobText(outcome: JobOutcome): Promise<string> {
  const { job, exit, result, startedAt, finishedAt } = outcome
  const name = JSON.stringify(printable(job))
  const took = duration(Date.parse(finishedAt) - Date.parse(startedAt))
  const verdict = `The job ${name} ${exit === 0 ? 'is done' : `ended with exit code ${exit}`} after ${took}.`
  return [...(result === undefined ? [] : [await resultText(result)]), verdict, ...answersText(outcome.alerts)].join('\n\n')
}

const resultText = (result: JobResult): Promise<string> =>
  result.command === 'run' ? runText(result.outcome, new Date()) : verifyText(result.outcome, new Date())

export const resultJson = (result: JobResult): RunOutput | VerifyOutput => (result.command === 'run' ? runJson(result.outcome) : verifyJson(result.outcome))

/** What the places of the alerts said. */
export const answersText = (answers: readonly AlertAnswer[]): readonly string[] =>
  answers.length === 0
    ? []
    : [
        [
          'Alerts',
          ...answers.map(
            ({ place, ok, detail, attempts }) =>
              `  ${ok ? 'sent' : 'failed'}  ${printable(place)}: ${printableLines(detail, '    ')}${attempts > 1 ? ` (${attempts} attempts)` : ''}`,
          ),
        ].join('\n'),
      ]
