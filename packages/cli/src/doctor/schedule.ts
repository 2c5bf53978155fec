import type { Finding, Job } from '@dbsync/core'
import { readHistory } from '../jobs/history.ts'
import { ago } from '../render/format.ts'
import { clock, lastDue } from '../schedule/times.ts'
import { thisProgram } from '../schedule-flags.ts'
import { type ShownJob, showSchedules } from '../services/schedule-show.ts'
import { environmentWarnings } from '../services/schedules.ts'
import { attempt, expected, needed } from './attempt.ts'
import type { Check } from './check.ts'
import { byHand, failureOf, note, ok, shellWord, warning } from './findings.ts'
import { lenientHost } from './lenient-host.ts'

/** Whether runs come by themselves. */
export const schedule: Check = {
  id: 'schedule',
  title: 'Schedule',
  async run({ host, flags, session, config, now }) {
    const jobs = needed(config, 'the configuration cannot be used').schedules.filter(({ enabled }) => enabled)
    if (jobs.length === 0) {
      const fix = { by: 'setting', file: 'sync-config.json', value: { schedules: { daily: {} } } } as const
      return [note('schedule', 'No job is configured: runs come by hand alone. `dbsync schedule install` puts a job into force.', fix)]
    }
    const request = { project: flags, ...thisProgram(), with: undefined }
    const shown = await attempt(session.interrupt.signal, () => showSchedules(lenientHost(host), request, session))
    if (!shown.ok) {
      const failure = failureOf('schedule', expected(shown.error))
      return [{ ...failure, level: 'warning' }]
    }
    const { drift, place, zone, jobs: all } = shown.value
    const found: Finding[] = []
    if (drift) {
      const missing = all.filter(({ enabled, installed }) => enabled && installed !== 'yes').map(({ name }) => name)
      const message =
        missing.length === 0 ? `What is installed in ${place} is not what is configured.` : `Not installed as configured in ${place}: ${missing.join(', ')}.`
      found.push(warning('schedule', message, { by: 'command', commands: ['dbsync schedule install'] }))
    }
    const next = all.filter(({ enabled, installed }) => enabled && installed === 'yes')
    for (const job of next)
      found.push(...endOf(job, now), ok('schedule', `${job.name} runs next at ${job.next === null ? 'no time' : clock(new Date(job.next), zone)}.`))
    found.push(...(await overdue(jobs, next, zone, flags.cwd, now)))
    const unset = await environmentWarnings(request)
    return [
      ...found,
      ...unset.map((message) => warning('schedule-variables', sentence(message.replace(/\.? Put them into \.env$/, '')), byHand('Put them into .env.'))),
    ]
  },
}

/** A job may wait for its turn, or for the machine to come up. */
const PATIENCE_MS = 3_600_000

/** Jobs that are installed and did not come: the scheduler does not run, or has thrown them out. */
async function overdue(jobs: readonly Job[], shown: readonly ShownJob[], zone: string, cwd: string, now: Date): Promise<readonly Finding[]> {
  const history = await readHistory(cwd)
  const found: Finding[] = []
  for (const job of jobs) {
    const last = shown.find(({ name }) => name === job.name)
    const { installedAt } = history(job.name)
    const due = await lastDue(job, new Date(now.getTime() - PATIENCE_MS), zone)
    if (last === undefined || due === undefined || installedAt === undefined || installedAt > due) continue
    if (last.last !== null && Date.parse(last.last.startedAt) >= due.getTime() - 60_000) continue
    const message = `The job ${job.name} was due at ${clock(due, zone)} and did not begin. See that cron or systemd runs; until then:`
    found.push(warning('overdue', message, { by: 'command', commands: [`dbsync schedule run ${shellWord(job.name)}`] }))
  }
  return found
}

function endOf({ name, last }: ShownJob, now: Date): readonly Finding[] {
  if (last === null || (last.status !== 'failed' && last.status !== 'killed')) return []
  const exit = last.exit === null ? '' : ` with exit code ${last.exit}`
  const message = `The job ${name} ${last.status === 'killed' ? 'was killed' : `failed${exit}`} ${ago(last.startedAt, now)}: see logs/db-backup.log.`
  return [warning('job', message, { by: 'command', commands: [`dbsync schedule run ${shellWord(name)}`] })]
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
