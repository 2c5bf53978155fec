// Adds up reports of StrykerJS by folder, for docs/mutants.md: node test/mutants/scores.ts tmp/stryker/report.json …
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Of one folder of core. `files`: those that were mutated. */
export type Score = { killed: number; timeout: number; survived: number; noCoverage: number; readonly files: string[] }
/** `note`: under what conditions; kept when scores are taken anew, and corrected by hand. */
export type Scores = { readonly date: string; readonly note: string; readonly folders: Readonly<Record<string, Score>> }

export const SCORES = join(import.meta.dirname, 'stryker-scores.json')

type Report = { readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>> }

const COUNTED = { Killed: 'killed', Timeout: 'timeout', Survived: 'survived', NoCoverage: 'noCoverage' } as const

export function addUp(reports: readonly Report[], date: string, note: string): Scores {
  const folders: Record<string, Score> = {}
  for (const [path, { mutants }] of reports.flatMap(({ files }) => Object.entries(files)).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const file = path.replace('packages/core/src/', '')
    folders[dirname(file)] ??= { killed: 0, timeout: 0, survived: 0, noCoverage: 0, files: [] }
    const score = folders[dirname(file)] as Score
    score.files.push(file)
    for (const { status } of mutants) {
      const counted = COUNTED[status as keyof typeof COUNTED] as (typeof COUNTED)[keyof typeof COUNTED] | undefined
      if (counted !== undefined) score[counted]++
    }
  }
  return { date, note, folders }
}

if (import.meta.main) {
  const reports = await Promise.all(process.argv.slice(2).map(async (path) => JSON.parse(await readFile(path, 'utf8')) as Report))
  const { note } = JSON.parse(await readFile(SCORES, 'utf8')) as Scores
  await writeFile(SCORES, `${JSON.stringify(addUp(reports, new Date().toISOString().slice(0, 10), note), undefined, 2)}\n`)
}
