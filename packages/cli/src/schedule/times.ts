import type { Job } from '@dbsync/core'

/** When a job is due next; null: never. */
export const nextDue = async (job: Job, after: Date, zone: string): Promise<Date | null> => (await cronOf(job, zone)).nextRun(after)

/** When a job was last due. */
export const lastDue = async (job: Job, before: Date, zone: string): Promise<Date | undefined> => (await cronOf(job, zone)).previousRuns(1, before)[0]

async function cronOf(job: Job, zone: string) {
  const { Cron } = await import('croner')
  return new Cron(job.cron, { mode: '5-part', timezone: zone, paused: true })
}

/** `2026-11-22 02:00 Europe/Berlin`. */
export function clock(date: Date, zone: string): string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(date)
  return `${parts} ${zone}`
}
