import { randomBytes } from 'node:crypto'
import { loadAlerts, redactor } from '@dbsync/core'
import { type AlertFacts, alertOf } from '../alerts/alert.ts'
import { type AlertAnswer, sendAlert } from '../alerts/send.ts'
import type { Patience } from '../alerts/webhook.ts'
import type { Failure } from '../failure.ts'
import { alertEvent } from '../jobs/alert-for.ts'
import { killedRuns, readHistory } from '../jobs/history.ts'
import { type JobLog, type JobStatus, openJobLog } from '../jobs/job-log.ts'
import { type JobRequest, type JobResult, perform } from '../jobs/perform.ts'
import { loadProject, type ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import { lastDue } from '../schedule/times.ts'
import { systemZone } from '../schedule/zone.ts'
import type { Session } from '../session.ts'

/** How a job ended. An alert that fails must not hide that the job failed, nor the other way round: both are in here. */
export type JobOutcome = {
  readonly job: string
  readonly status: JobStatus
  readonly exit: number
  readonly startedAt: string
  readonly finishedAt: string
  /** Present where the job got as far as a report; otherwise `failure` is. */
  readonly result?: JobResult
  readonly failure?: Failure
  readonly alerts: readonly AlertAnswer[]
  readonly warnings: readonly string[]
}

/** Runs one job: from the timer, or by hand. */
export async function runJob(host: PluginHost, job: string, request: JobRequest & { readonly patience?: Patience }, session: Session): Promise<JobOutcome> {
  const warnings: string[] = []
  const redact = (text: string) => redactor([...session.secrets])(text)
  const { cwd } = request.project
  const history = (await readHistory(cwd))(job)
  const log = await openJobLog(cwd, redact, (message) => void warnings.push(message))
  const alerts: AlertAnswer[] = []
  const tell = async (facts: Omit<AlertFacts, 'directory'>): Promise<void> => {
    const about = { ...facts, directory: cwd, job, log: log.path ?? null }
    alerts.push(...(await tellAll(about, { ...request, redact, session, log })))
  }
  try {
    const [killed] = killedRuns(history)
    if (killed !== undefined) {
      for (const { id } of killedRuns(history)) log.ended({ job, id, status: 'killed', exit: null })
      const began = killed.at.toISOString()
      // It could tell nobody itself.
      await tell({
        event: 'job.killed',
        message: `A run that began at ${began} never ended: it was killed, or the machine went down. The next run does what it left undone.`,
      })
    }
    const started = new Date()
    const id = `${started.toISOString()}-${randomBytes(3).toString('hex')}`
    log.started({ job, id, full: request.full })
    const { exit, message, run, tables, result, failure, error } = await perform(host, job, request, session)
    const status = statusOf(exit)
    log.ended({ job, id, status, exit, ms: Date.now() - started.getTime(), run, summary: message, tables: status === 'ok' ? [] : tables }, error)
    const event = alertEvent(status, history.heldUp)
    if (event !== undefined) {
      const said = failure === undefined ? {} : { hint: failure.json.hint ?? null, code: failure.json.code }
      await tell({ event, exit, run, tables, message, ...said })
    }
    const times = { startedAt: started.toISOString(), finishedAt: new Date().toISOString() }
    return { job, status, exit, ...times, ...(result === undefined ? {} : { result }), ...(failure === undefined ? {} : { failure }), alerts, warnings }
  } finally {
    log.close()
  }
}

/** Runs, one after the other, every enabled job that was due since it last began, or was installed, and did not begin. */
export async function runMissed(host: PluginHost, request: JobRequest, session: Session): Promise<readonly JobOutcome[]> {
  const { loaded } = await loadProject(host, request.project)
  const history = await readHistory(request.project.cwd)
  const outcomes: JobOutcome[] = []
  for (const job of loaded.config.schedules.filter(({ enabled }) => enabled)) {
    if (session.interrupt.signal.aborted) break
    const { installedAt, lastStart } = history(job.name)
    const known = lastStart ?? installedAt
    const due = await lastDue(job, new Date(), systemZone())
    if (known !== undefined && due !== undefined && due > known) outcomes.push(await runJob(host, job.name, request, session))
  }
  return outcomes
}

function statusOf(exit: number): JobStatus {
  if (exit === 0) return 'ok'
  if (exit === 4) return 'locked'
  return exit === 130 || exit === 143 ? 'stopped' : 'failed'
}

type Telling = {
  readonly project: ProjectFlags
  readonly patience?: Patience
  readonly redact: (text: string) => string
  readonly session: Session
  readonly log: JobLog
}

/** The alerts are read on their own: a configuration that is broken elsewhere is a reason to tell somebody. */
async function tellAll(facts: AlertFacts, { project, patience, redact, session, log }: Telling): Promise<readonly AlertAnswer[]> {
  const loaded = await loadAlerts(project)
  const answers = await sendAlert(loaded, alertOf(facts, redact), { secrets: session.secrets, ...(patience === undefined ? {} : { patience }) })
  log.told(facts.job ?? null, answers)
  return answers
}
