/** `DBSYNC_LIMITS=all` runs the sizes of docs/limits.md, and prints what they cost. */
export const ALL = process.env.DBSYNC_LIMITS === 'all'

/** The size that is wanted: a sample, or all of it. */
export const sized = (sample: number, all: number): number => (ALL ? all : sample)

/** For a test of all sizes. */
export const PATIENCE = ALL ? 3_600_000 : 120_000
