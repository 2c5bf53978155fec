import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Mutant, mutants } from './mutants.ts'
import { nameOf, type Result, readResults } from './results.ts'
import { SCORES, type Score, type Scores } from './scores.ts'

/** Writes docs/mutants.md of what was seen last. Throws where a mutant was not seen to be caught. */
export async function writePage(workspace: string, resultsPath: string): Promise<void> {
  const results = await readResults(resultsPath)
  const rows = mutants.map((mutant) => {
    const result = results.get(nameOf(mutant))
    if (result === undefined) throw new Error(`not seen to be caught: ${mutant.name}. Run: pnpm mutants`)
    return { mutant, result }
  })
  const scores = JSON.parse(await readFile(SCORES, 'utf8')) as Scores
  await writeFile(join(workspace, 'docs/mutants.md'), page(rows, scores))
}

type Row = { readonly mutant: Mutant; readonly result: Result }

function page(rows: readonly Row[], scores: Scores): string {
  const dates = rows.map(({ result }) => result.date).toSorted()
  const seconds = Math.round(rows.reduce((sum, { result }) => sum + result.seconds, 0))
  return `<!-- Written by \`pnpm mutants --write\`. -->
# Faults that the tests were seen to find

A test that was never seen red may test nothing. [test/mutants](../test/mutants) has ${rows.length} faults that somebody could put into dbsync: a position that is saved before
the rows, a missing escape, a \`>\` for a \`>=\`. \`pnpm mutants\` puts one after the other into a copy of the workspace and runs the tests that have to notice it. A fault counts
as caught where a test did not get what it expects, not where the fault does not run or never ends; and the same tests have to pass without it.

\`\`\`sh
pnpm mutants                # all of them: ${Math.ceil(seconds / 60)} minutes when this page was made
pnpm mutants journal        # those whose name or file has this word (a regular expression)
pnpm mutants --list         # what there is
pnpm mutants --write        # writes this page of what was seen last
\`\`\`

It ends with 1 where a fault survives. A quick test in every run of the tests sees to it that the text of each fault still stands in its file, so that none gets stale.
To add one, write it into a table there, see it caught, and write this page anew.

## The table

Last seen: ${dates.at(-1)}${dates[0] === dates.at(-1) ? '' : `, the oldest line ${dates[0]}`}. All ${rows.length} were caught.

| Fault | In | Caught by | Seconds |
|---|---|---|---|
${rows.map(({ mutant, result }) => `| ${cell(mutant.name)} | ${place(mutant.file)} | ${cell(testName(result.by))} | ${result.seconds} |`).join('\n')}

## StrykerJS on the engine

\`pnpm stryker\` has StrykerJS mutate \`packages/core/src\` by its own rules, and runs the tests of core that need no server. Much of the engine is tested by more than those: by the
conformance suites of the plugins on real servers, and by whole runs of the built program in \`test\`, of which StrykerJS knows nothing here. So the score says what the quick tests find
alone. It takes hours for all of core; \`pnpm stryker --mutate packages/core/src/run/guards.ts\` takes one file, and \`node test/mutants/scores.ts tmp/stryker/report.json\` keeps its
numbers for this page. Mutants of what is computed once when a file is loaded are left out, and so is the test that measures time (\`config/mistakes.test.ts\`).

StrykerJS would write \`tsconfig.json\` anew, by an interface that TypeScript 7 does not have; no test needs that file, so its configuration names none.

Measured ${scores.date}. ${scores.note}

| Folder | Files | Score | Killed | Timed out | Survived | Not covered |
|---|---|---|---|---|---|---|
${Object.entries(scores.folders).map(scoreRow).join('\n')}
${scoreRow(['All of these', sumOf(Object.values(scores.folders))])}
`
}

/** \`packages/core/src/run/pump.ts\` as \`core/run/pump.ts\`. */
const place = (file: string): string => `\`${file.replace(/^packages\//, '').replace('/src/', '/')}\``

/** The conformance suite says in a title what a plugin does not have: of no interest here. */
const testName = (by: string): string => by.replace(/not tested, for the plugin has none: (?:\w+, )*\w+ /, '')

const cell = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll(/\s+/g, ' ').replaceAll('<', '&lt;')

function scoreRow([folder, { killed, timeout, survived, noCoverage, files }]: readonly [string, Score]): string {
  const all = killed + timeout + survived + noCoverage
  const score = all === 0 ? '' : `${(((killed + timeout) * 100) / all).toFixed(1)} %`
  const names = files.map((file) => file.slice(file.lastIndexOf('/') + 1)).join(', ')
  return `| ${folder} | ${names} | ${score} | ${killed} | ${timeout} | ${survived} | ${noCoverage} |`
}

function sumOf(scores: readonly Score[]): Score {
  const sum = (of: 'killed' | 'timeout' | 'survived' | 'noCoverage') => scores.reduce((total, score) => total + score[of], 0)
  return { killed: sum('killed'), timeout: sum('timeout'), survived: sum('survived'), noCoverage: sum('noCoverage'), files: [] }
}
