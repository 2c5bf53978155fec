import { loadAlerts, problemsError, redactor } from '@dbsync/core'
import { alertOf } from '../alerts/alert.ts'
import { type AlertAnswer, type SendOptions, sendAlert } from '../alerts/send.ts'
import type { ProjectFlags } from '../load-project.ts'
import type { Session } from '../session.ts'

export type AlertTestOutcome = {
  readonly answers: readonly AlertAnswer[]
  readonly exit: 0 | 1
}

/** Sends a test alert to every configured place. Needs nothing of the configuration but `alerts`. */
export async function alertTest(project: ProjectFlags, session: Session, patience?: SendOptions['patience']): Promise<AlertTestOutcome> {
  const loaded = await loadAlerts(project)
  const error = problemsError(loaded.problems)
  if (error !== undefined) throw error
  const message = 'This is a test. A job that fails is told like this.'
  const alert = alertOf({ event: 'test', directory: project.cwd, message }, redactor([...session.secrets]))
  const answers = await sendAlert(loaded, alert, { secrets: session.secrets, ...(patience === undefined ? {} : { patience }) })
  return { answers, exit: answers.length > 0 && answers.every(({ ok }) => ok) ? 0 : 1 }
}
