// Puts one fault after the other into a copy of the workspace and sees the tests turn red. `pnpm mutants --help`
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { apply } from './apply.ts'
import { build, copyOf } from './copy.ts'
import { type Mutant, mutants } from './mutants.ts'
import { writePage } from './page.ts'
import { keepResult, nameOf, readResults } from './results.ts'
import { runTests } from './run-tests.ts'

const WORKSPACE = join(import.meta.dirname, '../..')
/** What was seen of each mutant last; not part of the repository. */
const RESULTS = join(WORKSPACE, 'tmp/mutants.json')

const HELP = `pnpm mutants [pattern]   all mutants, or those whose name or file matches the pattern (a regular expression)
  --new     only those that were not seen since they were written or changed
  --quick   takes for granted that the tests pass without a mutant
  --list    says what there is, and runs nothing
  --write   writes docs/mutants.md of what was seen last, and runs nothing
`

const say = (text: string) => void process.stdout.write(`${text}\n`)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { new: { type: 'boolean' }, quick: { type: 'boolean' }, list: { type: 'boolean' }, write: { type: 'boolean' }, help: { type: 'boolean' } },
})
const pattern = new RegExp(positionals[0] ?? '', 'i')
const seen = values.new ? await readResults(RESULTS) : undefined
const chosen = mutants.filter((mutant) => (pattern.test(mutant.name) || pattern.test(mutant.file)) && !seen?.has(nameOf(mutant)))

if (values.help) say(HELP)
else if (values.list) for (const { name, file } of chosen) say(`${name} (${file})`)
else if (values.write) await writePage(WORKSPACE, RESULTS)
else process.exitCode = (await runAll(chosen, stopped())) ? 0 : 1

function stopped(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(new Error(`stopped by ${name}`)))
  return controller.signal
}

/** True where every one was caught. */
async function runAll(all: readonly Mutant[], signal: AbortSignal): Promise<boolean> {
  if (all.length === 0) throw new Error(`no mutant matches ${pattern}`)
  await using copy = await copyOf(WORKSPACE, signal)
  for (const mutant of all) await (await apply(copy.root, mutant))[Symbol.asyncDispose]()
  say(`${all.length} mutants`)
  if (!values.quick) await requireGreen(copy.root, all, signal)
  let caught = 0
  for (const mutant of all) {
    const start = performance.now()
    const { mark, text, by } = await tryOne(copy.root, mutant, signal)
    const seconds = Math.round((performance.now() - start) / 100) / 10
    say(`${mark} ${mutant.name} | ${text} | ${seconds} s`)
    await keepResult(RESULTS, mutant, by === undefined ? undefined : { by, seconds, date: new Date().toISOString().slice(0, 10) })
    if (by !== undefined) caught++
  }
  say(`${caught} of ${all.length} caught`)
  return caught === all.length
}

/** Without a fault all of them pass: a test that is red anyway catches nothing. */
async function requireGreen(root: string, all: readonly Mutant[], signal: AbortSignal): Promise<void> {
  for (const group of Map.groupBy(all, ({ only, env }) => JSON.stringify([only, env])).values()) {
    const { only, env } = group[0] as Mutant
    const files = [...new Set(group.flatMap(({ tests }) => tests))].toSorted()
    const run = await runTests(root, { files, only, env }, signal)
    if (run.kind !== 'green') throw new Error(`${files.join(' ')} ${only ?? ''} without a mutant: ${run.kind === 'red' ? `${run.by} fails` : run.why}`)
  }
  say('all tests pass without a mutant')
}

type Tried = { readonly mark: string; readonly text: string; readonly by?: string }

async function tryOne(root: string, mutant: Mutant, signal: AbortSignal): Promise<Tried> {
  const built = async () => {
    if (mutant.built) await build(root, signal)
  }
  try {
    await using _ = await apply(root, mutant)
    await built()
    const run = await runTests(root, { files: mutant.tests, only: mutant.only, env: mutant.env }, signal)
    if (run.kind === 'red') return { mark: 'caught  ', text: run.by, by: run.by }
    return run.kind === 'green' ? { mark: 'SURVIVED', text: `${run.tests} tests pass` } : { mark: 'UNCLEAR ', text: run.why }
  } finally {
    await built()
  }
}
