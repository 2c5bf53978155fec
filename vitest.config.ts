import { defineConfig } from 'vitest/config'

// Unit tests and tests on real servers stand beside the code; whole-program tests stand in `test/`.
// The workspace's packages are taken from their sources, so that a stale build can hide nothing.
export default defineConfig({
  resolve: { conditions: ['dbsync-source'] },
  ssr: { resolve: { conditions: ['dbsync-source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'docs/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/servers.ts'],
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
