import { randomBytes } from 'node:crypto'

/** Sorts by time, and two runs of one second differ. */
export const newRunId = (now: Date): string => `${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`
