import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, it } from 'vitest'

/** One obligation of a contract: `run` throws where the implementation does not keep it. */
export type Check = {
  /** Its titles from the outermost to its own, with ` > ` between them. */
  readonly name: string
  readonly run: () => Promise<void>
}

export type Failure = { readonly name: string; readonly error: unknown }

/** Where a suite puts its checks: into a test file, or into a list. */
export interface Registry {
  readonly describe: (title: string, define: () => void) => void
  readonly it: (title: string, check: () => void | Promise<void>) => void
}

const running = new AsyncLocalStorage<AsyncDisposableStack>()

/** To be done when the check that runs has ended, however it ends; the last one that was asked for comes first. */
export function onCheckFinished(undo: () => Promise<void>): void {
  const stack = running.getStore()
  if (stack === undefined) throw new Error('no check is running')
  stack.defer(undo)
}

async function run(check: () => void | Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack()
  await running.run(stack, async () => await check())
}

/** Each check is a test of vitest. */
export const asTests: Registry = {
  describe: (title, define) => {
    describe(`${title}`, () => {
      define()
    })
  },
  // oxlint-disable-next-line vitest/expect-expect -- the check has them
  it: (title, check) => it(`${title}`, () => run(check)),
}

/** Each check is an entry of the list, in the order in which the tests run. */
export function asList(define: (registry: Registry) => void): readonly Check[] {
  const checks: Check[] = []
  const path: string[] = []
  define({
    describe(title, inner) {
      path.push(title)
      inner()
      path.pop()
    },
    it(title, check) {
      checks.push({ name: [...path, title].join(' > '), run: () => run(check) })
    },
  })
  return checks
}

/** Runs the checks one after the other, whatever they say, and returns those that failed. */
export async function failuresOf(checks: readonly Check[]): Promise<readonly Failure[]> {
  const failures: Failure[] = []
  for (const { name, run } of checks) {
    try {
      await run()
    } catch (error) {
      failures.push({ name, error })
    }
  }
  return failures
}
