import { defineConfig } from 'vitest/config'
import type { TestSequencer, TestSpecification } from 'vitest/node'

/** Those that take seconds come last: most mutants die before. */
const SLOW = [
  'run/copy-in-full.test.ts',
  'run/compare.test.ts',
  'run/pump.test.ts',
  'run/schedules.test.ts',
  'run/left-alone.test.ts',
  'verify/verify-table.test.ts',
  'run/engine.test.ts',
]

class QuickFirst implements TestSequencer {
  sort(files: TestSpecification[]): TestSpecification[] {
    const rank = ({ moduleId }: TestSpecification) => SLOW.findIndex((name) => moduleId.endsWith(name))
    const order = (file: TestSpecification) => (rank(file) < 0 ? 0 : SLOW.length - rank(file))
    return files.toSorted((a, b) => order(a) - order(b) || (a.moduleId < b.moduleId ? -1 : 1))
  }
  shard(files: TestSpecification[]): TestSpecification[] {
    return files
  }
}

// The tests of core that need no server, one file after the other, for `pnpm stryker`.
export default defineConfig({
  resolve: { conditions: ['dbsync-source'] },
  ssr: { resolve: { conditions: ['dbsync-source'] } },
  test: {
    include: ['packages/core/src/**/*.test.ts'],
    // It measures time, and code with mutants in it is slow.
    exclude: ['packages/core/src/config/mistakes.test.ts', '**/*.db.test.ts', '**/node_modules/**'],
    sequence: { sequencer: QuickFirst },
    // A few random trials of each kind: thousands of mutants outlive them, and each takes all of them.
    env: { TRIALS: '5', STEPS: '60', DBSYNC_SCHEDULES: '10', DBSYNC_SEED: '4711' },
    testTimeout: 60_000,
  },
})
