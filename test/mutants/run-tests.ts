import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command } from './command.ts'

export type TestRun =
  | { readonly kind: 'green'; readonly tests: number }
  /** By this test: it did not get what it expects. */
  | { readonly kind: 'red'; readonly by: string }
  /** Nothing that counts: no test ran, a file could not be loaded, time ran out. */
  | { readonly kind: 'unclear'; readonly why: string }

const LIMIT_MS = 1_200_000

type Report = {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] | null }[]
  }[]
}

export type Selection = {
  readonly files: readonly string[]
  readonly only?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly bail?: boolean
}

/** Runs some tests of a workspace, up to the first that fails. */
export async function runTests(root: string, { files, only, env = {}, bail = true }: Selection, signal: AbortSignal): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), 'dbsync-mutants-report-'))
  const report = join(folder, 'report.json')
  const patience = AbortSignal.timeout(LIMIT_MS)
  try {
    const args = ['run', ...files, '--reporter=json', `--outputFile=${report}`, ...(bail ? ['--bail=1'] : []), ...(only === undefined ? [] : ['-t', only])]
    const { output } = await command(join(root, 'node_modules/.bin/vitest'), args, { cwd: root, signal: AbortSignal.any([signal, patience]), env })
    signal.throwIfAborted()
    if (patience.aborted) return { kind: 'unclear', why: 'it never ended' }
    const text = await readFile(report, 'utf8').catch(() => undefined)
    return text === undefined ? { kind: 'unclear', why: `no report: ${output.slice(-600)}` } : judged(JSON.parse(text) as Report, output)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A fault that does not run, or never ends, is not one that a test has found. */
const NO_ANSWER = /^(?:SyntaxError|ReferenceError|TypeError|RangeError)\b|^Error: (?:Test|Hook) timed out/

function judged({ testResults }: Report, output: string): TestRun {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = tests.filter(({ status }) => status === 'failed')
  const expected = failed.find(({ failureMessages }) => !NO_ANSWER.test(failureMessages?.[0] ?? ''))
  if (expected !== undefined) return { kind: 'red', by: expected.fullName }
  const [first] = failed
  if (first !== undefined) return { kind: 'unclear', why: `${first.fullName}: ${first.failureMessages?.[0]?.slice(0, 600)}` }
  const broken = testResults.find(({ status }) => status === 'failed')
  if (broken !== undefined) return { kind: 'unclear', why: `${broken.name}: ${broken.message.slice(0, 600)}` }
  const passed = tests.filter(({ status }) => status === 'passed').length
  return passed === 0 ? { kind: 'unclear', why: `no test ran: ${output.slice(-600)}` } : { kind: 'green', tests: passed }
}
