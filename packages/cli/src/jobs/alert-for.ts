import type { AlertFacts } from '../alerts/alert.ts'
import type { JobStatus } from './job-log.ts'

/**
 * Whether the end of a job is worth an alert. A failure always is. A job that was held up, because another run held the lock or somebody stopped
 * it, is not, as the next one goes on from there; only when it is held up again and again: the 2nd, 4th, 8th time in a row.
 */
export function alertEvent(status: JobStatus, heldUpBefore: number): AlertFacts['event'] | undefined {
  if (status === 'ok') return undefined
  if (status === 'killed') return 'job.killed'
  if (status === 'failed') return 'job.failed'
  const inARow = heldUpBefore + 1
  return inARow >= 2 && Number.isInteger(Math.log2(inARow)) ? 'job.held-up' : undefined
}
