import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' }, only: { type: 'string' } },
})

/** Rows of the narrow table; the wide one has half as many. */
export const rows = Number(values.rows)
export const rounds = Number(values.rounds)
/** Whether a contest of this name is wanted: `--only NAME`. */
export const isWanted = (name: string): boolean => values.only === undefined || values.only === name
/** Parts of the benchmark by name; none: all of them. */
export const parts: readonly string[] = positionals

export const say = (line: string): void => void process.stdout.write(`${line}\n`)
